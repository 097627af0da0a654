/* <security.h> for sources written for Windows. SECURITY_WIN32, which they define before it, is of no account here. */
#ifndef OPENSSPI_COMPAT_SECURITY_H
#define OPENSSPI_COMPAT_SECURITY_H

#ifdef _WIN32
#include_next <security.h>
#else
#include "opensspi/compat/sspi.h"
#endif

#endif /* OPENSSPI_COMPAT_SECURITY_H */
