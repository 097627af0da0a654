// One-way functions of NTLM, MS-NLMP 3.3: password hashes and the responses made of them.
//
// They stand here because an account source verifies with them and an initiator answers with them.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::accounts {

using Block8 = std::array<std::uint8_t, 8>;
using Response24 = std::array<std::uint8_t, 24>;

// MS-NLMP 3.3.1. The password in UTF-16LE; lone surrogates are hashed as they are.
Key16 ntowf_v1(Bytes password_utf16le);
// MS-NLMP 3.3.1: of the password's first 14 OEM characters, upper case. A password that is longer or outside of ASCII
// has none: false.
bool lmowf_v1(Bytes password_utf16le, Key16& out);

// MS-NLMP 3.3.2: the user in upper case, the domain as it is sent.
Key16 ntowf_v2(const Key16& nt_hash, std::u16string_view user, std::u16string_view domain);

// MS-NLMP 3.3.2: HMAC-MD5 of the server's challenge and the rest of the response.
Key16 nt_proof(const Key16& ntowf_v2, Bytes server_challenge, Bytes temp);

// MS-NLMP 6: DESL.
Response24 desl(const Key16& key, std::span<const std::uint8_t, 8> data);

// MS-NLMP 3.3.1 with extended session security: MD5(ServerChallenge, ClientChallenge), the first eight bytes.
Block8 session_challenge(Bytes server_challenge, Bytes client_challenge);

}  // namespace opensspi::accounts
