#include "accounts/self_key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <initializer_list>

#include "base/host.hpp"

namespace opensspi::accounts {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

// 0, or the errno of the step that failed.
using Outcome = int;

constexpr bool is_one_of(int number, std::initializer_list<int> numbers) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// fchmod: the umask has a say in the mode that open gives.
Outcome fill(const Descriptor& file) {
  SecretArray<32> key;
  system_host().random(key.writable());
  const ssize_t written = ::write(file.get(), key.bytes().data(), key.bytes().size());
  if (written != static_cast<ssize_t>(key.bytes().size())) return written < 0 ? errno : EIO;
  return fchmod(file.get(), kOwnerOnly) != 0 || fsync(file.get()) != 0 ? errno : 0;
}

// A file without a name until it is complete. EOPNOTSUPP: this file system, or a /proc that is missing, forbids it.
Outcome make_unnamed(const Descriptor& directory) {
  const Descriptor file(::openat(directory.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kOwnerOnly));
  if (!file) return is_one_of(errno, {EOPNOTSUPP, EISDIR, EINVAL, ENOENT}) ? EOPNOTSUPP : errno;
  if (const Outcome filled = fill(file); filled != 0) return filled;
  const std::string name = "/proc/self/fd/" + std::to_string(file.get());
  if (linkat(AT_FDCWD, name.c_str(), directory.get(), kSelfKeyFile, AT_SYMLINK_FOLLOW) == 0) return 0;
  return is_one_of(errno, {ENOENT, EXDEV, EINVAL}) ? EOPNOTSUPP : errno;
}

std::string random_name() {
  std::array<std::uint8_t, 8> random{};
  system_host().random(random);
  return std::string(".") + kSelfKeyFile + "." + to_hex(random);
}

Outcome rename_without_replacing(const Descriptor& directory, const std::string& from) {
  if (renameat2(directory.get(), from.c_str(), directory.get(), kSelfKeyFile, RENAME_NOREPLACE) == 0) return 0;
  return is_one_of(errno, {EINVAL, ENOSYS}) ? EOPNOTSUPP : errno;
}

// A complete file under a name of its own, then given the right one. What is left of a failure is taken away.
Outcome make_named(const Descriptor& directory, bool may_rename) {
  const std::string name = random_name();
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Descriptor file(::openat(directory.get(), name.c_str(), kFlags, kOwnerOnly));
  if (!file) return errno;
  Outcome outcome = fill(file);
  if (outcome == 0) outcome = may_rename ? rename_without_replacing(directory, name) : EOPNOTSUPP;
  if (outcome == 0) return 0;
  if (outcome == EOPNOTSUPP) {
    outcome = linkat(directory.get(), name.c_str(), directory.get(), kSelfKeyFile, 0) == 0 ? 0 : errno;
  }
  unlinkat(directory.get(), name.c_str(), 0);
  return outcome;
}

}  // namespace

Result<void> make_self_key_file(const Descriptor& directory, const std::string& path, KeyFileMaking first) {
  Outcome outcome = first == KeyFileMaking::unnamed_file ? make_unnamed(directory) : EOPNOTSUPP;
  if (outcome == EOPNOTSUPP) outcome = make_named(directory, first != KeyFileMaking::link_and_unlink);
  if (outcome == 0 || outcome == EEXIST) return {};
  return fail(Status::no_credentials, "same-user account",
              "\"" + path + "\" cannot be made: " + system_error_text(outcome));
}

}  // namespace opensspi::accounts
