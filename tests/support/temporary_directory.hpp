// A directory of its own for a test, removed with all that is in it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace opensspi::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Writes a file anew, with exactly this mode; its path.
  std::string write(std::string_view name, std::string_view content, mode_t mode = 0600) const;

 private:
  std::string path_;
};

// Ends a process that a death test started, where no destructor runs; with status 0 where all was right.
[[noreturn]] void leave_process(const TemporaryDirectory& directory, bool right);

std::string read_file(const std::string& path);

}  // namespace opensspi::testing
