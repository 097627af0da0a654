#include "password.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "text.hpp"

namespace sspi {
namespace {

constexpr std::size_t kMostBytes = 4096;

std::optional<std::u16string> refuse(std::string_view path, const std::string& why) {
  std::cerr << "sspi: the password file '" << path << "' " << why << '\n';
  return {};
}

// Pipes, as of a shell's <(...), have no permissions worth a look; on Windows these bits say nothing.
bool others_may_read(const std::filesystem::path& path) {
#ifdef _WIN32
  (void)path;
  return false;
#else
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || status.type() != std::filesystem::file_type::regular) return false;
  return (status.permissions() & (perms::group_all | perms::others_all)) != perms::none;
#endif
}

std::optional<std::u16string> first_line(std::string_view path, std::istream& in) {
  std::string line;
  line.reserve(kMostBytes);  // so that growing leaves no copies behind
  char c = 0;
  while (line.size() < kMostBytes && in.get(c) && c != '\n') line.push_back(c);
  if (line.ends_with('\r')) line.pop_back();
  const bool too_long = line.size() == kMostBytes;
  const bool nothing = line.empty() && !in;
  auto password = to_utf16(line);
  wipe(line);
  if (too_long) return refuse(path, "has a first line of more than " + std::to_string(kMostBytes - 1) + " bytes");
  if (nothing) return refuse(path, "is empty");
  if (!password) return refuse(path, "is not UTF-8");
  return password;
}

}  // namespace

std::optional<std::u16string> read_password(std::string_view path) {
  if (path == "-") return first_line(path, std::cin);
  const std::filesystem::path name(path);
  if (others_may_read(name)) return refuse(path, "is open to its group or to others; chmod 600 it");
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  if (!file) return refuse(path, "cannot be read: " + std::generic_category().message(errno));
  return first_line(path, file);
}

}  // namespace sspi
