// What OpenSSL's verification of a peer's certificate comes to as a status of SSPI.
#pragma once

#include <string>

#include "base/status.hpp"
#include "cert/openssl.hpp"

namespace opensspi::cert {

// error: X509_V_ERR_x; certificate: the one it is about, or nullptr.
Status verify_status(int error, const X509* certificate);
// OpenSSL's words and what they are about: the certificate's names, its time, who should have been trusted.
std::string verify_text(int error, const X509* certificate);

// Errors that tell that nothing is known of a certificate's revocation.
bool is_revocation_unknown(int error);
// Whether the certificate names a place that tells: a distribution point of CRLs, or an OCSP server.
bool names_revocation_source(const X509* certificate);

}  // namespace opensspi::cert
