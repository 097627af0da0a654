#include "base/safe_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

namespace opensspi {
namespace {

constexpr int kMostAttempts = 10;
constexpr auto kBetweenAttempts = std::chrono::milliseconds(10);

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::string quoted(const std::string& path) { return "\"" + path + "\""; }

// O_NONBLOCK: a FIFO in the file's place must not hold the caller; it is refused afterwards.
Result<Descriptor> open_regular(const std::string& path, const char* check) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file) return file;
  if (errno == ELOOP) {
    return fail(Status::invalid_parameter, check, quoted(path) + " is a symbolic link; name the file itself");
  }
  return fail(Status::no_credentials, check, quoted(path) + " cannot be opened: " + system_error_text(errno));
}

// Why a file must not be believed; empty where it may.
std::string distrust(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return "belongs to user " + std::to_string(status.st_uid) + "; it must belong to root or to user " +
           std::to_string(geteuid()) + ", as whom this process runs";
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return "may be written by its group or by others; take that right away: chmod go-w";
  }
  return {};
}

struct Attempt {
  std::optional<SafeFile> file;  // empty where the file changed while it was read
};

Result<Attempt> read_once(const std::string& path, const char* check, std::size_t most_bytes) {
  auto file = open_regular(path, check);
  if (!file) return fail(file);
  struct stat before{};
  struct stat after{};
  if (fstat(file->get(), &before) != 0) {
    return fail(Status::no_credentials, check, quoted(path) + " cannot be looked at: " + system_error_text(errno));
  }
  if (const std::string why = distrust(before); !why.empty()) {
    return fail(Status::invalid_parameter, check, quoted(path) + " " + why);
  }
  if (static_cast<std::uintmax_t>(before.st_size) > most_bytes) {
    return fail(Status::invalid_parameter, check,
                quoted(path) + " has " + std::to_string(before.st_size) + " bytes; at most " +
                    std::to_string(most_bytes) + " are read");
  }
  SafeFile out{Secret(static_cast<std::size_t>(before.st_size)), FileIdentity::of(before)};
  const ssize_t got = read_fully(file->get(), out.content.writable());
  if (got < 0) {
    return fail(Status::no_credentials, check, quoted(path) + " cannot be read: " + system_error_text(errno));
  }
  const bool steady =
      fstat(file->get(), &after) == 0 && FileIdentity::of(after) == out.identity && got == before.st_size;
  if (!steady) return Attempt{};
  return Attempt{std::move(out)};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

FileIdentity FileIdentity::of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Result<SafeFile> read_safe_file(const std::string& path, const char* check, std::size_t most_bytes) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kBetweenAttempts);
    auto read = read_once(path, check, most_bytes);
    if (!read) return fail(read);
    if (read->file) return std::move(*read->file);
  }
  return fail(Status::invalid_parameter, check, quoted(path) + " was being written each time it was read");
}

std::string system_error_text(int error_number) {
  return std::error_code(error_number, std::generic_category()).message();
}

ssize_t read_fully(int descriptor, MutableBytes out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::read(descriptor, out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(filled);
}

}  // namespace opensspi
