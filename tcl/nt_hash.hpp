// The NT hash of a password, for account sources that are scripts and know passwords.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace twapi {

using NtHash = std::array<std::uint8_t, 16>;

// MD4 (RFC 1320) of the password in UTF-16LE, [MS-NLMP] 3.3.1 NTOWFv1.
NtHash nt_hash(std::u16string_view password);

// Two hexadecimal digits for each byte, of either case; false for anything else.
bool parse_nt_hash(std::u16string_view digits, NtHash& hash);

}  // namespace twapi
