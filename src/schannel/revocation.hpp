// Revocation: what is asked about a peer's certificates, what is forgiven, and what a stapled OCSP answer says.
//
// Nothing is fetched: lists come from the root store, the policy and the system's directories (cert/local_crls.hpp),
// and OCSP answers from the server itself. So there are three ways: none (no SCH_CRED_REVOCATION_CHECK_x), strict,
// where whatever is not known to be good is refused, and best effort (with SCH_CRED_IGNORE_x), which forgives that
// nothing is known, never what is known.
#pragma once

#include <string>

#include "base/status.hpp"
#include "schannel/settings.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// Has OpenSSL look into the lists while it verifies the peer of this SSL.
void ask_for_revocation(SSL* ssl, const Settings& settings);

// Whether an error of the verification only says that nothing is known of one certificate's revocation (is_unknown) and
// the settings forgive that (or it is the last of its chain, of which nobody above could tell).
struct Unknown {
  bool is_unknown = false, forgiven = false;
  Status status = Status::ok;
};
Unknown judge_unknown(X509_STORE_CTX* store_context, const Settings& settings);

// The OCSP answer that the server stapled, held against the verified chain. RFC 6960.
enum class Staple { absent, good, revoked, useless };
Staple judge_staple(SSL* ssl);

}  // namespace opensspi::schannel
