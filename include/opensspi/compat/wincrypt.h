/* <wincrypt.h> for sources written for Windows, on the include path through opensspi-compat.pc only: the subset of
 * opensspi/wincrypt.h under its generic names, which mean the W ones, and GetLastError for what these functions leave.
 */
#ifndef OPENSSPI_COMPAT_WINCRYPT_H
#define OPENSSPI_COMPAT_WINCRYPT_H

#ifdef _WIN32
#include_next <wincrypt.h>
#else

#include "opensspi/compat/sspi.h"
#include "opensspi/extra.h"

/* ---- Functions. */
#define CertGetNameString CertGetNameStringW
#define CertNameToStr CertNameToStrW
#define CertOpenSystemStore CertOpenSystemStoreW
#define CertStrToName CertStrToNameW

/* ---- What <windows.h> gives such sources. */
#ifndef OPENSSPI_NO_WINDOWS_TYPES
#ifndef GetLastError
#define GetLastError OpenSspiGetLastCryptError
#endif
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_COMPAT_WINCRYPT_H */
