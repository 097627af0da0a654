// Functions that are in the interface's table and not exported.
#pragma once

#include "opensspi/sspi.h"

namespace opensspi::capi {

SECURITY_STATUS QueryCredentialsAttributesExW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                              ULONG cbBuffer);
SECURITY_STATUS QueryContextAttributesExW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer, ULONG cbBuffer);

}  // namespace opensspi::capi
