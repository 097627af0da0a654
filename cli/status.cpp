// sspi status.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

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

// "LOGON_DENIED" for SEC_E_LOGON_DENIED; the names of other families are theirs in full.
std::string_view bare_name(std::string_view name) {
  for (const std::string_view prefix : {"SEC_E_", "SEC_I_"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

// More than one where a bare name is both an error's and a piece of news'.
std::vector<Status> by_name(std::string_view name) {
  std::vector<Status> found;
  for (const Status& status : kStatuses) {
    if (same_name(status.name, name) || same_name(bare_name(status.name), name)) found.push_back(status);
  }
  return found;
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

std::vector<std::string> row(const Status& status) {
  const auto number = static_cast<SECURITY_STATUS>(status.number);
  return {status.name.empty() ? "(unknown)" : std::string(status.name), std::to_string(number), hex32(status.number),
          opensspi::status_message(number)};
}

// The statuses that a word means; none where it is neither a name nor a number.
std::vector<Status> statuses_of(std::string_view word) {
  std::vector<Status> found = by_name(word);
  if (!found.empty()) return found;
  if (const auto number = by_number(word)) {
    found.push_back({opensspi::status_name(static_cast<SECURITY_STATUS>(*number)), *number});
  }
  return found;
}

int run_status(Words words) {
  if (words.empty()) return usage_error("status", "a name, a number or --all is needed");
  std::vector<std::vector<std::string>> rows;
  int result = kSuccess;
  if (std::ranges::find(words, "--all") != words.end()) {
    if (words.size() != 1) return usage_error("status", "--all stands alone: it prints every status there is");
    for (const Status& status : kStatuses) rows.push_back(row(status));
    words = {};
  }
  for (const std::string_view word : words) {
    const std::vector<Status> found = statuses_of(word);
    if (found.empty()) {
      return usage_error("status", "'" + std::string(word) + "' is neither the name of a status nor a number");
    }
    for (const Status& status : found) {
      if (status.name.empty()) result = kFailure;
      rows.push_back(row(status));
    }
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
