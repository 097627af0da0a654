#include "base/text.hpp"

#include <locale.h>
#include <clocale>
#include <cwctype>

#include "base/secret.hpp"

namespace opensspi {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c < 0xE000; }

// The length of the UTF-8 sequence that a lead byte begins; 0 where none does.
std::size_t sequence_length(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// The code point at the front of `rest`, or nothing where it is ill-formed (overlong, surrogate, above U+10FFFF).
bool decode_one(std::string_view rest, char32_t& c, std::size_t& length) {
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<std::uint8_t>(rest[0]);
  length = sequence_length(lead);
  if (length == 0 || length > rest.size()) return false;
  c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<std::uint8_t>(rest[i]);
    if ((byte & 0xC0) != 0x80) return false;
    c = (c << 6) | (byte & 0x3F);
  }
  return c >= kLeast[length] && c <= 0x10FFFF && !(c >= 0xD800 && c < 0xE000);
}

// glibc has this locale built in; its simple case mapping is Unicode's.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

}  // namespace

bool is_utf8(std::string_view text) {
  char32_t c = 0;
  std::size_t length = 0;
  for (; !text.empty(); text.remove_prefix(length)) {
    if (!decode_one(text, c, length)) return false;
  }
  return true;
}

Result<std::u16string> to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    char32_t c = 0;
    std::size_t length = 0;
    if (!decode_one(utf8.substr(at), c, length)) {
      wipe(out.data(), out.size() * sizeof(char16_t));  // it may be a part of a password
      return fail(Status::invalid_parameter, "UTF-8 text", "ill-formed UTF-8 at byte " + std::to_string(at));
    }
    if (c < 0x10000) {
      out.push_back(static_cast<char16_t>(c));
    } else {
      out.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    }
    at += length;
  }
  return out;
}

std::string to_utf8(std::u16string_view utf16) {
  std::string out;
  out.reserve(utf16.size());
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    char32_t c = utf16[i];
    if (is_high_surrogate(c) && i + 1 < utf16.size() && is_low_surrogate(utf16[i + 1])) {
      c = 0x10000 + ((c - 0xD800) << 10) + (utf16[++i] - 0xDC00U);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      c = kReplacement;
    }
    append_utf8(out, c);
  }
  return out;
}

char16_t upcase(char16_t unit) {
  if (unit < 0x80) return unit >= u'a' && unit <= u'z' ? static_cast<char16_t>(unit - 32) : unit;
  if (unit == 0x00B5 || unit == 0x0131 || unit == 0x017F) return unit;
  if (unit >= 0xD800 && unit < 0xE000) return unit;
  const locale_t locale = unicode_locale();
  if (locale == nullptr) return unit;
  const wint_t upper = towupper_l(unit, locale);
  return upper < 0x10000 ? static_cast<char16_t>(upper) : unit;
}

std::u16string upcase(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& unit : out) unit = upcase(unit);
  return out;
}

bool equal_ignoring_case(std::u16string_view a, std::u16string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (upcase(a[i]) != upcase(b[i])) return false;
  }
  return true;
}

void append_utf16le(ByteVector& to, std::u16string_view text) {
  for (const char16_t unit : text) {
    to.push_back(static_cast<std::uint8_t>(unit & 0xFF));
    to.push_back(static_cast<std::uint8_t>(unit >> 8));
  }
}

std::u16string from_utf16le(Bytes bytes) {
  std::u16string text(bytes.size() / 2, u'\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char16_t>(bytes[2 * i] | (bytes[2 * i + 1] << 8));
  }
  return text;
}

std::string hex32(std::uint32_t value) {
  const std::uint8_t big_endian[] = {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                                     static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  return "0x" + to_hex(big_endian);
}

}  // namespace opensspi
