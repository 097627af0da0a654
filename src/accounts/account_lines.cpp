#include "accounts/account_lines.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::accounts {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostNameUnits = 256;

std::string wrong_line(std::string_view line) {
  if (!is_utf8(line)) return "is not UTF-8";
  if (line.contains('\0')) return "has a NUL character";
  if (line.ends_with('\r')) return "ends with a carriage return; lines end with a line feed alone";
  return {};
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

Result<void> for_each_line(std::string_view text, std::string_view path, const TakeLine& take) {
  const auto refuse = [&](std::size_t number, const std::string& why) {
    return fail(Status::invalid_parameter, "account file",
                "\"" + std::string(path) + "\" line " + std::to_string(number) + ": " + why);
  };
  if (text.starts_with(kByteOrderMark)) return refuse(1, "begins with a byte order mark; take it away");
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!line.empty() && line.front() != '#') {
      std::string why = wrong_line(line);
      if (why.empty()) why = take(line, number);
      if (!why.empty()) return refuse(number, why);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

std::string defined_before(std::size_t line) { return "stands in line " + std::to_string(line) + " already"; }

std::string wrong_name(std::string_view name, const char* what) {
  const std::string shown = std::string(what) + " ";  // its value may be part of a password in the wrong field
  if (name.empty()) return {};
  if (is_blank(name.front()) || is_blank(name.back())) return shown + "begins or ends with a blank";
  const bool odd = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\' || c == '/'; });
  if (odd) return shown + "has a control character, \"\\\" or \"/\"";
  if (name.size() > kMostNameUnits) return shown + "is longer than " + std::to_string(kMostNameUnits) + " bytes";
  return {};
}

}  // namespace opensspi::accounts
