#include "accounts/self_key.hpp"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "accounts/self_key_file.hpp"
#include "base/safe_file.hpp"
#include "crypto/digest.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "same-user account";
constexpr const char* kDirectory = ".opensspi";
constexpr mode_t kPermissions = 07777;

std::unexpected<Error> refuse(std::string why) { return fail(Status::no_credentials, kCheck, std::move(why)); }

std::string octal(mode_t mode) {
  std::string digits = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3) digits[i] = static_cast<char>('0' + (mode & 7));
  return digits;
}

// A directory in which nobody but the user (and root) can put, replace or rename a file.
std::string wrong_directory(const struct stat& status, uid_t uid, bool may_be_roots) {
  if (status.st_uid != uid && !(may_be_roots && status.st_uid == 0)) {
    return "belongs to user " + std::to_string(status.st_uid) + ", not to user " + std::to_string(uid);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return "has mode " + octal(status.st_mode & kPermissions) + "; its group and others must not be able to write it";
}

Result<Descriptor> checked_directory(Descriptor directory, const std::string& path, uid_t uid, bool may_be_roots) {
  if (!directory) return refuse("\"" + path + "\" cannot be opened as a directory: " + system_error_text(errno));
  struct stat status{};
  if (fstat(directory.get(), &status) != 0) {
    return refuse("\"" + path + "\" cannot be looked at: " + system_error_text(errno));
  }
  if (const std::string why = wrong_directory(status, uid, may_be_roots); !why.empty()) {
    return refuse("\"" + path + "\" " + why);
  }
  return directory;
}

// The home may be reached over links, as root set them; what counts is whose directory it is.
Result<Descriptor> open_key_directory(const std::string& home, uid_t uid) {
  if (home.empty() || home.front() != '/') return refuse("the home \"" + home + "\" is not an absolute path");
  auto base = checked_directory(Descriptor(::open(home.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), home, uid, true);
  if (!base) return base;
  const std::string path = home + "/" + kDirectory;
  if (mkdirat(base->get(), kDirectory, S_IRWXU) != 0 && errno != EEXIST) {
    return refuse("\"" + path + "\" cannot be made: " + system_error_text(errno));
  }
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  return checked_directory(Descriptor(::openat(base->get(), kDirectory, kFlags)), path, uid, false);
}

std::string wrong_key_file(const struct stat& status, uid_t uid) {
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_uid != uid) {
    return "belongs to user " + std::to_string(status.st_uid) + ", not to user " + std::to_string(uid);
  }
  if (status.st_nlink != 1) return "has " + std::to_string(status.st_nlink) + " links; it must have one";
  if ((status.st_mode & kPermissions) != (S_IRUSR | S_IWUSR)) {
    return "has mode " + octal(status.st_mode & kPermissions) + "; it must be 0600";
  }
  if (status.st_size != static_cast<off_t>(SelfKey().bytes().size())) {
    return "has " + std::to_string(status.st_size) + " bytes; it must have 32: remove it and a new one is made";
  }
  return {};
}

// Where the file system knows neither O_TMPFILE nor a rename that replaces nothing, a new file has two links for a
// moment: its maker's name for it is about to go.
bool fstat_settled(int file, struct stat& status) {
  static constexpr int kMostLooks = 10;
  for (int look = 0; look < kMostLooks; ++look) {
    if (fstat(file, &status) != 0) return false;
    if (status.st_nlink == 1) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

Result<SelfKey> read_key(const Descriptor& file, const std::string& path, uid_t uid) {
  struct stat status{};
  if (!fstat_settled(file.get(), status)) {
    return refuse("\"" + path + "\" cannot be looked at: " + system_error_text(errno));
  }
  if (const std::string why = wrong_key_file(status, uid); !why.empty()) return refuse("\"" + path + "\" " + why);
  SelfKey key;
  if (read_fully(file.get(), key.writable()) != static_cast<ssize_t>(key.bytes().size())) {
    return refuse("\"" + path + "\" cannot be read to its end");
  }
  return key;
}

Descriptor open_key(const Descriptor& directory) {
  return Descriptor(::openat(directory.get(), kSelfKeyFile, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace

ProcessIdentity ProcessIdentity::of_this_process() {
  return {getauxval(AT_SECURE) != 0, getuid(), geteuid(), getgid(), getegid()};
}

Result<void> check_not_elevated(const ProcessIdentity& process) {
  if (process.secure_execution) {
    return refuse("this program was started with rights beyond its user's (AT_SECURE); name another account source");
  }
  if (process.real_uid != process.effective_uid || process.real_gid != process.effective_gid) {
    return refuse("the real and the effective user or group differ (user " + std::to_string(process.real_uid) +
                  " and " + std::to_string(process.effective_uid) + ", group " + std::to_string(process.real_gid) +
                  " and " + std::to_string(process.effective_gid) + "); name another account source");
  }
  return {};
}

Result<SelfKey> self_key(const std::string& home, uid_t uid) {
  const std::string path = home + "/" + kDirectory + "/" + kSelfKeyFile;
  auto directory = open_key_directory(home, uid);
  if (!directory) return fail(directory);
  Descriptor file = open_key(*directory);
  if (!file && errno == ENOENT) {
    if (auto made = make_self_key_file(*directory, path); !made) return fail(made);
    file = open_key(*directory);  // ours, or that of a process that was faster
  }
  if (!file && errno == ELOOP) return refuse("\"" + path + "\" is a symbolic link");
  if (!file) return refuse("\"" + path + "\" cannot be opened: " + system_error_text(errno));
  return read_key(file, path, uid);
}

Key16 self_nt_hash(const SelfKey& key, std::string_view machine_id, uid_t uid) {
  static constexpr std::string_view kLabel = "opensspi self account v1";
  const auto number = static_cast<std::uint32_t>(uid);
  const std::array<std::uint8_t, 4> uid_bytes = {
      static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8),
      static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 24)};
  return crypto::hmac_sha256_128(key.bytes(), {bytes_of(kLabel), bytes_of(machine_id), Bytes(uid_bytes)});
}

std::string machine_id(const std::string& path) {
  static constexpr std::size_t kDigits = 32;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::string text(kDigits, '\0');
  const auto got = file ? read_fully(file.get(), {reinterpret_cast<std::uint8_t*>(text.data()), kDigits}) : -1;
  const bool is_id = got == static_cast<ssize_t>(kDigits) &&
                     std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return is_id ? text : "";
}

}  // namespace opensspi::accounts
