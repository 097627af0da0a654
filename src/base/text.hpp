// Text: UTF-16 as the wire and SSPI have it, UTF-8 as the system has it.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace opensspi {

// Whether a text is well-formed UTF-8; for secrets, which must not be left half converted.
bool is_utf8(std::string_view text);

// Ill-formed UTF-8 is refused: SEC_E_INVALID_PARAMETER.
Result<std::u16string> to_utf16(std::string_view utf8);

// Lone surrogates become U+FFFD: for messages and file names, never for what is hashed.
std::string to_utf8(std::u16string_view utf16);

// One code unit to one code unit, as Windows upcases names: U+00B5, U+0131 and U+017F stay as they are.
char16_t upcase(char16_t unit);
std::u16string upcase(std::u16string_view text);
bool equal_ignoring_case(std::u16string_view a, std::u16string_view b);

// UTF-16LE without a terminator. An odd number of bytes loses the last: readers refuse it before.
void append_utf16le(ByteVector& to, std::u16string_view text);
std::u16string from_utf16le(Bytes bytes);

// Decimal and hexadecimal as messages have them: "0xe2888215".
std::string hex32(std::uint32_t value);

}  // namespace opensspi
