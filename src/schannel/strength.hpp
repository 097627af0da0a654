// Signatures, groups and the security level: what of them a credential's settings leave.
#pragma once

#include "schannel/settings.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// OpenSSL's level 2 (112 bits) for all, certificates included. TLS 1.0 and 1.1 and the null cipher, where they are
// asked for, are let through one by one: whoever asks for an old protocol has not asked for weak certificates.
void set_security(SSL_CTX* context, const Settings& settings);

// Groups of the key exchange and signatures of the handshake. SEC_E_ALGORITHM_MISMATCH: none is left;
// SEC_E_INVALID_PARAMETER: the policy names a group that is not known.
Result<void> set_groups(SSL_CTX* context, const Settings& settings);
Result<void> set_signatures(SSL_CTX* context, const Settings& settings);

// Whether the key signs handshakes by what is left.
bool may_sign_handshakes(const Settings& settings, const EVP_PKEY* key);
// Whether the certificate's own signature, by a key of the issuer's, is left.
bool may_be_signed_so(const Settings& settings, X509* certificate, const EVP_PKEY* issuer_key);

}  // namespace opensspi::schannel
