/* <schannel.h> for sources written for Windows, on the include path through opensspi-compat.pc only. */
#ifndef OPENSSPI_COMPAT_SCHANNEL_H
#define OPENSSPI_COMPAT_SCHANNEL_H

#ifdef _WIN32
#include_next <schannel.h>
#else
#include "opensspi/compat/sspi.h"
#include "opensspi/compat/wincrypt.h"
#include "opensspi/schannel.h"
#endif

#endif /* OPENSSPI_COMPAT_SCHANNEL_H */
