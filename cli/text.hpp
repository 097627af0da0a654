// Text of the command line and of tokens: UTF-8 and UTF-16, base64, numbers, tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opensspi/sspi.hpp"

namespace sspi {

// None where the text is not well-formed UTF-8.
std::optional<std::u16string> to_utf16(std::string_view utf8);

// For a terminal: what the peer may have chosen, with control characters as \x1b, so that it begins no line of its own.
std::string shown(std::u16string_view text);

std::string encode_base64(opensspi::Bytes bytes);
// None where the text is not base64 with its padding; blanks are passed over.
std::optional<opensspi::ByteVector> decode_base64(std::string_view text);

// "0x8009030C"
std::string hex32(std::uint32_t number);

// "SEC_E_LOGON_DENIED (-2146893044, 0x8009030C): The logon attempt failed"
std::string describe_status(SECURITY_STATUS status);

std::string_view trimmed(std::string_view text);

// Columns as wide as their widest cell, two blanks apart, the last without padding.
std::string table(const std::vector<std::vector<std::string>>& rows);

// Words separated by blanks, broken into lines of at most `width` characters.
std::vector<std::string> wrapped(const std::vector<std::string>& words, std::size_t width);

// Overwrites what a password leaves behind in memory.
template <typename Text>
void wipe(Text& text) {
  volatile auto* unit = text.data();
  for (std::size_t i = 0; i < text.size(); ++i) unit[i] = 0;
  text.clear();
}

}  // namespace sspi
