// A log-on as a client would make it, for tests of account sources.
#pragma once

#include <string>
#include <string_view>

#include "accounts/account_source.hpp"

namespace opensspi::testing {

// Owns what a LogonRequest only views.
struct Logon {
  ByteVector server_challenge = ByteVector(8, 0x11);
  ByteVector nt_response, lm_response;
  std::u16string user, domain, workstation = u"CLIENT";
  Key16 session_base_key;  // what the client has
  bool extended_session_security = true;
  bool allow_ntlm_v1 = false;

  accounts::LogonRequest request() const;
};

// MS-NLMP 3.3.2, with a fixed client challenge and time.
Logon ntlm_v2_logon(std::u16string_view user, std::u16string_view domain, std::u16string_view password);
Logon ntlm_v2_logon(std::u16string_view user, std::u16string_view domain, const Key16& nt_hash);
// MS-NLMP 3.3.1, in the form of the flag.
Logon ntlm_v1_logon(std::u16string_view user, std::u16string_view domain, std::u16string_view password,
                    bool extended_session_security);

}  // namespace opensspi::testing
