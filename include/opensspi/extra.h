/* What a host of opensspi needs and Windows has no word for: the whole of our addition.
 *
 * On Windows these are inline functions that answer SEC_E_UNSUPPORTED_FUNCTION, so that one source serves both.
 */
#ifndef OPENSSPI_EXTRA_H
#define OPENSSPI_EXTRA_H

#include "opensspi/sspi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why the last failing call of this thread failed. The text is for the owner of the context, never for the peer: it
 * tells which check failed and with which value. Texts are cut at their arrays' ends and always end with a NUL. */
typedef struct _OPENSSPI_FAILURE {
  ULONG cbSize;           /* set by the caller to sizeof(OPENSSPI_FAILURE) */
  SECURITY_STATUS Status; /* SEC_E_OK: no call of this thread failed so far */
  SEC_WCHAR Package[48];  /* "NTLM"; "" where no package was reached */
  SEC_WCHAR Check[80];    /* what was checked: "AUTHENTICATE_MESSAGE MIC" */
  SEC_WCHAR Text[512];    /* what was wrong, with the value, and what would be right */
} OPENSSPI_FAILURE, *POPENSSPI_FAILURE;

/* One line of the trace, UTF-8 without a newline; called from any thread, and must not call back into this interface.
 * It holds flags, names and lengths, never keys, responses or passwords. */
typedef void (*OPENSSPI_TRACE_FN)(void *Context, const char *Line);

/* ---- Context attributes, for QueryContextAttributesW. -------------------------------------------------------- */

#define OPENSSPI_ATTR_IDENTITY 0x4F530001
#define OPENSSPI_ATTR_FALLBACK 0x4F530002

#define OPENSSPI_IDENTITY_ANONYMOUS 0x1
#define OPENSSPI_IDENTITY_GUEST 0x2

/* Who the peer of an acceptor is, as its account source names it; an initiator answers with its own account. */
typedef struct _OPENSSPI_IDENTITY {
  SEC_WCHAR *Account;
  SEC_WCHAR *Domain;
  SEC_WCHAR *Source; /* the account source that vouched: "smbpasswd:/etc/samba/smbpasswd", "same user", "winbind" */
  ULONG Flags;       /* OPENSSPI_IDENTITY_x */
  ULONG cSids;
  SEC_WCHAR **Sids; /* the account's SID first, as S-1-5-... */
} OPENSSPI_IDENTITY, *POPENSSPI_IDENTITY;

typedef struct _OpenSspiContext_Identity {
  POPENSSPI_IDENTITY Identity; /* one block, freed once by FreeContextBuffer */
} OpenSspiContext_Identity;

/* Why Negotiate chose as it did. Other packages: SEC_E_UNSUPPORTED_FUNCTION. */
typedef struct _OpenSspiContext_Fallback {
  SEC_WCHAR *Reason; /* freed by FreeContextBuffer; "" where the first choice was taken */
} OpenSspiContext_Fallback;

/* ---- Credential attributes, for SetCredentialsAttributesW, before the first context. ------------------------- */

#define OPENSSPI_CRED_ATTR_ACCOUNTS 0x4F530101
#define OPENSSPI_CRED_ATTR_NTLM_POLICY 0x4F530102

/* Answers for one account. User and Domain are as the peer claims them. Return SEC_E_OK with NtHash (MD4 of the
 * password in UTF-16LE) and, where they differ from the claim, the canonical names; SEC_E_LOGON_DENIED for an account
 * that does not exist or may not log on; another status where the source itself failed. */
typedef struct _OPENSSPI_ACCOUNT {
  BYTE NtHash[16];
  SEC_WCHAR Account[257]; /* as claimed when the call is made */
  SEC_WCHAR Domain[257];
} OPENSSPI_ACCOUNT;
typedef SECURITY_STATUS (*OPENSSPI_ACCOUNT_FN)(void *Context, const SEC_WCHAR *User, const SEC_WCHAR *Domain,
                                               OPENSSPI_ACCOUNT *Account);

/* Where an acceptor's log-ons are verified; exactly one of Source and Callback. */
typedef struct _OPENSSPI_ACCOUNTS {
  const SEC_WCHAR *Source; /* "smbpasswd:PATH", "plain:PATH", "winbind", "self" */
  OPENSSPI_ACCOUNT_FN Callback;
  void *Context; /* handed to Callback, which may run in any thread that accepts */
} OPENSSPI_ACCOUNTS;

#define OPENSSPI_NTLM_ALLOW_WEAK 0x1  /* NTLMv1, LM, 56 and 40 bits, no extended session security */
#define OPENSSPI_NTLM_REQUIRE_MIC 0x2 /* an AUTHENTICATE_MESSAGE without a MIC is refused */

typedef struct _OPENSSPI_NTLM_POLICY {
  ULONG Flags;    /* OPENSSPI_NTLM_x */
  ULONG LmLevel;  /* what an initiator sends, as Windows' LmCompatibilityLevel: 3 to 5 NTLMv2 (default 3); 0 to 2
                     NTLMv1, only with OPENSSPI_NTLM_ALLOW_WEAK */
} OPENSSPI_NTLM_POLICY;

/* In SEC_WINNT_AUTH_IDENTITY_W.Flags: Password is the account's NT hash as 32 hexadecimal digits. */
#define OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH 0x00800000

/* ---- Functions. ------------------------------------------------------------------------------------------------ */

#ifndef _WIN32

/* Set by each failing call of this thread, also where no handle came to be. A call that succeeds changes nothing.
 * SEC_E_INVALID_PARAMETER: Failure is NULL or its cbSize is too small. */
SECURITY_STATUS SEC_ENTRY OpenSspiGetLastFailureW(OPENSSPI_FAILURE *Failure) OPENSSPI_BOUND(OpenSspiGetLastFailureW);

/* Sends the trace to Fn beside the file of OPENSSPI_TRACE; NULL ends it. On return no call to an earlier Fn runs. */
SECURITY_STATUS SEC_ENTRY OpenSspiSetTrace(OPENSSPI_TRACE_FN Fn, void *Context) OPENSSPI_BOUND(OpenSspiSetTrace);

#else

static __inline SECURITY_STATUS OpenSspiGetLastFailureW(OPENSSPI_FAILURE *Failure) {
  (void)Failure;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiSetTrace(OPENSSPI_TRACE_FN Fn, void *Context) {
  (void)Fn;
  (void)Context;
  return SEC_E_UNSUPPORTED_FUNCTION;
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* OPENSSPI_EXTRA_H */
