// CertFindCertificateInStore: which certificates fit what is looked for.
#pragma once

#include <functional>

#include "cert/store.hpp"

namespace opensspi::cert {

using Match = std::function<bool(const Element&)>;

// type: CERT_FIND_x; value: the structure that belongs to it. SEC_E_INVALID_PARAMETER: not known, or value is NULL.
Result<Match> make_match(std::uint32_t type, const void* value);

}  // namespace opensspi::cert
