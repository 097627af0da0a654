// The authenticator's checksum of RFC 4121 section 4.1.1: what a client asks for, and its channel bindings.
#pragma once

#include <cstdint>
#include <optional>

#include "base/secret.hpp"
#include "kerberos/gss.hpp"

namespace opensspi::kerberos {

inline constexpr krb5_cksumtype kGssChecksum = 0x8003;
inline constexpr std::size_t kBindingBytes = 16;
inline constexpr std::size_t kChecksumBytes = 4 + kBindingBytes + 4;

struct Asked {
  OM_uint32 flags = 0;  // GSS_C_x
  Key16 bindings;       // zeros where there are none
};
// SEC_E_INVALID_TOKEN.
Result<Asked> read_checksum(const krb5_checksum* checksum);

// The encryption type of the ticket in an AP-REQ, framed or bare (RFC 4120 sections 5.5.1 and 5.3). It stands outside
// of what is encrypted, and nothing opens under another. nullopt: the message is not in DER.
std::optional<std::int32_t> ticket_enctype(Bytes token);

// What an AP-REQ asks for, framed or bare, as the keytab's keys open it. It is not accepted by this: whether it is in
// time and no replay is for others to see.
Result<Asked> look_into(const Krb5& krb5, Bytes token, const std::string& keytab_name);

}  // namespace opensspi::kerberos
