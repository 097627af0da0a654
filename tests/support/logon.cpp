#include "support/logon.hpp"

#include "accounts/owf.hpp"
#include "crypto/digest.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

// MS-NLMP 2.2.2.7: 28 bytes of fixed fields, then one AV_PAIR that ends the list.
ByteVector client_challenge_message() {
  ByteVector temp(28, 0);
  temp[0] = temp[1] = 1;
  for (std::size_t i = 16; i < 24; ++i) temp[i] = 0xAA;
  temp.insert(temp.end(), 4, 0);
  return temp;
}

}  // namespace

accounts::LogonRequest Logon::request() const {
  return {.server_challenge = server_challenge,
          .nt_response = nt_response,
          .lm_response = lm_response,
          .user = user,
          .domain = domain,
          .workstation = workstation,
          .extended_session_security = extended_session_security,
          .allow_ntlm_v1 = allow_ntlm_v1};
}

Logon ntlm_v2_logon(std::u16string_view user, std::u16string_view domain, const Key16& nt_hash) {
  Logon logon;
  logon.user = user;
  logon.domain = domain;
  const Key16 key = accounts::ntowf_v2(nt_hash, user, domain);
  const ByteVector temp = client_challenge_message();
  const Key16 proof = accounts::nt_proof(key, logon.server_challenge, temp);
  append(logon.nt_response, proof.bytes());
  append(logon.nt_response, temp);
  logon.lm_response.assign(24, 0);
  logon.session_base_key = crypto::hmac_md5(key.bytes(), {proof.bytes()});
  return logon;
}

Logon ntlm_v2_logon(std::u16string_view user, std::u16string_view domain, std::u16string_view password) {
  return ntlm_v2_logon(user, domain, accounts::ntowf_v1(utf16le(password)));
}

Logon ntlm_v1_logon(std::u16string_view user, std::u16string_view domain, std::u16string_view password,
                    bool extended_session_security) {
  Logon logon;
  logon.user = user;
  logon.domain = domain;
  logon.allow_ntlm_v1 = true;
  logon.extended_session_security = extended_session_security;
  const Key16 hash = accounts::ntowf_v1(utf16le(password));
  const ByteVector client_challenge(8, 0xAA);
  accounts::Block8 challenge{};
  copy_bytes(challenge, logon.server_challenge);
  if (extended_session_security) challenge = accounts::session_challenge(logon.server_challenge, client_challenge);
  append(logon.nt_response, accounts::desl(hash, challenge));
  logon.lm_response = extended_session_security ? client_challenge : logon.nt_response;
  logon.lm_response.resize(24);
  logon.session_base_key = crypto::md4(hash.bytes());
  return logon;
}

}  // namespace opensspi::testing
