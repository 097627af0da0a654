// The file of the trace: opened once, each line in one write.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/safe_file.hpp"

namespace opensspi::trace {

class TraceFile {
 public:
  // SEC_E_INVALID_PARAMETER: a symbolic link, not a regular file, of another user, with several links, or not to be
  // opened; the reason says which.
  static Result<std::unique_ptr<TraceFile>> open(const std::string& path);

  // From any thread and after fork. A line that cannot be written is lost.
  void write(std::string_view line_with_newline) const;

 private:
  TraceFile(Descriptor file, const struct stat& status) : file_(std::move(file)), status_(status) {}

  Descriptor file_;
  struct stat status_;
};

}  // namespace opensspi::trace
