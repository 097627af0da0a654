// Own certificates: which one is shown to whom.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cert/store.hpp"
#include "schannel/settings.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// A certificate with its key and those that are sent with it.
struct OwnCertificate {
  cert::ElementPtr element;
  cert::CertificateStack chain;  // without the certificate itself
};

// Chains from the issuers at hand; the root goes along only where SCH_SEND_ROOT_CERT asks for it.
std::vector<OwnCertificate> own_certificates(const Settings& settings);

// Gives the SSL or its context one certificate for each kind of key, the first of its kind. SEC_E_UNKNOWN_CREDENTIALS.
Result<void> use_certificates(SSL_CTX* context, const std::vector<OwnCertificate>& certificates);
// For the name that a client asked for: those that fit it; where none does, the first of all.
bool use_for_name(SSL* ssl, const std::vector<OwnCertificate>& certificates, std::string_view name);
bool use_one(SSL* ssl, const OwnCertificate& certificate);

// Whether certificates differ in more than their kind of key, so that a name has to choose.
bool name_chooses(const std::vector<OwnCertificate>& certificates);

// Of the personal store: one good for clients, now, whose chain has an issuer that the server accepts (an empty list
// accepts all); of several the one that is valid longest. nullptr: none.
const OwnCertificate* appropriate(const std::vector<OwnCertificate>& certificates, const STACK_OF(X509_NAME) * issuers);

}  // namespace opensspi::schannel
