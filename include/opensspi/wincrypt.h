/* Certificates and stores: the subset of Windows' wincrypt.h that callers of Schannel need, with its names, layouts,
 * numbers and calling rules.
 *
 * On Windows this includes the system's header. Elsewhere certificates are OpenSSL's: contexts and stores are real
 * pointers that count references; every pointer to a certificate, store or chain that a function gives is freed by its
 * own CertFree... or CertClose... function. A function that fails gives 0 or NULL; OpenSspiGetLastCryptError (extra.h)
 * then has the code that GetLastError has on Windows, and OpenSspiGetLastFailureW the reason. Contexts and stores may
 * be used from any thread.
 */
#ifndef OPENSSPI_WINCRYPT_H
#define OPENSSPI_WINCRYPT_H

#include "opensspi/sspi.h"

#ifdef _WIN32

#include <wincrypt.h>

#else

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types. -------------------------------------------------------------------------------------------------- */

#ifndef OPENSSPI_NO_WINDOWS_TYPES
typedef struct _FILETIME {
  DWORD dwLowDateTime;
  DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;
typedef struct _GUID {
  DWORD Data1;
  WORD Data2;
  WORD Data3;
  BYTE Data4[8];
} GUID;
#endif

typedef ULONG_PTR HCRYPTPROV;
typedef void* HCERTSTORE;
typedef void* HCERTCHAINENGINE;
typedef unsigned int ALG_ID;

typedef struct _CRYPTOAPI_BLOB {
  DWORD cbData;
  BYTE* pbData;
} CRYPT_INTEGER_BLOB, *PCRYPT_INTEGER_BLOB, CRYPT_OBJID_BLOB, *PCRYPT_OBJID_BLOB, CERT_NAME_BLOB, *PCERT_NAME_BLOB,
    CERT_BLOB, *PCERT_BLOB, CRL_BLOB, *PCRL_BLOB, DATA_BLOB, *PDATA_BLOB, CRYPT_DATA_BLOB, *PCRYPT_DATA_BLOB,
    CRYPT_HASH_BLOB, *PCRYPT_HASH_BLOB, CRYPT_DER_BLOB, *PCRYPT_DER_BLOB;

typedef struct _CRYPT_BIT_BLOB {
  DWORD cbData;
  BYTE* pbData;
  DWORD cUnusedBits;
} CRYPT_BIT_BLOB, *PCRYPT_BIT_BLOB;

typedef struct _CRYPT_ALGORITHM_IDENTIFIER {
  char* pszObjId;
  CRYPT_OBJID_BLOB Parameters;
} CRYPT_ALGORITHM_IDENTIFIER, *PCRYPT_ALGORITHM_IDENTIFIER;

typedef struct _CERT_EXTENSION {
  char* pszObjId;
  BOOL fCritical;
  CRYPT_OBJID_BLOB Value;
} CERT_EXTENSION, *PCERT_EXTENSION;
typedef const CERT_EXTENSION* PCCERT_EXTENSION;

typedef struct _CERT_PUBLIC_KEY_INFO {
  CRYPT_ALGORITHM_IDENTIFIER Algorithm;
  CRYPT_BIT_BLOB PublicKey;
} CERT_PUBLIC_KEY_INFO, *PCERT_PUBLIC_KEY_INFO;

/* A certificate's fields; integers and bit strings are little-endian, as Windows has them. */
typedef struct _CERT_INFO {
  DWORD dwVersion; /* CERT_V1, CERT_V2, CERT_V3 */
  CRYPT_INTEGER_BLOB SerialNumber;
  CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
  CERT_NAME_BLOB Issuer;
  FILETIME NotBefore;
  FILETIME NotAfter;
  CERT_NAME_BLOB Subject;
  CERT_PUBLIC_KEY_INFO SubjectPublicKeyInfo;
  CRYPT_BIT_BLOB IssuerUniqueId;
  CRYPT_BIT_BLOB SubjectUniqueId;
  DWORD cExtension;
  PCERT_EXTENSION rgExtension;
} CERT_INFO, *PCERT_INFO;

typedef struct _CERT_CONTEXT {
  DWORD dwCertEncodingType; /* X509_ASN_ENCODING */
  BYTE* pbCertEncoded;      /* DER */
  DWORD cbCertEncoded;
  PCERT_INFO pCertInfo;
  HCERTSTORE hCertStore; /* lives as long as the context; not to be closed by its reader */
} CERT_CONTEXT, *PCERT_CONTEXT;
typedef const CERT_CONTEXT* PCCERT_CONTEXT;

typedef const struct _CRL_CONTEXT* PCCRL_CONTEXT; /* never given here: functions take NULL for its address */

typedef struct _CTL_USAGE {
  DWORD cUsageIdentifier;
  char** rgpszUsageIdentifier; /* dotted object identifiers */
} CTL_USAGE, *PCTL_USAGE, CERT_ENHKEY_USAGE, *PCERT_ENHKEY_USAGE;

typedef struct _CRYPT_KEY_PROV_PARAM {
  DWORD dwParam;
  BYTE* pbData;
  DWORD cbData;
  DWORD dwFlags;
} CRYPT_KEY_PROV_PARAM, *PCRYPT_KEY_PROV_PARAM;

/* CERT_KEY_PROV_INFO_PROP_ID: where a certificate's private key is. Here pwszProvName is "OpenSSL" for a key in memory
 * or in a file (pwszContainerName then the file's path, or ""), and "PKCS#11" for a key whose pwszContainerName is a
 * pkcs11: URI (RFC 7512). Setting it with a path of a PEM file or a URI gives the certificate that key. */
typedef struct _CRYPT_KEY_PROV_INFO {
  SEC_WCHAR* pwszContainerName;
  SEC_WCHAR* pwszProvName;
  DWORD dwProvType;
  DWORD dwFlags;
  DWORD cProvParam;
  PCRYPT_KEY_PROV_PARAM rgProvParam;
  DWORD dwKeySpec; /* AT_KEYEXCHANGE or AT_SIGNATURE */
} CRYPT_KEY_PROV_INFO, *PCRYPT_KEY_PROV_INFO;

typedef struct _CERT_TRUST_STATUS {
  DWORD dwErrorStatus; /* CERT_TRUST_IS_x */
  DWORD dwInfoStatus;  /* CERT_TRUST_HAS_x */
} CERT_TRUST_STATUS, *PCERT_TRUST_STATUS;

typedef struct _CERT_CHAIN_ELEMENT {
  DWORD cbSize;
  PCCERT_CONTEXT pCertContext;
  CERT_TRUST_STATUS TrustStatus;
  struct _CERT_REVOCATION_INFO* pRevocationInfo; /* NULL here */
  PCERT_ENHKEY_USAGE pIssuanceUsage;             /* NULL here */
  PCERT_ENHKEY_USAGE pApplicationUsage;          /* NULL here */
  const SEC_WCHAR* pwszExtendedErrorInfo;
} CERT_CHAIN_ELEMENT, *PCERT_CHAIN_ELEMENT;

typedef struct _CERT_SIMPLE_CHAIN {
  DWORD cbSize;
  CERT_TRUST_STATUS TrustStatus;
  DWORD cElement; /* the end certificate first */
  PCERT_CHAIN_ELEMENT* rgpElement;
  struct _CERT_TRUST_LIST_INFO* pTrustListInfo; /* NULL here */
  BOOL fHasRevocationFreshnessTime;
  DWORD dwRevocationFreshnessTime;
} CERT_SIMPLE_CHAIN, *PCERT_SIMPLE_CHAIN;

typedef struct _CERT_CHAIN_CONTEXT {
  DWORD cbSize;
  CERT_TRUST_STATUS TrustStatus;
  DWORD cChain; /* 1 here */
  PCERT_SIMPLE_CHAIN* rgpChain;
  DWORD cLowerQualityChainContext;
  const struct _CERT_CHAIN_CONTEXT** rgpLowerQualityChainContext;
  BOOL fHasRevocationFreshnessTime;
  DWORD dwRevocationFreshnessTime;
  DWORD dwCreateFlags;
  GUID ChainId;
} CERT_CHAIN_CONTEXT, *PCERT_CHAIN_CONTEXT;
typedef const CERT_CHAIN_CONTEXT* PCCERT_CHAIN_CONTEXT;

typedef struct _CERT_USAGE_MATCH {
  DWORD dwType; /* USAGE_MATCH_TYPE_AND, USAGE_MATCH_TYPE_OR */
  CERT_ENHKEY_USAGE Usage;
} CERT_USAGE_MATCH, *PCERT_USAGE_MATCH;

typedef struct _CERT_CHAIN_PARA {
  DWORD cbSize;
  CERT_USAGE_MATCH RequestedUsage;
} CERT_CHAIN_PARA, *PCERT_CHAIN_PARA;

typedef struct _CERT_CHAIN_POLICY_PARA {
  DWORD cbSize;
  DWORD dwFlags; /* CERT_CHAIN_POLICY_x */
  void* pvExtraPolicyPara;
} CERT_CHAIN_POLICY_PARA, *PCERT_CHAIN_POLICY_PARA;

typedef struct _CERT_CHAIN_POLICY_STATUS {
  DWORD cbSize;
  DWORD dwError; /* 0, or CERT_E_x, CRYPT_E_x, TRUST_E_x */
  LONG lChainIndex;
  LONG lElementIndex;
  void* pvExtraPolicyStatus;
} CERT_CHAIN_POLICY_STATUS, *PCERT_CHAIN_POLICY_STATUS;

/* For CERT_CHAIN_POLICY_SSL. */
typedef struct _HTTPSPolicyCallbackData {
  __extension__ union {
    DWORD cbStruct;
    DWORD cbSize;
  };
  DWORD dwAuthType; /* AUTHTYPE_CLIENT: a client's certificate is checked; AUTHTYPE_SERVER: a server's */
  DWORD fdwChecks;  /* SECURITY_FLAG_IGNORE_x of wininet.h */
  SEC_WCHAR* pwszServerName;
} HTTPSPolicyCallbackData, *PHTTPSPolicyCallbackData, SSL_EXTRA_CERT_CHAIN_POLICY_PARA,
    *PSSL_EXTRA_CERT_CHAIN_POLICY_PARA;

typedef struct _CRYPT_OID_INFO {
  DWORD cbSize;
  const char* pszOID;
  const SEC_WCHAR* pwszName;
  DWORD dwGroupId; /* CRYPT_x_OID_GROUP_ID */
  __extension__ union {
    DWORD dwValue;
    ALG_ID Algid;
    DWORD dwLength;
  };
  CRYPT_DATA_BLOB ExtraInfo;
} CRYPT_OID_INFO, *PCRYPT_OID_INFO;
typedef const CRYPT_OID_INFO* PCCRYPT_OID_INFO;

/* ---- Numbers. ------------------------------------------------------------------------------------------------ */

#define X509_ASN_ENCODING 1
#define PKCS_7_ASN_ENCODING 0x00010000
#define CERT_V1 0
#define CERT_V2 1
#define CERT_V3 2
#define AT_KEYEXCHANGE 1
#define AT_SIGNATURE 2

/* Providers of CertOpenStore. */
#define CERT_STORE_PROV_MEMORY ((const char*)2)
#define CERT_STORE_PROV_PKCS7 ((const char*)5)
#define CERT_STORE_PROV_SERIALIZED ((const char*)6)
#define CERT_STORE_PROV_FILENAME_W ((const char*)8)
#define CERT_STORE_PROV_FILENAME ((const char*)8)
#define CERT_STORE_PROV_SYSTEM_W ((const char*)10)
#define CERT_STORE_PROV_SYSTEM ((const char*)10)

#define CERT_STORE_NO_CRYPT_RELEASE_FLAG 1
#define CERT_STORE_DEFER_CLOSE_UNTIL_LAST_FREE_FLAG 4
#define CERT_STORE_DELETE_FLAG 0x10
#define CERT_STORE_READONLY_FLAG 0x8000
#define CERT_STORE_OPEN_EXISTING_FLAG 0x4000
#define CERT_STORE_CREATE_NEW_FLAG 0x2000
#define CERT_STORE_MAXIMUM_ALLOWED_FLAG 0x1000
#define CERT_FILE_STORE_COMMIT_ENABLE_FLAG 0x00010000
#define CERT_STORE_ENUM_ARCHIVED_FLAG 0x200
#define CERT_STORE_BACKUP_RESTORE_FLAG 0x800
#define CERT_SYSTEM_STORE_CURRENT_USER 0x00010000
#define CERT_SYSTEM_STORE_LOCAL_MACHINE 0x00020000
#define CERT_SYSTEM_STORE_LOCATION_MASK 0x00FF0000
#define CERT_SYSTEM_STORE_CURRENT_SERVICE 0x00040000
#define CERT_SYSTEM_STORE_SERVICES 0x00050000
#define CERT_SYSTEM_STORE_USERS 0x00060000
#define CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY 0x00070000
#define CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY 0x00080000
#define CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE 0x00090000
#define CERT_CLOSE_STORE_FORCE_FLAG 1
#define CERT_CLOSE_STORE_CHECK_FLAG 2
#define CERT_STORE_ADD_NEW 1
#define CERT_STORE_ADD_USE_EXISTING 2
#define CERT_STORE_ADD_REPLACE_EXISTING 3
#define CERT_STORE_ADD_ALWAYS 4
#define CERT_STORE_ADD_REPLACE_EXISTING_INHERIT_PROPERTIES 5
#define CERT_STORE_ADD_NEWER 6
#define CERT_STORE_ADD_NEWER_INHERIT_PROPERTIES 7
#define CERT_STORE_SAVE_AS_STORE 1
#define CERT_STORE_SAVE_AS_PKCS7 2
#define CERT_STORE_SAVE_AS_PKCS12 3
#define CERT_STORE_SAVE_TO_MEMORY 2
#define CERT_STORE_SAVE_TO_FILENAME_W 4
#define CERT_STORE_SAVE_TO_FILENAME 4

#define CERT_FIND_ANY 0
#define CERT_FIND_SHA1_HASH 0x00010000
#define CERT_FIND_MD5_HASH 0x00040000
#define CERT_FIND_SIGNATURE_HASH 0x000E0000
#define CERT_FIND_KEY_IDENTIFIER 0x000F0000
#define CERT_FIND_HASH 0x00010000
#define CERT_FIND_PROPERTY 0x00050000
#define CERT_FIND_PUBLIC_KEY 0x00060000
#define CERT_FIND_SUBJECT_NAME 0x00020007
#define CERT_FIND_ISSUER_NAME 0x00020004
#define CERT_FIND_SUBJECT_STR_W 0x00080007
#define CERT_FIND_SUBJECT_STR 0x00080007
#define CERT_FIND_ISSUER_STR_W 0x00080004
#define CERT_FIND_ISSUER_STR 0x00080004
#define CERT_FIND_ENHKEY_USAGE 0x000A0000
#define CERT_FIND_SUBJECT_CERT 0x000B0000
#define CERT_FIND_ISSUER_OF 0x000C0000
#define CERT_FIND_EXISTING 0x000D0000
#define CERT_FIND_PUBKEY_MD5_HASH 0x00120000
#define CERT_FIND_HAS_PRIVATE_KEY 0x00150000

#define CERT_KEY_PROV_INFO_PROP_ID 2
#define CERT_SHA1_HASH_PROP_ID 3
#define CERT_MD5_HASH_PROP_ID 4
#define CERT_HASH_PROP_ID 3
#define CERT_KEY_SPEC_PROP_ID 6
#define CERT_ENHKEY_USAGE_PROP_ID 9
#define CERT_FRIENDLY_NAME_PROP_ID 11
#define CERT_DESCRIPTION_PROP_ID 13
#define CERT_ACCESS_STATE_PROP_ID 14
#define CERT_SIGNATURE_HASH_PROP_ID 15
#define CERT_ARCHIVED_PROP_ID 19
#define CERT_KEY_IDENTIFIER_PROP_ID 20
#define CERT_AUTO_ENROLL_PROP_ID 21
#define CERT_PUBKEY_ALG_PARA_PROP_ID 22
#define CERT_CROSS_CERT_DIST_POINTS_PROP_ID 23
#define CERT_ISSUER_PUBLIC_KEY_MD5_HASH_PROP_ID 24
#define CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID 25
#define CERT_ENROLLMENT_PROP_ID 26
#define CERT_DATE_STAMP_PROP_ID 27
#define CERT_ISSUER_SERIAL_NUMBER_MD5_HASH_PROP_ID 28
#define CERT_SUBJECT_NAME_MD5_HASH_PROP_ID 29
#define CERT_EXTENDED_ERROR_INFO_PROP_ID 30
#define CERT_RENEWAL_PROP_ID 64
#define CERT_ARCHIVED_KEY_HASH_PROP_ID 65
#define CERT_BACKED_UP_PROP_ID 69
#define CERT_OCSP_RESPONSE_PROP_ID 70
#define CERT_REQUEST_ORIGINATOR_PROP_ID 71
#define CERT_SOURCE_LOCATION_PROP_ID 72
#define CERT_SOURCE_URL_PROP_ID 73
#define CERT_NEW_KEY_PROP_ID 74
#define CERT_SMART_CARD_DATA_PROP_ID 16
#define CERT_PVK_FILE_PROP_ID 12
#define CERT_NEXT_UPDATE_LOCATION_PROP_ID 10
#define CERT_KEY_PROV_HANDLE_PROP_ID 1
#define CERT_KEY_CONTEXT_PROP_ID 5
#define CERT_SHA256_HASH_PROP_ID 107
#define CERT_FIRST_USER_PROP_ID 32768
#define CERT_LAST_USER_PROP_ID 65535

#define CERT_NAME_EMAIL_TYPE 1
#define CERT_NAME_RDN_TYPE 2
#define CERT_NAME_ATTR_TYPE 3
#define CERT_NAME_SIMPLE_DISPLAY_TYPE 4
#define CERT_NAME_FRIENDLY_DISPLAY_TYPE 5
#define CERT_NAME_DNS_TYPE 6
#define CERT_NAME_URL_TYPE 7
#define CERT_NAME_UPN_TYPE 8
#define CERT_NAME_ISSUER_FLAG 1
#define CERT_NAME_DISABLE_IE4_UTF8_FLAG 0x00010000
#define CERT_NAME_SEARCH_ALL_NAMES_FLAG 2
#define CERT_SIMPLE_NAME_STR 1
#define CERT_OID_NAME_STR 2
#define CERT_X500_NAME_STR 3
#define CERT_NAME_STR_FORWARD_FLAG 0x01000000
#define CERT_NAME_STR_REVERSE_FLAG 0x02000000
#define CERT_NAME_STR_COMMA_FLAG 0x04000000
#define CERT_NAME_STR_CRLF_FLAG 0x08000000
#define CERT_NAME_STR_NO_QUOTING_FLAG 0x10000000
#define CERT_NAME_STR_NO_PLUS_FLAG 0x20000000
#define CERT_NAME_STR_SEMICOLON_FLAG 0x40000000
#define CERT_NAME_STR_DISABLE_IE4_UTF8_FLAG 0x00010000
#define CERT_NAME_STR_ENABLE_T61_UNICODE_FLAG 0x00020000
#define CERT_NAME_STR_ENABLE_UTF8_UNICODE_FLAG 0x00040000
#define CERT_NAME_STR_FORCE_UTF8_DIR_STR_FLAG 0x00080000

#define CERT_FIND_EXT_ONLY_ENHKEY_USAGE_FLAG 2
#define CERT_FIND_PROP_ONLY_ENHKEY_USAGE_FLAG 4

#define CERT_DIGITAL_SIGNATURE_KEY_USAGE 0x80
#define CERT_NON_REPUDIATION_KEY_USAGE 0x40
#define CERT_KEY_ENCIPHERMENT_KEY_USAGE 0x20
#define CERT_DATA_ENCIPHERMENT_KEY_USAGE 0x10
#define CERT_KEY_AGREEMENT_KEY_USAGE 8
#define CERT_KEY_CERT_SIGN_KEY_USAGE 4
#define CERT_CRL_SIGN_KEY_USAGE 2
#define CERT_ENCIPHER_ONLY_KEY_USAGE 1
#define CERT_DECIPHER_ONLY_KEY_USAGE 0x80

#define CERT_TRUST_NO_ERROR 0
#define CERT_TRUST_IS_NOT_TIME_VALID 1
#define CERT_TRUST_IS_NOT_TIME_NESTED 2
#define CERT_TRUST_IS_REVOKED 4
#define CERT_TRUST_IS_NOT_SIGNATURE_VALID 8
#define CERT_TRUST_IS_NOT_VALID_FOR_USAGE 0x10
#define CERT_TRUST_IS_UNTRUSTED_ROOT 0x20
#define CERT_TRUST_REVOCATION_STATUS_UNKNOWN 0x40
#define CERT_TRUST_IS_CYCLIC 0x80
#define CERT_TRUST_INVALID_EXTENSION 0x100
#define CERT_TRUST_INVALID_POLICY_CONSTRAINTS 0x200
#define CERT_TRUST_INVALID_BASIC_CONSTRAINTS 0x400
#define CERT_TRUST_INVALID_NAME_CONSTRAINTS 0x800
#define CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT 0x1000
#define CERT_TRUST_HAS_NOT_DEFINED_NAME_CONSTRAINT 0x2000
#define CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT 0x4000
#define CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT 0x8000
#define CERT_TRUST_IS_PARTIAL_CHAIN 0x00010000
#define CERT_TRUST_CTL_IS_NOT_TIME_VALID 0x00020000
#define CERT_TRUST_CTL_IS_NOT_SIGNATURE_VALID 0x00040000
#define CERT_TRUST_CTL_IS_NOT_VALID_FOR_USAGE 0x00080000
#define CERT_TRUST_HAS_WEAK_SIGNATURE 0x00100000
#define CERT_TRUST_IS_OFFLINE_REVOCATION 0x01000000
#define CERT_TRUST_NO_ISSUANCE_CHAIN_POLICY 0x02000000
#define CERT_TRUST_IS_EXPLICIT_DISTRUST 0x04000000
#define CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT 0x08000000
#define CERT_TRUST_HAS_EXACT_MATCH_ISSUER 1
#define CERT_TRUST_HAS_KEY_MATCH_ISSUER 2
#define CERT_TRUST_HAS_NAME_MATCH_ISSUER 4
#define CERT_TRUST_IS_SELF_SIGNED 8
#define CERT_TRUST_HAS_PREFERRED_ISSUER 0x100
#define CERT_TRUST_HAS_ISSUANCE_CHAIN_POLICY 0x200
#define CERT_TRUST_HAS_VALID_NAME_CONSTRAINTS 0x400
#define CERT_TRUST_IS_COMPLEX_CHAIN 0x00010000
#define USAGE_MATCH_TYPE_AND 0
#define USAGE_MATCH_TYPE_OR 1
#define CERT_CHAIN_DISABLE_AIA 0x2000
#define CERT_CHAIN_REVOCATION_CHECK_END_CERT 0x10000000
#define CERT_CHAIN_REVOCATION_CHECK_CHAIN 0x20000000
#define CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT 0x40000000
#define CERT_CHAIN_REVOCATION_CHECK_CACHE_ONLY 0x80000000
#define CERT_CHAIN_REVOCATION_ACCUMULATIVE_TIMEOUT 0x08000000
#define CERT_CHAIN_CACHE_END_CERT 1
#define CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL 4
#define CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE 0x100
#define CERT_CHAIN_TIMESTAMP_TIME 0x200
#define CERT_CHAIN_POLICY_IGNORE_NOT_TIME_VALID_FLAG 1
#define CERT_CHAIN_POLICY_IGNORE_CTL_NOT_TIME_VALID_FLAG 2
#define CERT_CHAIN_POLICY_IGNORE_NOT_TIME_NESTED_FLAG 4
#define CERT_CHAIN_POLICY_IGNORE_ALL_NOT_TIME_VALID_FLAGS 7
#define CERT_CHAIN_POLICY_IGNORE_INVALID_BASIC_CONSTRAINTS_FLAG 8
#define CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG 0x10
#define CERT_CHAIN_POLICY_IGNORE_WRONG_USAGE_FLAG 0x20
#define CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG 0x40
#define CERT_CHAIN_POLICY_IGNORE_INVALID_POLICY_FLAG 0x80
#define CERT_CHAIN_POLICY_IGNORE_END_REV_UNKNOWN_FLAG 0x100
#define CERT_CHAIN_POLICY_IGNORE_CTL_SIGNER_REV_UNKNOWN_FLAG 0x200
#define CERT_CHAIN_POLICY_IGNORE_CA_REV_UNKNOWN_FLAG 0x400
#define CERT_CHAIN_POLICY_IGNORE_ROOT_REV_UNKNOWN_FLAG 0x800
#define CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS 0xF00
#define CERT_CHAIN_POLICY_IGNORE_NOT_SUPPORTED_CRITICAL_EXT_FLAG 0x2000
#define CERT_CHAIN_POLICY_BASE ((const char*)1)
#define CERT_CHAIN_POLICY_SSL ((const char*)4)
#define HCCE_CURRENT_USER ((void*)0)
#define HCCE_LOCAL_MACHINE ((void*)1)
#define AUTHTYPE_CLIENT 1
#define AUTHTYPE_SERVER 2

#define CRYPT_EXPORTABLE 1
#define CRYPT_USER_PROTECTED 2
#define CRYPT_USER_KEYSET 0x1000
#define CRYPT_MACHINE_KEYSET 0x20
#define PKCS12_NO_PERSIST_KEY 0x8000
#define PKCS12_ALWAYS_CNG_KSP 0x200
#define PKCS12_PREFER_CNG_KSP 0x100
#define PKCS12_INCLUDE_EXTENDED_PROPERTIES 0x10
#define REPORT_NO_PRIVATE_KEY 1
#define REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY 2
#define EXPORT_PRIVATE_KEYS 4

#define CRYPT_OID_INFO_OID_KEY 1
#define CRYPT_OID_INFO_NAME_KEY 2
#define CRYPT_OID_INFO_ALGID_KEY 3
#define CRYPT_HASH_ALG_OID_GROUP_ID 1
#define CRYPT_ENCRYPT_ALG_OID_GROUP_ID 2
#define CRYPT_PUBKEY_ALG_OID_GROUP_ID 3
#define CRYPT_SIGN_ALG_OID_GROUP_ID 4
#define CRYPT_RDN_ATTR_OID_GROUP_ID 5
#define CRYPT_EXT_OR_ATTR_OID_GROUP_ID 6
#define CRYPT_ENHKEY_USAGE_OID_GROUP_ID 7

/* Algorithms, as SCHANNEL_CRED and SecPkgContext_ConnectionInfo name them. */
#define CALG_RSA_SIGN 0x2400
#define CALG_DSS_SIGN 0x2200
#define CALG_ECDSA 0x2203
#define CALG_RSA_KEYX 0xA400
#define CALG_DH_EPHEM 0xAA02
#define CALG_ECDH 0xAA05
#define CALG_ECDH_EPHEM 0xAE06
#define CALG_NULLCIPHER 0x6000
#define CALG_AES 0x6611
#define CALG_AES_128 0x660E
#define CALG_AES_192 0x660F
#define CALG_AES_256 0x6610
#define CALG_3DES 0x6603
#define CALG_DES 0x6601
#define CALG_RC2 0x6602
#define CALG_RC4 0x6801
#define CALG_MD5 0x8003
#define CALG_SHA1 0x8004
#define CALG_SHA 0x8004
#define CALG_SHA_256 0x800C
#define CALG_SHA_384 0x800D
#define CALG_SHA_512 0x800E

#define szOID_COMMON_NAME "2.5.4.3"
#define szOID_SUBJECT_ALT_NAME2 "2.5.29.17"
#define szOID_ISSUER_ALT_NAME2 "2.5.29.18"
#define szOID_BASIC_CONSTRAINTS2 "2.5.29.19"
#define szOID_KEY_USAGE "2.5.29.15"
#define szOID_ENHANCED_KEY_USAGE "2.5.29.37"
#define szOID_ANY_ENHANCED_KEY_USAGE "2.5.29.37.0"
#define szOID_PKIX_KP_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define szOID_PKIX_KP_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"

/* ---- Certificates. ------------------------------------------------------------------------------------------- */

/* From DER. CRYPT_E_ASN1_BADTAG: it is not a certificate. */
PCCERT_CONTEXT SEC_ENTRY CertCreateCertificateContext(DWORD dwCertEncodingType, const BYTE* pbCertEncoded,
                                                      DWORD cbCertEncoded) OPENSSPI_BOUND(CertCreateCertificateContext);

/* The same context once more; NULL for NULL. */
PCCERT_CONTEXT SEC_ENTRY CertDuplicateCertificateContext(PCCERT_CONTEXT pCertContext)
    OPENSSPI_BOUND(CertDuplicateCertificateContext);

/* Always 1. NULL does nothing. */
BOOL SEC_ENTRY CertFreeCertificateContext(PCCERT_CONTEXT pCertContext) OPENSSPI_BOUND(CertFreeCertificateContext);

/* dwPropId: CERT_x_PROP_ID. pvData NULL asks for the size. Properties belong to the certificate in its store.
 * CRYPT_E_NOT_FOUND: it has none. ERROR_MORE_DATA: pcbData tells the size. */
BOOL SEC_ENTRY CertGetCertificateContextProperty(PCCERT_CONTEXT pCertContext, DWORD dwPropId, void* pvData,
                                                 DWORD* pcbData) OPENSSPI_BOUND(CertGetCertificateContextProperty);

/* pvData NULL deletes. CERT_KEY_PROV_INFO_PROP_ID takes a CRYPT_KEY_PROV_INFO, the others a CRYPT_DATA_BLOB.
 * SEC_E_INVALID_PARAMETER for the computed ones (hashes). */
BOOL SEC_ENTRY CertSetCertificateContextProperty(PCCERT_CONTEXT pCertContext, DWORD dwPropId, DWORD dwFlags,
                                                 const void* pvData) OPENSSPI_BOUND(CertSetCertificateContextProperty);

/* The property after dwPropId (0: the first) that the certificate has; 0 at the end. */
DWORD SEC_ENTRY CertEnumCertificateContextProperties(PCCERT_CONTEXT pCertContext, DWORD dwPropId)
    OPENSSPI_BOUND(CertEnumCertificateContextProperties);

/* dwFlags: 0 (property, else extension), CERT_FIND_EXT_ONLY_ENHKEY_USAGE_FLAG or ..._PROP_ONLY_. pUsage NULL asks for
 * the size. No usage at all: cUsageIdentifier is 0, and the last error CRYPT_E_NOT_FOUND where the certificate is good
 * for every usage, 0 where for none. */
BOOL SEC_ENTRY CertGetEnhancedKeyUsage(PCCERT_CONTEXT pCertContext, DWORD dwFlags, PCERT_ENHKEY_USAGE pUsage,
                                       DWORD* pcbUsage) OPENSSPI_BOUND(CertGetEnhancedKeyUsage);

/* The bytes of the key usage extension, zero-filled. 0 with the last error 0: there is no such extension. */
BOOL SEC_ENTRY CertGetIntendedKeyUsage(DWORD dwCertEncodingType, PCERT_INFO pCertInfo, BYTE* pbKeyUsage,
                                       DWORD cbKeyUsage) OPENSSPI_BOUND(CertGetIntendedKeyUsage);

/* Bits of the key; 0 for one that is not understood. */
DWORD SEC_ENTRY CertGetPublicKeyLength(DWORD dwCertEncodingType, PCERT_PUBLIC_KEY_INFO pPublicKey)
    OPENSSPI_BOUND(CertGetPublicKeyLength);

/* ---- Names. ---------------------------------------------------------------------------------------------------- */

/* Characters with the terminator; psz NULL or csz 0 asks for them. A text that does not fit is cut. */
DWORD SEC_ENTRY CertNameToStrW(DWORD dwCertEncodingType, PCERT_NAME_BLOB pName, DWORD dwStrType, SEC_WCHAR* psz,
                               DWORD csz) OPENSSPI_BOUND(CertNameToStrW);

/* "CN=a, O=b" as a DER name. *ppszError, if given: where the text is wrong. CRYPT_E_INVALID_X500_STRING. */
BOOL SEC_ENTRY CertStrToNameW(DWORD dwCertEncodingType, const SEC_WCHAR* pszX500, DWORD dwStrType, void* pvReserved,
                              BYTE* pbEncoded, DWORD* pcbEncoded, const SEC_WCHAR** ppszError)
    OPENSSPI_BOUND(CertStrToNameW);

/* dwType: CERT_NAME_x_TYPE; dwFlags: CERT_NAME_ISSUER_FLAG. pvTypePara: for ATTR a dotted object identifier, for RDN a
 * DWORD as dwStrType above. 1, with an empty text, where there is no such name. */
DWORD SEC_ENTRY CertGetNameStringW(PCCERT_CONTEXT pCertContext, DWORD dwType, DWORD dwFlags, void* pvTypePara,
                                   SEC_WCHAR* pszNameString, DWORD cchNameString) OPENSSPI_BOUND(CertGetNameStringW);

/* What an object identifier is called; NULL where it is not known. The answer lives as long as the process.
 * dwKeyType: CRYPT_OID_INFO_OID_KEY (a char *), CRYPT_OID_INFO_NAME_KEY (a SEC_WCHAR *, without regard to case). */
PCCRYPT_OID_INFO SEC_ENTRY CryptFindOIDInfo(DWORD dwKeyType, void* pvKey, DWORD dwGroupId)
    OPENSSPI_BOUND(CryptFindOIDInfo);

/* ---- Stores. --------------------------------------------------------------------------------------------------- */

/* lpszStoreProvider: CERT_STORE_PROV_MEMORY; _PKCS7 and _SERIALIZED with a CRYPT_DATA_BLOB; _FILENAME_W with a path
 * (PEM, DER, PKCS#7 or serialized; CERT_STORE_READONLY_FLAG, CERT_STORE_OPEN_EXISTING_FLAG, CERT_STORE_CREATE_NEW_FLAG,
 * CERT_FILE_STORE_COMMIT_ENABLE_FLAG); _SYSTEM_W with a name as CertOpenSystemStoreW. A PEM file may hold CRLs too.
 * ERROR_FILE_NOT_FOUND, ERROR_FILE_EXISTS, ERROR_INVALID_DATA, ... */
HCERTSTORE SEC_ENTRY CertOpenStore(const char* lpszStoreProvider, DWORD dwEncodingType, HCRYPTPROV hCryptProv,
                                   DWORD dwFlags, const void* pvPara) OPENSSPI_BOUND(CertOpenStore);

/* "ROOT": the system's CA certificates, read anew when they change; read only. "MY": the user's certificates with
 * private keys; adding and deleting is kept. "CA": intermediates of this process. */
HCERTSTORE SEC_ENTRY CertOpenSystemStoreW(HCRYPTPROV hProv, const SEC_WCHAR* szSubsystemProtocol)
    OPENSSPI_BOUND(CertOpenSystemStoreW);

HCERTSTORE SEC_ENTRY CertDuplicateStore(HCERTSTORE hCertStore) OPENSSPI_BOUND(CertDuplicateStore);

/* Contexts of the store stay valid. With CERT_CLOSE_STORE_CHECK_FLAG and references left: 0, CRYPT_E_PENDING_CLOSE, and
 * the handle is closed all the same. */
BOOL SEC_ENTRY CertCloseStore(HCERTSTORE hCertStore, DWORD dwFlags) OPENSSPI_BOUND(CertCloseStore);

/* CRYPT_E_EXISTS: CERT_STORE_ADD_NEW, and it is there. ppCertContext may be NULL. */
BOOL SEC_ENTRY CertAddEncodedCertificateToStore(HCERTSTORE hCertStore, DWORD dwCertEncodingType,
                                                const BYTE* pbCertEncoded, DWORD cbCertEncoded, DWORD dwAddDisposition,
                                                PCCERT_CONTEXT* ppCertContext)
    OPENSSPI_BOUND(CertAddEncodedCertificateToStore);

/* Adds a copy, with properties and private key. */
BOOL SEC_ENTRY CertAddCertificateContextToStore(HCERTSTORE hCertStore, PCCERT_CONTEXT pCertContext,
                                                DWORD dwAddDisposition, PCCERT_CONTEXT* ppStoreContext)
    OPENSSPI_BOUND(CertAddCertificateContextToStore);

/* A revocation list that verification against this store uses. ppCrlContext must be NULL. */
BOOL SEC_ENTRY CertAddEncodedCRLToStore(HCERTSTORE hCertStore, DWORD dwCertEncodingType, const BYTE* pbCrlEncoded,
                                        DWORD cbCrlEncoded, DWORD dwAddDisposition, PCCRL_CONTEXT* ppCrlContext)
    OPENSSPI_BOUND(CertAddEncodedCRLToStore);

/* Frees the context as well. */
BOOL SEC_ENTRY CertDeleteCertificateFromStore(PCCERT_CONTEXT pCertContext)
    OPENSSPI_BOUND(CertDeleteCertificateFromStore);

/* pPrevCertContext is freed, NULL begins. NULL with CRYPT_E_NOT_FOUND at the end. */
PCCERT_CONTEXT SEC_ENTRY CertEnumCertificatesInStore(HCERTSTORE hCertStore, PCCERT_CONTEXT pPrevCertContext)
    OPENSSPI_BOUND(CertEnumCertificatesInStore);

/* dwFindType: CERT_FIND_x. As CertEnumCertificatesInStore. */
PCCERT_CONTEXT SEC_ENTRY CertFindCertificateInStore(HCERTSTORE hCertStore, DWORD dwCertEncodingType, DWORD dwFindFlags,
                                                    DWORD dwFindType, const void* pvFindPara,
                                                    PCCERT_CONTEXT pPrevCertContext)
    OPENSSPI_BOUND(CertFindCertificateInStore);

/* dwSaveAs: CERT_STORE_SAVE_AS_STORE, ..._PKCS7; dwSaveTo: ..._MEMORY (a CRYPT_DATA_BLOB; pbData NULL asks for the
 * size) or ..._FILENAME_W. Private keys are not saved. */
BOOL SEC_ENTRY CertSaveStore(HCERTSTORE hCertStore, DWORD dwEncodingType, DWORD dwSaveAs, DWORD dwSaveTo,
                             void* pvSaveToPara, DWORD dwFlags) OPENSSPI_BOUND(CertSaveStore);

/* A store of the certificates and private keys of a PKCS#12 file. NULL and "" both open a file made with either.
 * ERROR_INVALID_PASSWORD, CRYPT_E_BAD_ENCODE. dwFlags without CRYPT_EXPORTABLE: the keys cannot be exported again. */
HCERTSTORE SEC_ENTRY PFXImportCertStore(CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, DWORD dwFlags)
    OPENSSPI_BOUND(PFXImportCertStore);
BOOL SEC_ENTRY PFXIsPFXBlob(CRYPT_DATA_BLOB* pPFX) OPENSSPI_BOUND(PFXIsPFXBlob);
BOOL SEC_ENTRY PFXVerifyPassword(CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, DWORD dwFlags)
    OPENSSPI_BOUND(PFXVerifyPassword);

/* AES-256 and PBKDF2. dwFlags: EXPORT_PRIVATE_KEYS, REPORT_NO_PRIVATE_KEY, REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY.
 * pPFX->pbData NULL asks for the size. ERROR_MORE_DATA, NTE_NO_KEY, NTE_BAD_KEY_STATE. */
BOOL SEC_ENTRY PFXExportCertStoreEx(HCERTSTORE hStore, CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, void* pvPara,
                                    DWORD dwFlags) OPENSSPI_BOUND(PFXExportCertStoreEx);

/* ---- Chains. --------------------------------------------------------------------------------------------------- */

/* Builds the chain from the certificate, the certificates of hAdditionalStore and the system's roots, and tells in
 * TrustStatus all that is wrong with it; nothing is fetched. hChainEngine: NULL or HCCE_LOCAL_MACHINE.
 * pTime NULL: now. */
BOOL SEC_ENTRY CertGetCertificateChain(HCERTCHAINENGINE hChainEngine, PCCERT_CONTEXT pCertContext, LPFILETIME pTime,
                                       HCERTSTORE hAdditionalStore, PCERT_CHAIN_PARA pChainPara, DWORD dwFlags,
                                       void* pvReserved, PCCERT_CHAIN_CONTEXT* ppChainContext)
    OPENSSPI_BOUND(CertGetCertificateChain);
PCCERT_CHAIN_CONTEXT SEC_ENTRY CertDuplicateCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext)
    OPENSSPI_BOUND(CertDuplicateCertificateChain);
void SEC_ENTRY CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext) OPENSSPI_BOUND(CertFreeCertificateChain);

/* pszPolicyOID: CERT_CHAIN_POLICY_BASE or _SSL (pvExtraPolicyPara: SSL_EXTRA_CERT_CHAIN_POLICY_PARA). 1 also where the
 * chain is refused: pPolicyStatus->dwError says so. 0: the policy is not known. */
BOOL SEC_ENTRY CertVerifyCertificateChainPolicy(const char* pszPolicyOID, PCCERT_CHAIN_CONTEXT pChainContext,
                                                PCERT_CHAIN_POLICY_PARA pPolicyPara,
                                                PCERT_CHAIN_POLICY_STATUS pPolicyStatus)
    OPENSSPI_BOUND(CertVerifyCertificateChainPolicy);

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_WINCRYPT_H */
