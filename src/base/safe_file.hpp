// SafeFile: a file that decides who may log on, read only where nobody else can have written it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace opensspi {

// An open descriptor, closed when it ends.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// What tells one content of a file from another without reading it.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size_bytes = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;

  static FileIdentity of(const struct stat& status);
  bool operator==(const FileIdentity&) const = default;
};

struct SafeFile {
  Secret content;
  FileIdentity identity;
};

// Reads the whole of a regular file that belongs to root or to the effective user and that neither its group nor others
// may write; a symbolic link is not followed. SEC_E_NO_CREDENTIALS: it cannot be read. SEC_E_INVALID_PARAMETER: it is
// not such a file, it is larger than `most_bytes`, or it was written all the while. `check` stands in the Error.
Result<SafeFile> read_safe_file(const std::string& path, const char* check, std::size_t most_bytes);

// "No such file or directory" and the like, for messages.
std::string system_error_text(int error_number);

// Reads until `out` is full or the file ends; the number of bytes, or -1 with errno.
ssize_t read_fully(int descriptor, MutableBytes out);

}  // namespace opensspi
