// PrivateKey: the private key of a certificate, wherever it is.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "cert/openssl.hpp"

namespace opensspi::cert {

struct PrivateKey {
  KeyPtr key;
  std::u16string place;     // the PEM file or pkcs11: URI, without its PIN, it came from; empty for one in memory
  bool exportable = true;   // whether it may leave in a PFX
  Secret whole_place = {};  // the URI with its PIN, in UTF-8: for the owner's own files only
};
using PrivateKeyPtr = std::shared_ptr<const PrivateKey>;

// From the path of a PEM file without a password, read only where nobody else can have written it, or from a pkcs11:
// URI (RFC 7512) through OpenSSL's provider or engine for it. SEC_E_UNKNOWN_CREDENTIALS.
Result<PrivateKeyPtr> load_key(std::u16string_view place);

// Whether a place is a PKCS#11 URI.
bool is_pkcs11(std::u16string_view place);

}  // namespace opensspi::cert
