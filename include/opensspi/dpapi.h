/* Protection of memory that lies around, with Windows' names: the two functions of dpapi.h that need no key to be kept.
 *
 * What is protected can be read again in this process only. It keeps passwords out of core dumps, swap and accidental
 * printing. It does not keep them from whoever may read this process's memory or call CryptUnprotectMemory in it. A
 * child made by fork inherits the key and can read what its parent protected; its copy of the key may be swapped.
 */
#ifndef OPENSSPI_DPAPI_H
#define OPENSSPI_DPAPI_H

#include "opensspi/sspi.h"

#ifdef _WIN32

/* Windows' headers need what stands before them. */
/* clang-format off */
#include <wincrypt.h>
#include <dpapi.h>
/* clang-format on */

#else

#ifdef __cplusplus
extern "C" {
#endif

#define CRYPTPROTECTMEMORY_BLOCK_SIZE 16
#define CRYPTPROTECTMEMORY_SAME_PROCESS 0x00
#define CRYPTPROTECTMEMORY_CROSS_PROCESS 0x01 /* not here */
#define CRYPTPROTECTMEMORY_SAME_LOGON 0x02    /* not here */

/* Encrypts in place, under a key of this process in locked memory that no core dump holds; equal data become equal
 * bytes. cbDataIn is a multiple of CRYPTPROTECTMEMORY_BLOCK_SIZE; dwFlags is CRYPTPROTECTMEMORY_SAME_PROCESS.
 * Returns 0, with the data untouched, where an argument is wrong or the key's memory cannot be locked; the reason is
 * given by OpenSspiGetLastFailureW. */
BOOL SEC_ENTRY CryptProtectMemory(void* pDataIn, DWORD cbDataIn, DWORD dwFlags) OPENSSPI_BOUND(CryptProtectMemory);

/* Undoes it. Data that were not protected in this process become other bytes: nothing tells them apart. */
BOOL SEC_ENTRY CryptUnprotectMemory(void* pDataIn, DWORD cbDataIn, DWORD dwFlags) OPENSSPI_BOUND(CryptUnprotectMemory);

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_DPAPI_H */
