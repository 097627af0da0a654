// Functions that are in the interface's table and not exported.
#pragma once

#include "opensspi/sspi.h"

namespace opensspi::capi {

SECURITY_STATUS QueryCredentialsAttributesExW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                              ULONG cbBuffer);
SECURITY_STATUS QueryContextAttributesExW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer, ULONG cbBuffer);

// The answer of the table's functions that have none on this system, on the record: SEC_E_UNSUPPORTED_FUNCTION.
SECURITY_STATUS no_meaning(const char* function);

}  // namespace opensspi::capi
