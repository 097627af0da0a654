// sspi status.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <string>

#include "commands.hpp"
#include "options.hpp"
#include "text.hpp"

namespace sspi {
namespace {

struct Status {
  std::string_view name;
  std::uint32_t number;
};

#define SSPI_STATUS(name, identifier, number, text) {#name, number},
constexpr Status kStatuses[] = {OPENSSPI_STATUS_TABLE(SSPI_STATUS)};
#undef SSPI_STATUS

bool same_name(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

std::optional<std::uint32_t> by_name(std::string_view name) {
  for (const Status& status : kStatuses) {
    const std::string_view bare = status.name.substr(std::string_view("SEC_E_").size());
    if (same_name(status.name, name) || same_name(bare, name)) return status.number;
  }
  return {};
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// -2146893044, 2148074252, 0x8009030C; 8009030C too, as logs print it.
std::optional<std::uint32_t> by_number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return whole_number<std::uint32_t>(text.substr(2), 16);
  if (text.starts_with('-')) {
    const auto number = whole_number<std::int32_t>(text, 10);
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
  }
  if (const auto number = whole_number<std::uint32_t>(text, 10)) {
    if (text.size() != 8 || !opensspi::status_name(static_cast<SECURITY_STATUS>(*number)).empty()) return number;
  }
  return text.size() == 8 ? whole_number<std::uint32_t>(text, 16) : std::nullopt;
}

std::vector<std::string> row(std::string_view name, std::uint32_t number) {
  const auto status = static_cast<SECURITY_STATUS>(number);
  return {std::string(name), std::to_string(status), hex32(number), opensspi::status_message(status)};
}

int run_status(Words words) {
  if (words.empty()) return usage_error("status", "a name, a number or --all is needed");
  std::vector<std::vector<std::string>> rows;
  int result = kSuccess;
  if (words.size() == 1 && words[0] == "--all") {
    for (const Status& status : kStatuses) rows.push_back(row(status.name, status.number));
    words = {};
  }
  for (const std::string_view word : words) {
    const auto named = by_name(word);
    const auto number = named ? named : by_number(word);
    if (!number)
      return usage_error("status", "'" + std::string(word) + "' is neither the name of a status nor a number");
    const std::string_view name = opensspi::status_name(static_cast<SECURITY_STATUS>(*number));
    if (name.empty()) result = kFailure;
    rows.push_back(row(name.empty() ? "(unknown)" : name, *number));
  }
  std::cout << table(rows);
  return result;
}

}  // namespace

constinit const Command kStatusCommand{
    "status", "the name, the numbers and the words of a status",
    "usage: sspi status CODE|NAME...\n"
    "       sspi status --all\n"
    "\n"
    "Prints name, signed number, hexadecimal number and words of each status. CODE is decimal, signed or not, or\n"
    "hexadecimal with or without 0x; NAME is as in SEC_E_LOGON_DENIED or LOGON_DENIED, in any case.\n"
    "Exit status 1 where a number has no name.\n",
    &run_status};

}  // namespace sspi
