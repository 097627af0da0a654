#include "text.hpp"

#include <algorithm>

namespace sspi {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// How many bytes follow a first byte, and the bits that it gives; none for a byte that begins nothing.
struct Lead {
  int following;
  std::uint32_t bits, least;
};
std::optional<Lead> lead_of(std::uint8_t byte) {
  if (byte < 0x80) return Lead{0, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return Lead{1, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return Lead{2, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return Lead{3, byte & 0x07U, 0x10000};
  return {};
}

bool is_code_point(std::uint32_t number, std::uint32_t least) {
  return number >= least && number <= 0x10FFFF && (number < 0xD800 || number > 0xDFFF);
}

void append_utf16(std::u16string& to, std::uint32_t code_point) {
  if (code_point < 0x10000) {
    to.push_back(static_cast<char16_t>(code_point));
    return;
  }
  to.push_back(static_cast<char16_t>(0xD800 + ((code_point - 0x10000) >> 10)));
  to.push_back(static_cast<char16_t>(0xDC00 + ((code_point - 0x10000) & 0x3FF)));
}

}  // namespace

std::optional<std::u16string> to_utf16(std::string_view utf8) {
  std::u16string text;
  text.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto lead = lead_of(static_cast<std::uint8_t>(utf8.front()));
    if (!lead || utf8.size() <= static_cast<std::size_t>(lead->following)) return {};
    utf8.remove_prefix(1);
    std::uint32_t code_point = lead->bits;
    for (int i = 0; i < lead->following; ++i) {
      const auto byte = static_cast<std::uint8_t>(utf8.front());
      if ((byte & 0xC0) != 0x80) return {};
      code_point = (code_point << 6) | (byte & 0x3FU);
      utf8.remove_prefix(1);
    }
    if (!is_code_point(code_point, lead->least)) return {};
    append_utf16(text, code_point);
  }
  return text;
}

std::string shown(std::u16string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::u16string safe;
  for (const char16_t unit : text) {
    if (unit >= 0x20 && (unit < 0x7F || unit > 0x9F) && unit != 0x2028 && unit != 0x2029) {
      safe.push_back(unit);
      continue;
    }
    safe += unit > 0xFF ? u"\\u20" : u"\\x";
    safe.push_back(static_cast<char16_t>(kHex[unit >> 4 & 0xF]));
    safe.push_back(static_cast<char16_t>(kHex[unit & 0xF]));
  }
  return opensspi::to_utf8(safe);
}

std::string encode_base64(opensspi::Bytes bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = (group << 8) | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) text.push_back(i <= count ? kDigits[(group >> (18 - 6 * i)) & 0x3F] : '=');
  }
  return text;
}

std::optional<opensspi::ByteVector> decode_base64(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ' ' && c != '\t' && c != '\r'; });
  if (digits.empty() || digits.size() % 4 != 0) return {};
  const std::size_t padding = digits.size() - (digits.find_last_not_of('=') + 1);
  if (padding > 2) return {};
  opensspi::ByteVector bytes;
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool is_padding = i >= digits.size() - padding;
    const std::size_t value = is_padding ? 0 : kDigits.find(digits[i]);
    if (value == std::string_view::npos) return {};
    group = (group << 6) | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(group >> shift));
    group = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

std::string hex32(std::uint32_t number) {
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text.push_back("0123456789ABCDEF"[(number >> shift) & 0xF]);
  return text;
}

std::string describe_status(SECURITY_STATUS status) {
  const std::string_view name = opensspi::status_name(status);
  return (name.empty() ? "unknown status" : std::string(name)) + " (" + std::to_string(status) + ", " +
         hex32(static_cast<std::uint32_t>(status)) + "): " + opensspi::status_message(status);
}

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

std::vector<std::string> wrapped(const std::vector<std::string>& words, std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string& word : words) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
  }
  return lines;
}

}  // namespace sspi
