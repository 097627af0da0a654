// Private keys in PKCS#11 tokens, named by URIs (RFC 7512).
#pragma once

#include <string>

#include "cert/key.hpp"

namespace opensspi::cert {

// What a URI says: of the key, and of how to get at it.
struct Pkcs11Uri {
  std::string path;    // "pkcs11:token=T;object=O": nothing secret
  std::string shown;   // the whole of it but pin-value
  std::string module;  // of module-path; empty for OpenSSL's own
  std::string pin_source;
  Secret pin;  // of pin-value or of the file of pin-source, percent-encoded
  bool has_pin_value = false;
};

// SEC_E_UNKNOWN_CREDENTIALS: it has parts that are not understood, or the file of its PIN cannot be relied on.
Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view uri);

// Through OpenSSL's provider for PKCS#11, or else its engine. Nobody is asked for a PIN that the URI does not give.
// SEC_E_UNKNOWN_CREDENTIALS, with the reason: no provider and no engine, the module, the PIN, no such key.
Result<KeyPtr> load_pkcs11_key(const Pkcs11Uri& uri);

}  // namespace opensspi::cert
