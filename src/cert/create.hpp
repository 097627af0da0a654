// Making certificates: self-signed, or signed by another.
#pragma once

#include "cert/store.hpp"
#include "opensspi/extra.h"

namespace opensspi::cert {

// As OPENSSPI_CERT_REQUEST says. SEC_E_INVALID_PARAMETER, SEC_E_UNKNOWN_CREDENTIALS.
Result<ElementPtr> create_certificate(const OPENSSPI_CERT_REQUEST& request);

}  // namespace opensspi::cert
