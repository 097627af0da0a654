/* Schannel's credential, control tokens and answers, with Windows' names, layouts and numbers. */
#ifndef OPENSSPI_SCHANNEL_H
#define OPENSSPI_SCHANNEL_H

#include "opensspi/sspi.h"

#ifdef _WIN32

#ifndef SCHANNEL_USE_BLACKLISTS
#define SCHANNEL_USE_BLACKLISTS
#endif
#include <subauth.h>
#include <wincrypt.h>
#include <schannel.h>

#else

#ifdef __cplusplus
extern "C" {
#endif

typedef const struct _CERT_CONTEXT *PCCERT_CONTEXT;
typedef void *HCERTSTORE;
typedef ULONG ALG_ID;

#define SCHANNEL_CRED_VERSION 4

/* What a TLS credential is made from. */
typedef struct _SCHANNEL_CRED {
  DWORD dwVersion; /* SCHANNEL_CRED_VERSION */
  DWORD cCreds;
  PCCERT_CONTEXT *paCred;
  HCERTSTORE hRootStore;
  DWORD cMappers;
  struct _HMAPPER **aphMappers;
  DWORD cSupportedAlgs;
  ALG_ID *palgSupportedAlgs;
  DWORD grbitEnabledProtocols; /* SP_PROT_x; 0: the package's default */
  DWORD dwMinimumCipherStrength; /* bits; 0: the package's default; all ones: no encryption */
  DWORD dwMaximumCipherStrength;
  DWORD dwSessionLifespan; /* ms; 0: the package's default */
  DWORD dwFlags;           /* SCH_CRED_x */
  DWORD dwCredFormat;
} SCHANNEL_CRED, *PSCHANNEL_CRED;

#define SCH_CRED_NO_SYSTEM_MAPPER 0x00000002
#define SCH_CRED_NO_SERVERNAME_CHECK 0x00000004
#define SCH_CRED_MANUAL_CRED_VALIDATION 0x00000008
#define SCH_CRED_NO_DEFAULT_CREDS 0x00000010
#define SCH_CRED_AUTO_CRED_VALIDATION 0x00000020
#define SCH_CRED_USE_DEFAULT_CREDS 0x00000040
#define SCH_CRED_DISABLE_RECONNECTS 0x00000080
#define SCH_CRED_REVOCATION_CHECK_END_CERT 0x00000100
#define SCH_CRED_REVOCATION_CHECK_CHAIN 0x00000200
#define SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT 0x00000400
#define SCH_CRED_IGNORE_NO_REVOCATION_CHECK 0x00000800
#define SCH_CRED_IGNORE_REVOCATION_OFFLINE 0x00001000

#define SP_PROT_SSL2_SERVER 0x00000004
#define SP_PROT_SSL2_CLIENT 0x00000008
#define SP_PROT_SSL3_SERVER 0x00000010
#define SP_PROT_SSL3_CLIENT 0x00000020
#define SP_PROT_TLS1_SERVER 0x00000040
#define SP_PROT_TLS1_CLIENT 0x00000080
#define SP_PROT_TLS1_1_SERVER 0x00000100
#define SP_PROT_TLS1_1_CLIENT 0x00000200
#define SP_PROT_TLS1_2_SERVER 0x00000400
#define SP_PROT_TLS1_2_CLIENT 0x00000800

/* The content of the TOKEN that ApplyControlToken takes: a DWORD. */
#define SCHANNEL_RENEGOTIATE 0
#define SCHANNEL_SHUTDOWN 1

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_SCHANNEL_H */
