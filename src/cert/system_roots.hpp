// The system's CA certificates: read once, when first needed, and again when the file changes.
#pragma once

#include <memory>

#include "cert/store.hpp"

namespace opensspi::cert {

struct Roots {
  std::vector<ElementPtr> certificates;
  X509StorePtr store;  // of the same certificates, for verification
};
using RootsPtr = std::shared_ptr<const Roots>;

// SSL_CERT_FILE's file where that is set (secure_getenv), else that of OpenSSL's own directory or the distribution's
// bundle. A file that cannot be read: no roots, so nothing is trusted; the error tells.
Result<RootsPtr> system_roots();

// Where system_roots() reads.
std::string system_roots_path();

}  // namespace opensspi::cert
