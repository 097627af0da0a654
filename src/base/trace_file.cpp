#include "base/trace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace opensspi::trace {
namespace {

constexpr const char* kCheck = "trace file";
constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(Status::invalid_parameter, kCheck, "\"" + path + "\" " + why);
}

std::string distrust(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_uid != geteuid()) return "belongs to user " + std::to_string(status.st_uid) + ", not to this process's";
  if (status.st_nlink != 1) return "has " + std::to_string(status.st_nlink) + " links; a trace file has one";
  return {};
}

}  // namespace

Result<std::unique_ptr<TraceFile>> TraceFile::open(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Descriptor file(::open(path.c_str(), kFlags, kOwnerOnly));
  if (!file && errno == ELOOP) return refuse(path, "is a symbolic link");
  if (!file) return refuse(path, "cannot be opened: " + system_error_text(errno));
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return refuse(path, "cannot be looked at: " + system_error_text(errno));
  if (const std::string why = distrust(status); !why.empty()) return refuse(path, why);
  return std::unique_ptr<TraceFile>(new TraceFile(std::move(file), status));
}

void TraceFile::write(std::string_view line_with_newline) const {
  // A program that closes all descriptors, as daemons do, may have given this number to a file or socket of its own.
  struct stat now{};
  if (fstat(file_.get(), &now) != 0 || now.st_dev != status_.st_dev || now.st_ino != status_.st_ino) return;
  ssize_t written = 0;
  do {
    written = ::write(file_.get(), line_with_newline.data(), line_with_newline.size());
  } while (written < 0 && errno == EINTR);
}

}  // namespace opensspi::trace
