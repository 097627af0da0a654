/* What a host of opensspi needs and Windows has no word for: the whole of our addition.
 *
 * On Windows these are inline functions that answer SEC_E_UNSUPPORTED_FUNCTION, so that one source serves both.
 */
#ifndef OPENSSPI_EXTRA_H
#define OPENSSPI_EXTRA_H

#include "opensspi/sspi.h"
#include "opensspi/wincrypt.h"

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
typedef void (*OPENSSPI_TRACE_FN)(void* Context, const char* Line);

/* ---- Context attributes, for QueryContextAttributesW. -------------------------------------------------------- */

#define OPENSSPI_ATTR_IDENTITY 0x4F530001
#define OPENSSPI_ATTR_FALLBACK 0x4F530002

#define OPENSSPI_IDENTITY_ANONYMOUS 0x1
#define OPENSSPI_IDENTITY_GUEST 0x2

/* Who the peer of an acceptor is, as its account source names it; an initiator answers with its own account. */
typedef struct _OPENSSPI_IDENTITY {
  SEC_WCHAR* Account;
  SEC_WCHAR* Domain;
  SEC_WCHAR* Source; /* the account source that vouched: "smbpasswd:/etc/samba/smbpasswd", "same user", "winbind" */
  ULONG Flags;       /* OPENSSPI_IDENTITY_x */
  ULONG cSids;
  SEC_WCHAR** Sids; /* the account's SID first, as S-1-5-... */
} OPENSSPI_IDENTITY, *POPENSSPI_IDENTITY;

typedef struct _OpenSspiContext_Identity {
  POPENSSPI_IDENTITY Identity; /* one block, freed once by FreeContextBuffer */
} OpenSspiContext_Identity;

/* Why Negotiate chose as it did. Other packages: SEC_E_UNSUPPORTED_FUNCTION. */
typedef struct _OpenSspiContext_Fallback {
  SEC_WCHAR* Reason; /* freed by FreeContextBuffer; "" where the first choice was taken */
} OpenSspiContext_Fallback;

/* What a client delegated to this acceptor (ISC_REQ_DELEGATE), as a credential of its own for the next hop: hand it to
 * InitializeSecurityContextW. On Windows this is done by impersonation. Each query gives a new handle, which outlives
 * the context and is freed by FreeCredentialsHandle. SEC_E_NO_CREDENTIALS: the client delegated none. */
#define OPENSSPI_ATTR_DELEGATED_CREDENTIAL 0x4F530003

typedef struct _OpenSspiContext_DelegatedCredential {
  CredHandle Credential;
} OpenSspiContext_DelegatedCredential;

/* ---- Credential attributes, for SetCredentialsAttributesW, before the first context. ------------------------- */

#define OPENSSPI_CRED_ATTR_ACCOUNTS 0x4F530101
#define OPENSSPI_CRED_ATTR_NTLM_POLICY 0x4F530102
#define OPENSSPI_CRED_ATTR_KRB_SOURCES 0x4F530103

/* Answers for one account. User and Domain are as the peer claims them. Return SEC_E_OK with NtHash (MD4 of the
 * password in UTF-16LE) and, where they differ from the claim, the canonical names; SEC_E_LOGON_DENIED for an account
 * that does not exist or may not log on; another status where the source itself failed. */
typedef struct _OPENSSPI_ACCOUNT {
  BYTE NtHash[16];
  SEC_WCHAR Account[257]; /* as claimed when the call is made */
  SEC_WCHAR Domain[257];
} OPENSSPI_ACCOUNT;
typedef SECURITY_STATUS (*OPENSSPI_ACCOUNT_FN)(void* Context, const SEC_WCHAR* User, const SEC_WCHAR* Domain,
                                               OPENSSPI_ACCOUNT* Account);

/* Where an acceptor's log-ons are verified; exactly one of Source and Callback. */
typedef struct _OPENSSPI_ACCOUNTS {
  const SEC_WCHAR* Source; /* "smbpasswd:PATH", "plain:PATH", "winbind", "self" */
  OPENSSPI_ACCOUNT_FN Callback;
  void* Context; /* handed to Callback, which may run in any thread that accepts */
} OPENSSPI_ACCOUNTS;

#define OPENSSPI_NTLM_ALLOW_WEAK 0x1  /* NTLMv1, LM, 56 and 40 bits, no extended session security */
#define OPENSSPI_NTLM_REQUIRE_MIC 0x2 /* an AUTHENTICATE_MESSAGE without a MIC is refused */

typedef struct _OPENSSPI_NTLM_POLICY {
  ULONG Flags;   /* OPENSSPI_NTLM_x */
  ULONG LmLevel; /* what an initiator sends, as Windows' LmCompatibilityLevel: 3 to 5 NTLMv2 (default 3); 0 to 2
                    NTLMv1, only with OPENSSPI_NTLM_ALLOW_WEAK */
} OPENSSPI_NTLM_POLICY;

#define OPENSSPI_CRED_ATTR_TLS_POLICY 0x4F530104

/* What Schannel's own structures have no word for. Texts may be NULL. */
typedef struct _OPENSSPI_TLS_POLICY {
  ULONG Flags;                   /* 0 */
  const SEC_WCHAR* CipherSuites; /* exactly these, by the names of the IANA or of OpenSSL, separated by ':' */
  const SEC_WCHAR* Groups;       /* of the key exchange, "X25519:P-256", the first preferred */
  const SEC_WCHAR* CrlFile;      /* revocation lists for SCH_CRED_REVOCATION_CHECK_x, beside those of hRootStore and of
                                    the system: a file (PEM or DER), or a directory after `openssl rehash` */
  const SEC_WCHAR* OcspFile;     /* acceptors: the OCSP response (DER) that is stapled */
} OPENSSPI_TLS_POLICY;

#define OPENSSPI_KRB_ALLOW_RC4 0x1 /* arcfour-hmac too; AES only without it */

/* Where a credential of Kerberos finds tickets and keys. NULL: where the environment (KRB5CCNAME, KRB5_KTNAME,
 * KRB5_CLIENT_KTNAME), [kerberos] or krb5.conf say. Names are libkrb5's own, with their kind: "FILE:/tmp/krb5cc_1000".
 */
typedef struct _OPENSSPI_KRB_SOURCES {
  const SEC_WCHAR* Ccache;       /* of an initiator: its tickets */
  const SEC_WCHAR* Keytab;       /* of an acceptor: the keys of its services; before those of a password */
  const SEC_WCHAR* ClientKeytab; /* of an initiator without tickets: its own key, to get them with */
  ULONG DeadlineMs;              /* how long a call waits for a KDC before SEC_E_NO_AUTHENTICATING_AUTHORITY, up to
                                    600000; 0: as configured, else 5000 */
  ULONG Flags;                   /* OPENSSPI_KRB_x */
} OPENSSPI_KRB_SOURCES;

/* In SEC_WINNT_AUTH_IDENTITY_W.Flags: Password is the account's NT hash as 32 hexadecimal digits. */
#define OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH 0x00800000

/* ---- Certificates made here. ----------------------------------------------------------------------------------- */

#define OPENSSPI_KEY_RSA 1     /* KeyBits 2048 to 8192 */
#define OPENSSPI_KEY_EC 2      /* KeyBits 256, 384 or 521: NIST's curves */
#define OPENSSPI_KEY_ED25519 3 /* KeyBits 0 */

/* A certificate to be made. All zeros but for cbSize and Subject: self-signed, EC P-256, for a year, for any usage. */
typedef struct _OPENSSPI_CERT_REQUEST {
  ULONG cbSize;             /* set by the caller to sizeof(OPENSSPI_CERT_REQUEST) */
  CERT_NAME_BLOB Subject;   /* DER, as CertStrToNameW gives it */
  PCCERT_CONTEXT Issuer;    /* with its private key; NULL: self-signed */
  ULONG KeyType;            /* OPENSSPI_KEY_x; 0: EC */
  ULONG KeyBits;            /* 0: 256 for EC, 2048 for RSA */
  const SEC_WCHAR* KeyFile; /* PEM file or pkcs11: URI of the private key; NULL: a new key in memory */
  FILETIME NotBefore;       /* 0: five minutes ago */
  FILETIME NotAfter;        /* 0: a year after NotBefore */
  ULONG cAltNames;
  const SEC_WCHAR* const* AltNames; /* "DNS:a.example", "IP:192.0.2.1", "email:a@b.example", "URI:https://a.example/" */
  CERT_ENHKEY_USAGE EnhKeyUsage;    /* none: no such extension */
  ULONG KeyUsage;                   /* CERT_x_KEY_USAGE, the second byte shifted by 8; 0: by its kind */
  BOOL CertificateAuthority;
  LONG PathLength;  /* of an authority; below 0: no limit */
  ULONG cExtension; /* further extensions */
  PCERT_EXTENSION rgExtension;
  CRYPT_INTEGER_BLOB SerialNumber;       /* little-endian; none: 128 random bits */
  const char* Digest;                    /* "SHA256" (default), "SHA384", "SHA512", "SHA1" */
  const CERT_PUBLIC_KEY_INFO* PublicKey; /* somebody else's: the certificate then has no private key; needs Issuer, and
                                            neither KeyFile nor KeyType; NULL: the key pair of KeyFile or a new one */
} OPENSSPI_CERT_REQUEST;

/* ---- Functions. ------------------------------------------------------------------------------------------------ */

#ifndef _WIN32

/* Set by each failing call of this thread, also where no handle came to be. A call that succeeds changes nothing.
 * SEC_E_INVALID_PARAMETER: Failure is NULL or its cbSize is too small. */
SECURITY_STATUS SEC_ENTRY OpenSspiGetLastFailureW(OPENSSPI_FAILURE* Failure) OPENSSPI_BOUND(OpenSspiGetLastFailureW);

/* Sends the trace to Fn beside the file of OPENSSPI_TRACE; NULL ends it. On return no call to an earlier Fn runs. */
SECURITY_STATUS SEC_ENTRY OpenSspiSetTrace(OPENSSPI_TRACE_FN Fn, void* Context) OPENSSPI_BOUND(OpenSspiSetTrace);

/* Encrypts all of the input as records, out of place: the fast path for streams. *pcbOutput: room on call, bytes
 * written on return; pvOutput NULL asks for enough room. What a peer is owed before (an answer to its KeyUpdate) stands
 * in front; no input gives just that, and mostly nothing. Input and output must not overlap. SEC_E_BUFFER_TOO_SMALL
 * (*pcbOutput tells the size, nothing was done), SEC_E_CONTEXT_EXPIRED (after shutdown), SEC_E_NO_CONTEXT,
 * SEC_E_UNSUPPORTED_FUNCTION (not a stream package). */
SECURITY_STATUS SEC_ENTRY OpenSspiEncryptStream(PCtxtHandle phContext, const void* pvInput, size_t cbInput,
                                                void* pvOutput, size_t* pcbOutput)
    OPENSSPI_BOUND(OpenSspiEncryptStream);

/* Decrypts all whole records of the input, out of place. *pcbInput: bytes on call, bytes consumed on return; what is
 * left is to be given again with more behind it. *pcbOutput: room on call (*pcbInput is always enough), plaintext on
 * return. Tickets, KeyUpdate, late requests for a certificate (answered with the credential's or none) and refused
 * renegotiation are dealt with inside. SEC_E_OK; SEC_I_CONTEXT_EXPIRED (the peer closed the stream; plaintext before
 * that is valid); or what DecryptMessage answers for a bad record, *pcbOutput then the plaintext before it. */
SECURITY_STATUS SEC_ENTRY OpenSspiDecryptStream(PCtxtHandle phContext, const void* pvInput, size_t* pcbInput,
                                                void* pvOutput, size_t* pcbOutput)
    OPENSSPI_BOUND(OpenSspiDecryptStream);

/* What is written to this TCP socket (its descriptor) from now on is sent at once (TCP_NODELAY): a record waits for no
 * acknowledgement of the one before it, which costs up to 40 ms each time the direction of a conversation turns. For
 * hosts whose language has no word for it, as Tcl 8.6. SEC_E_INVALID_PARAMETER: no TCP socket. */
SECURITY_STATUS SEC_ENTRY OpenSspiSetNoDelay(int Socket) OPENSSPI_BOUND(OpenSspiSetNoDelay);

/* A certificate with its private key, in a store of its own. *Certificate is freed by CertFreeCertificateContext.
 * SEC_E_INVALID_PARAMETER, SEC_E_UNKNOWN_CREDENTIALS (Issuer has no private key, or KeyFile none). */
SECURITY_STATUS SEC_ENTRY OpenSspiCertCreate(const OPENSSPI_CERT_REQUEST* Request, PCCERT_CONTEXT* Certificate)
    OPENSSPI_BOUND(OpenSspiCertCreate);

/* The code of the last failing call of this thread to a function of wincrypt.h; on Windows that is GetLastError. */
static __inline DWORD OpenSspiGetLastCryptError(void) {
  OPENSSPI_FAILURE failure;
  failure.cbSize = (ULONG)sizeof failure;
  return OpenSspiGetLastFailureW(&failure) == SEC_E_OK ? (DWORD)failure.Status : 0;
}

#else

static __inline SECURITY_STATUS OpenSspiGetLastFailureW(OPENSSPI_FAILURE* Failure) {
  (void)Failure;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiSetTrace(OPENSSPI_TRACE_FN Fn, void* Context) {
  (void)Fn;
  (void)Context;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiEncryptStream(PCtxtHandle phContext, const void* pvInput, size_t cbInput,
                                                      void* pvOutput, size_t* pcbOutput) {
  (void)phContext;
  (void)pvInput;
  (void)cbInput;
  (void)pvOutput;
  (void)pcbOutput;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiDecryptStream(PCtxtHandle phContext, const void* pvInput, size_t* pcbInput,
                                                      void* pvOutput, size_t* pcbOutput) {
  (void)phContext;
  (void)pvInput;
  (void)pcbInput;
  (void)pvOutput;
  (void)pcbOutput;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiSetNoDelay(int Socket) {
  (void)Socket;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS OpenSspiCertCreate(const OPENSSPI_CERT_REQUEST* Request, PCCERT_CONTEXT* Certificate) {
  (void)Request;
  (void)Certificate;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline DWORD OpenSspiGetLastCryptError(void) { return GetLastError(); }

#endif

#ifdef __cplusplus
}
#endif

#endif /* OPENSSPI_EXTRA_H */
