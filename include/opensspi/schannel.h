/* Schannel's credentials, control tokens and answers, with Windows' names, layouts and numbers. */
#ifndef OPENSSPI_SCHANNEL_H
#define OPENSSPI_SCHANNEL_H

#include "opensspi/sspi.h"

#ifdef _WIN32

#ifndef SCHANNEL_USE_BLACKLISTS
#define SCHANNEL_USE_BLACKLISTS
#endif
/* Windows' headers need what stands before them. */
/* clang-format off */
#include <subauth.h>
#include <wincrypt.h>
#include <schannel.h>
/* clang-format on */

#else

#include "opensspi/wincrypt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Credentials: pAuthData of AcquireCredentialsHandleW. ----------------------------------------------------- */

#ifndef OPENSSPI_NO_WINDOWS_TYPES
typedef struct _UNICODE_STRING {
  USHORT Length; /* bytes */
  USHORT MaximumLength;
  SEC_WCHAR* Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
#endif

#define SCH_CRED_V1 1
#define SCH_CRED_V2 2
#define SCH_CRED_V3 3
#define SCHANNEL_CRED_VERSION 4
#define SCH_CREDENTIALS_VERSION 5

struct _HMAPPER;

/* What a TLS credential is made from. Certificates, store and texts are copied or counted: the caller may free its own
 * right after acquiring. A server's credential has at least one certificate with its private key; of several, SNI and
 * the kind of key choose. hRootStore of a server: the roots that client certificates must end in; of a client:
 * additional roots, or the only ones with SCH_CRED_RESTRICTED_ROOTS. */
typedef struct _SCHANNEL_CRED {
  DWORD dwVersion; /* SCHANNEL_CRED_VERSION */
  DWORD cCreds;
  PCCERT_CONTEXT* paCred;
  HCERTSTORE hRootStore;
  DWORD cMappers; /* 0 */
  struct _HMAPPER** aphMappers;
  DWORD cSupportedAlgs; /* 0: the package's default */
  ALG_ID* palgSupportedAlgs;
  DWORD grbitEnabledProtocols;   /* SP_PROT_x; 0: TLS 1.2 and 1.3; in a set with gaps a client is above the last */
  DWORD dwMinimumCipherStrength; /* bits; 0: the package's default; all ones: no encryption (TLS 1.2 and below) */
  DWORD dwMaximumCipherStrength;
  DWORD dwSessionLifespan; /* ms; 0: ten hours */
  DWORD dwFlags;           /* SCH_CRED_x */
  DWORD dwCredFormat;      /* SCH_CRED_FORMAT_CERT_CONTEXT */
} SCHANNEL_CRED, *PSCHANNEL_CRED;

typedef enum _eTlsAlgorithmUsage {
  TlsParametersCngAlgUsageKeyExchange,
  TlsParametersCngAlgUsageSignature,
  TlsParametersCngAlgUsageCipher,
  TlsParametersCngAlgUsageDigest,
  TlsParametersCngAlgUsageCertSig
} eTlsAlgorithmUsage;

/* An algorithm that is not to be used: strCngAlgId "AES", "CHACHA20_POLY1305", "NULL", "SHA1", "SHA256", "SHA384",
 * "ECDH", "RSA", "ECDSA" and, for ciphers, ChainingModeGCM, ChainingModeCCM and ChainingModeCBC. A key of
 * dwMinBitLength to dwMaxBitLength bits is not used; both 0: of any length. What is not understood refuses the
 * credential. */
typedef struct _CRYPTO_SETTINGS {
  eTlsAlgorithmUsage eAlgorithmUsage;
  UNICODE_STRING strCngAlgId;
  DWORD cChainingModes;
  PUNICODE_STRING rgstrChainingModes;
  DWORD dwMinBitLength;
  DWORD dwMaxBitLength;
} CRYPTO_SETTINGS, *PCRYPTO_SETTINGS;

typedef struct _TLS_PARAMETERS {
  DWORD cAlpnIds; /* 0: the settings hold whatever ALPN chooses; others are not supported */
  PUNICODE_STRING rgstrAlpnIds;
  DWORD grbitDisabledProtocols; /* SP_PROT_x */
  DWORD cDisabledCrypto;
  PCRYPTO_SETTINGS pDisabledCrypto;
  DWORD dwFlags; /* TLS_PARAMS_OPTIONAL */
} TLS_PARAMETERS, *PTLS_PARAMETERS;

typedef struct _SCH_CREDENTIALS {
  DWORD dwVersion; /* SCH_CREDENTIALS_VERSION */
  DWORD dwCredFormat;
  DWORD cCreds;
  PCCERT_CONTEXT* paCred;
  HCERTSTORE hRootStore;
  DWORD cMappers;
  struct _HMAPPER** aphMappers;
  DWORD dwSessionLifespan;
  DWORD dwFlags;
  DWORD cTlsParameters;
  PTLS_PARAMETERS pTlsParameters;
} SCH_CREDENTIALS, *PSCH_CREDENTIALS;

#define TLS_PARAMS_OPTIONAL 1
#define SCH_CRED_MAX_SUPPORTED_PARAMETERS 0x10
#define SCH_CRED_MAX_SUPPORTED_ALPN_IDS 0x10
#define SCH_CRED_MAX_SUPPORTED_CRYPTO_SETTINGS 0x10
#define SCH_CRED_MAX_SUPPORTED_CHAINING_MODES 0x10
#define SCH_CRED_FORMAT_CERT_CONTEXT 0
#define SCH_CRED_FORMAT_CERT_HASH 1
#define SCH_CRED_FORMAT_CERT_HASH_STORE 2
#define SCH_CRED_MAX_SUPPORTED_ALGS 0x100
#define SCH_CRED_MAX_SUPPORTED_CERTS 0x64

#define SCH_CRED_NO_SYSTEM_MAPPER 2
#define SCH_CRED_NO_SERVERNAME_CHECK 4
#define SCH_CRED_MANUAL_CRED_VALIDATION 8
#define SCH_CRED_NO_DEFAULT_CREDS 0x10
#define SCH_CRED_AUTO_CRED_VALIDATION 0x20
#define SCH_CRED_USE_DEFAULT_CREDS 0x40
#define SCH_CRED_DISABLE_RECONNECTS 0x80
/* Revocation: nothing is fetched from any network. Lists come from hRootStore, OPENSSPI_TLS_POLICY, the process's store
 * "CA" and OpenSSL's directory of certificates (after `openssl rehash`); a client takes the OCSP answer too that the
 * server staples. Strict, without the two IGNORE flags: whatever is not known to be good gives
 * CRYPT_E_REVOCATION_OFFLINE or, where the certificate names no source, CRYPT_E_NO_REVOCATION_CHECK. Best effort, with
 * both: absence is forgiven, CRYPT_E_REVOKED never. */
#define SCH_CRED_REVOCATION_CHECK_END_CERT 0x100
#define SCH_CRED_REVOCATION_CHECK_CHAIN 0x200
#define SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT 0x400
#define SCH_CRED_IGNORE_NO_REVOCATION_CHECK 0x800
#define SCH_CRED_IGNORE_REVOCATION_OFFLINE 0x1000
#define SCH_CRED_RESTRICTED_ROOTS 0x2000
#define SCH_CRED_REVOCATION_CHECK_CACHE_ONLY 0x4000
#define SCH_CRED_CACHE_ONLY_URL_RETRIEVAL 0x8000
#define SCH_CRED_MEMORY_STORE_CERT 0x00010000
#define SCH_CRED_CACHE_ONLY_URL_RETRIEVAL_ON_CREATE 0x00020000
#define SCH_SEND_ROOT_CERT 0x00040000
#define SCH_CRED_SNI_CREDENTIAL 0x00080000
#define SCH_CRED_SNI_ENABLE_OCSP 0x00100000
#define SCH_SEND_AUX_RECORD 0x00200000
#define SCH_USE_STRONG_CRYPTO 0x00400000
#define SCH_USE_PRESHAREDKEY_ONLY 0x00800000
#define SCH_USE_DTLS_ONLY 0x01000000
#define SCH_ALLOW_NULL_ENCRYPTION 0x02000000

#define SP_PROT_NONE 0
#define SP_PROT_ALL 0xFFFFFFFF
#define SP_PROT_PCT1_SERVER 1
#define SP_PROT_PCT1_CLIENT 2
#define SP_PROT_SSL2_SERVER 4
#define SP_PROT_SSL2_CLIENT 8
#define SP_PROT_SSL2 0xC
#define SP_PROT_SSL3_SERVER 0x10
#define SP_PROT_SSL3_CLIENT 0x20
#define SP_PROT_SSL3 0x30
#define SP_PROT_TLS1_SERVER 0x40
#define SP_PROT_TLS1_CLIENT 0x80
#define SP_PROT_TLS1 0xC0
#define SP_PROT_TLS1_0_SERVER 0x40
#define SP_PROT_TLS1_0_CLIENT 0x80
#define SP_PROT_TLS1_0 0xC0
#define SP_PROT_TLS1_1_SERVER 0x100
#define SP_PROT_TLS1_1_CLIENT 0x200
#define SP_PROT_TLS1_1 0x300
#define SP_PROT_TLS1_2_SERVER 0x400
#define SP_PROT_TLS1_2_CLIENT 0x800
#define SP_PROT_TLS1_2 0xC00
#define SP_PROT_TLS1_3_SERVER 0x1000
#define SP_PROT_TLS1_3_CLIENT 0x2000
#define SP_PROT_TLS1_3 0x3000
#define SP_PROT_DTLS1_0_SERVER 0x00010000
#define SP_PROT_DTLS1_0_CLIENT 0x00020000
#define SP_PROT_DTLS1_2_SERVER 0x00040000
#define SP_PROT_DTLS1_2_CLIENT 0x00080000
#define SP_PROT_UNI_SERVER 0x40000000
#define SP_PROT_UNI_CLIENT 0x80000000
#define SP_PROT_TLS1_X_SERVER 0x1540
#define SP_PROT_TLS1_X_CLIENT 0x2A80
#define SP_PROT_TLS1_X 0x3FC0

/* ---- Control tokens: the content of the TOKEN that ApplyControlToken takes. ------------------------------------- */

#define SCHANNEL_RENEGOTIATE 0
#define SCHANNEL_SHUTDOWN 1
#define SCHANNEL_ALERT 2
#define SCHANNEL_SESSION 3

typedef struct _SCHANNEL_ALERT_TOKEN {
  DWORD dwTokenType; /* SCHANNEL_ALERT */
  DWORD dwAlertType; /* TLS1_ALERT_WARNING, TLS1_ALERT_FATAL */
  DWORD dwAlertNumber;
} SCHANNEL_ALERT_TOKEN;

typedef struct _SCHANNEL_SESSION_TOKEN {
  DWORD dwTokenType; /* SCHANNEL_SESSION */
  DWORD dwFlags;     /* SSL_SESSION_ENABLE_RECONNECTS, SSL_SESSION_DISABLE_RECONNECTS */
} SCHANNEL_SESSION_TOKEN;

#define SSL_SESSION_ENABLE_RECONNECTS 1
#define SSL_SESSION_DISABLE_RECONNECTS 2
#define TLS1_ALERT_WARNING 1
#define TLS1_ALERT_FATAL 2
#define TLS1_ALERT_CLOSE_NOTIFY 0
#define TLS1_ALERT_UNEXPECTED_MESSAGE 10
#define TLS1_ALERT_BAD_RECORD_MAC 20
#define TLS1_ALERT_DECRYPTION_FAILED 21
#define TLS1_ALERT_RECORD_OVERFLOW 22
#define TLS1_ALERT_DECOMPRESSION_FAIL 30
#define TLS1_ALERT_HANDSHAKE_FAILURE 40
#define TLS1_ALERT_BAD_CERTIFICATE 42
#define TLS1_ALERT_UNSUPPORTED_CERT 43
#define TLS1_ALERT_CERTIFICATE_REVOKED 44
#define TLS1_ALERT_CERTIFICATE_EXPIRED 45
#define TLS1_ALERT_CERTIFICATE_UNKNOWN 46
#define TLS1_ALERT_ILLEGAL_PARAMETER 47
#define TLS1_ALERT_UNKNOWN_CA 48
#define TLS1_ALERT_ACCESS_DENIED 49
#define TLS1_ALERT_DECODE_ERROR 50
#define TLS1_ALERT_DECRYPT_ERROR 51
#define TLS1_ALERT_EXPORT_RESTRICTION 60
#define TLS1_ALERT_PROTOCOL_VERSION 70
#define TLS1_ALERT_INSUFFIENT_SECURITY 71
#define TLS1_ALERT_INTERNAL_ERROR 80
#define TLS1_ALERT_USER_CANCELED 90
#define TLS1_ALERT_NO_RENEGOTIATION 100
#define TLS1_ALERT_UNSUPPORTED_EXT 110
#define TLS1_ALERT_UNKNOWN_PSK_IDENTITY 115
#define TLS1_ALERT_NO_APP_PROTOCOL 120

/* ---- What contexts answer. SECPKG_ATTR_REMOTE_CERT_CONTEXT and _LOCAL_CERT_CONTEXT fill a PCCERT_CONTEXT, which is
 * freed by CertFreeCertificateContext; its hCertStore holds the certificates that came with it.
 * --------------------------- */

#define UNISP_RPC_ID 14

/* SECPKG_ATTR_ISSUER_LIST_EX: DER names; one block, freed once (aIssuers) by FreeContextBuffer. */
typedef struct _SecPkgContext_IssuerListInfoEx {
  PCERT_NAME_BLOB aIssuers;
  DWORD cIssuers;
} SecPkgContext_IssuerListInfoEx, *PSecPkgContext_IssuerListInfoEx;

typedef struct _SecPkgContext_ConnectionInfo {
  DWORD dwProtocol; /* SP_PROT_x of this side */
  ALG_ID aiCipher;
  DWORD dwCipherStrength;
  ALG_ID aiHash;
  DWORD dwHashStrength; /* 0 for authenticated encryption */
  ALG_ID aiExch;
  DWORD dwExchStrength;
} SecPkgContext_ConnectionInfo, *PSecPkgContext_ConnectionInfo;

#define SZ_ALG_MAX_SIZE 64
#define SECPKGCONTEXT_CONNECTION_INFO_EX_V1 1
#define SECPKGCONTEXT_CIPHERINFO_V1 1

/* SECPKG_ATTR_CONNECTION_INFO_EX */
typedef struct _SecPkgContext_ConnectionInfoEx {
  DWORD dwVersion; /* SECPKGCONTEXT_CONNECTION_INFO_EX_V1 */
  DWORD dwProtocol;
  SEC_WCHAR szCipher[SZ_ALG_MAX_SIZE];
  DWORD dwCipherStrength;
  SEC_WCHAR szHash[SZ_ALG_MAX_SIZE];
  DWORD dwHashStrength;
  SEC_WCHAR szExchange[SZ_ALG_MAX_SIZE];
  DWORD dwExchStrength;
} SecPkgContext_ConnectionInfoEx, *PSecPkgContext_ConnectionInfoEx;

/* SECPKG_ATTR_CIPHER_INFO; the caller sets dwVersion. */
typedef struct _SecPkgContext_CipherInfo {
  DWORD dwVersion;  /* SECPKGCONTEXT_CIPHERINFO_V1 */
  DWORD dwProtocol; /* the wire's version: 0x0303, 0x0304 */
  DWORD dwCipherSuite;
  DWORD dwBaseCipherSuite;
  SEC_WCHAR szCipherSuite[SZ_ALG_MAX_SIZE];
  SEC_WCHAR szCipher[SZ_ALG_MAX_SIZE];
  DWORD dwCipherLen;      /* bits */
  DWORD dwCipherBlockLen; /* bytes */
  SEC_WCHAR szHash[SZ_ALG_MAX_SIZE];
  DWORD dwHashLen;
  SEC_WCHAR szExchange[SZ_ALG_MAX_SIZE];
  DWORD dwMinExchangeLen;
  DWORD dwMaxExchangeLen;
  SEC_WCHAR szCertificate[SZ_ALG_MAX_SIZE];
  DWORD dwKeyType; /* the group's number */
} SecPkgContext_CipherInfo, *PSecPkgContext_CipherInfo;

#define SSL_SESSION_RECONNECT 1
typedef struct _SecPkgContext_SessionInfo {
  DWORD dwFlags; /* SSL_SESSION_RECONNECT: resumed */
  DWORD cbSessionId;
  BYTE rgbSessionId[32];
} SecPkgContext_SessionInfo, *PSecPkgContext_SessionInfo;

/* SECPKG_ATTR_REMOTE_CERTIFICATES: each certificate as a DWORD with its length and its DER; freed by FreeContextBuffer.
 */
typedef struct _SecPkgContext_Certificates {
  DWORD cCertificates;
  DWORD cbCertificateChain;
  BYTE* pbCertificateChain;
} SecPkgContext_Certificates, *PSecPkgContext_Certificates;

/* SECPKG_ATTR_KEYING_MATERIAL_INFO, for SetContextAttributesW: what SECPKG_ATTR_KEYING_MATERIAL exports (RFC 5705). */
typedef struct _SecPkgContext_KeyingMaterialInfo {
  WORD cbLabel; /* with its NUL */
  char* pszLabel;
  WORD cbContextValue;
  BYTE* pbContextValue; /* NULL: no context value, which is not an empty one */
  DWORD cbKeyingMaterial;
} SecPkgContext_KeyingMaterialInfo, *PSecPkgContext_KeyingMaterialInfo;

/* SECPKG_ATTR_KEYING_MATERIAL; freed by FreeContextBuffer. */
typedef struct _SecPkgContext_KeyingMaterial {
  DWORD cbKeyingMaterial;
  BYTE* pbKeyingMaterial;
} SecPkgContext_KeyingMaterial, *PSecPkgContext_KeyingMaterial;

/* Answers of credentials, SECPKG_ATTR_SUPPORTED_PROTOCOLS, _CIPHER_STRENGTHS and _SUPPORTED_ALGS. */
typedef struct _SecPkgCred_SupportedAlgs {
  DWORD cSupportedAlgs;
  ALG_ID* palgSupportedAlgs; /* freed by FreeContextBuffer */
} SecPkgCred_SupportedAlgs, *PSecPkgCred_SupportedAlgs;
typedef struct _SecPkgCred_CipherStrengths {
  DWORD dwMinimumCipherStrength;
  DWORD dwMaximumCipherStrength;
} SecPkgCred_CipherStrengths, *PSecPkgCred_CipherStrengths;
typedef struct _SecPkgCred_SupportedProtocols {
  DWORD grbitProtocol;
} SecPkgCred_SupportedProtocols, *PSecPkgCred_SupportedProtocols;

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_SCHANNEL_H */
