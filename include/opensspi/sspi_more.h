/* What else programs written for Windows name: identities as one block, functions that have no meaning here, and the
 * structures of attributes that no package here answers.
 *
 * On Windows this includes the system's headers. A function without meaning is an inline one, so that a program which
 * names it compiles and learns SEC_E_UNSUPPORTED_FUNCTION where it calls it.
 */
#ifndef OPENSSPI_SSPI_MORE_H
#define OPENSSPI_SSPI_MORE_H

#include "opensspi/sspi.h"
#include "opensspi/sspi_ansi.h"

#ifdef _WIN32

/* Its own headers have it all. */

#else

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Numbers. ------------------------------------------------------------------------------------------------- */

#define ISC_REQ_MESSAGES 0x0000000100000000
#define ISC_RET_MESSAGES 0x0000000100000000
#define ASC_REQ_MESSAGES 0x0000000100000000
#define ASC_RET_MESSAGES 0x0000000100000000
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_2 2
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_3 3
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_4 4
#define SEC_WINNT_AUTH_IDENTITY_VERSION_2 0x201
#define SEC_WINNT_AUTH_IDENTITY_FLAGS_PROCESS_ENCRYPTED 0x10
#define SEC_WINNT_AUTH_IDENTITY_FLAGS_SYSTEM_PROTECTED 0x20
#define SEC_WINNT_AUTH_IDENTITY_FLAGS_USER_PROTECTED 0x40
#define SEC_WINNT_AUTH_IDENTITY_FLAGS_NULL_USER 0x20000
#define SEC_WINNT_AUTH_IDENTITY_FLAGS_NULL_DOMAIN 0x40000
#define SECPKG_ATTR_NEGO_INFO_FLAG_NO_KERBEROS 0x1
#define SECPKG_ATTR_NEGO_INFO_FLAG_NO_NTLM 0x2

/* ---- What attributes have that no package here answers (SEC_E_UNSUPPORTED_FUNCTION). --------------------------- */

typedef struct _SecPkgContext_ProtoInfoW {
  SEC_WCHAR* sProtocolName;
  ULONG majorVersion;
  ULONG minorVersion;
} SecPkgContext_ProtoInfoW, *PSecPkgContext_ProtoInfoW;

typedef struct _SecPkgContext_ProtoInfoA {
  SEC_CHAR* sProtocolName;
  ULONG majorVersion;
  ULONG minorVersion;
} SecPkgContext_ProtoInfoA, *PSecPkgContext_ProtoInfoA;

typedef struct _SecPkgContext_AccessToken {
  void* AccessToken;
} SecPkgContext_AccessToken, *PSecPkgContext_AccessToken;

typedef struct _SecPkgContext_TargetInformation {
  ULONG MarshalledTargetInfoLength;
  unsigned char* MarshalledTargetInfo;
} SecPkgContext_TargetInformation, *PSecPkgContext_TargetInformation;

typedef struct _SecPkgContext_Target {
  ULONG TargetLength;
  char* Target;
} SecPkgContext_Target, *PSecPkgContext_Target;

typedef struct _SecPkgContext_LogoffTime {
  TimeStamp tsLogoffTime;
} SecPkgContext_LogoffTime, *PSecPkgContext_LogoffTime;

typedef struct _SecPkgContext_NegoStatus {
  ULONG LastStatus;
} SecPkgContext_NegoStatus, *PSecPkgContext_NegoStatus;

typedef struct _SecPkgContext_NegoKeys {
  ULONG KeyType;
  USHORT KeyLength;
  unsigned char* KeyValue;
  ULONG VerifyKeyType;
  USHORT VerifyKeyLength;
  unsigned char* VerifyKeyValue;
} SecPkgContext_NegoKeys, *PSecPkgContext_NegoKeys;

typedef struct _SecPkgContext_SubjectAttributes {
  void* AttributeInfo;
} SecPkgContext_SubjectAttributes, *PSecPkgContext_SubjectAttributes;

typedef enum _SECPKG_ATTR_LCT_STATUS {
  SecPkgAttrLastClientTokenYes,
  SecPkgAttrLastClientTokenNo,
  SecPkgAttrLastClientTokenMaybe
} SECPKG_ATTR_LCT_STATUS,
    *PSECPKG_ATTR_LCT_STATUS;

typedef struct _SecPkgContext_LastClientTokenStatus {
  SECPKG_ATTR_LCT_STATUS LastClientTokenStatus;
} SecPkgContext_LastClientTokenStatus, *PSecPkgContext_LastClientTokenStatus;

typedef struct _SecPkgCredentials_SSIProviderW {
  SEC_WCHAR* sProviderName;
  ULONG ProviderInfoLength;
  char* ProviderInfo;
} SecPkgCredentials_SSIProviderW, *PSecPkgCredentials_SSIProviderW;

typedef struct _SecPkgCredentials_Cert {
  ULONG EncodedCertSize;
  unsigned char* EncodedCert;
} SecPkgCredentials_Cert, *PSecPkgCredentials_Cert;

/* ---- Identities as one block, for the pAuthData of AcquireCredentialsHandleW. ----------------------------------- */

/* A SEC_WINNT_AUTH_IDENTITY_x of whichever form. */
typedef void* PSEC_WINNT_AUTH_IDENTITY_OPAQUE;

/* *ppAuthIdentity is freed by SspiFreeAuthIdentity, which wipes it. pszPackedCredentialsString is the password. NULL:
 * not given. SEC_E_INVALID_PARAMETER: ppAuthIdentity is NULL. */
SECURITY_STATUS SEC_ENTRY SspiEncodeStringsAsAuthIdentity(const SEC_WCHAR* pszUserName, const SEC_WCHAR* pszDomainName,
                                                          const SEC_WCHAR* pszPackedCredentialsString,
                                                          PSEC_WINNT_AUTH_IDENTITY_OPAQUE* ppAuthIdentity)
    OPENSSPI_BOUND(SspiEncodeStringsAsAuthIdentity);

/* Each text is freed by SspiLocalFree, which wipes it; NULL where it was not given. A pointer may be NULL.
 * SEC_E_UNKNOWN_CREDENTIALS: the identity is not understood. */
SECURITY_STATUS SEC_ENTRY SspiEncodeAuthIdentityAsStrings(PSEC_WINNT_AUTH_IDENTITY_OPAQUE pAuthIdentity,
                                                          const SEC_WCHAR** ppszUserName,
                                                          const SEC_WCHAR** ppszDomainName,
                                                          const SEC_WCHAR** ppszPackedCredentialsString)
    OPENSSPI_BOUND(SspiEncodeAuthIdentityAsStrings);

/* A block of its own, freed by SspiFreeAuthIdentity. SEC_E_UNKNOWN_CREDENTIALS, SEC_E_INVALID_PARAMETER. */
SECURITY_STATUS SEC_ENTRY SspiCopyAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData,
                                               PSEC_WINNT_AUTH_IDENTITY_OPAQUE* AuthDataCopy)
    OPENSSPI_BOUND(SspiCopyAuthIdentity);

/* SEC_E_OK, or SEC_E_UNKNOWN_CREDENTIALS. */
SECURITY_STATUS SEC_ENTRY SspiValidateAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData)
    OPENSSPI_BOUND(SspiValidateAuthIdentity);

/* Wipes the texts and the structure. NULL does nothing. */
void SEC_ENTRY SspiZeroAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) OPENSSPI_BOUND(SspiZeroAuthIdentity);

/* What the functions above allocated. NULL does nothing. */
void SEC_ENTRY SspiFreeAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) OPENSSPI_BOUND(SspiFreeAuthIdentity);
void SEC_ENTRY SspiLocalFree(void* DataBuffer) OPENSSPI_BOUND(SspiLocalFree);

/* ---- Without meaning here; those of the table answer as there. ----------------------------------------------------
 */

static __inline SECURITY_STATUS SEC_ENTRY ImpersonateSecurityContext(PCtxtHandle phContext) {
  return InitSecurityInterfaceW()->ImpersonateSecurityContext(phContext);
}
static __inline SECURITY_STATUS SEC_ENTRY RevertSecurityContext(PCtxtHandle phContext) {
  return InitSecurityInterfaceW()->RevertSecurityContext(phContext);
}
static __inline SECURITY_STATUS SEC_ENTRY QuerySecurityContextToken(PCtxtHandle phContext, void** Token) {
  return InitSecurityInterfaceW()->QuerySecurityContextToken(phContext, Token);
}
static __inline SECURITY_STATUS SEC_ENTRY AddCredentialsW(PCredHandle hCredentials, SEC_WCHAR* pszPrincipal,
                                                          SEC_WCHAR* pszPackage, ULONG fCredentialUse, void* pAuthData,
                                                          SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                          PTimeStamp ptsExpiry) {
  return InitSecurityInterfaceW()->AddCredentialsW(hCredentials, pszPrincipal, pszPackage, fCredentialUse, pAuthData,
                                                   pGetKeyFn, pvGetKeyArgument, ptsExpiry);
}
static __inline SECURITY_STATUS SEC_ENTRY AddCredentialsA(PCredHandle hCredentials, SEC_CHAR* pszPrincipal,
                                                          SEC_CHAR* pszPackage, ULONG fCredentialUse, void* pAuthData,
                                                          SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                          PTimeStamp ptsExpiry) {
  return InitSecurityInterfaceA()->AddCredentialsA(hCredentials, pszPrincipal, pszPackage, fCredentialUse, pAuthData,
                                                   pGetKeyFn, pvGetKeyArgument, ptsExpiry);
}
static __inline SECURITY_STATUS SEC_ENTRY ChangeAccountPasswordW(SEC_WCHAR* pszPackageName, SEC_WCHAR* pszDomainName,
                                                                 SEC_WCHAR* pszAccountName, SEC_WCHAR* pszOldPassword,
                                                                 SEC_WCHAR* pszNewPassword, BOOLEAN bImpersonating,
                                                                 ULONG dwReserved, PSecBufferDesc pOutput) {
  return InitSecurityInterfaceW()->ChangeAccountPasswordW(pszPackageName, pszDomainName, pszAccountName, pszOldPassword,
                                                          pszNewPassword, bImpersonating, dwReserved, pOutput);
}
static __inline SECURITY_STATUS SEC_ENTRY ChangeAccountPasswordA(SEC_CHAR* pszPackageName, SEC_CHAR* pszDomainName,
                                                                 SEC_CHAR* pszAccountName, SEC_CHAR* pszOldPassword,
                                                                 SEC_CHAR* pszNewPassword, BOOLEAN bImpersonating,
                                                                 ULONG dwReserved, PSecBufferDesc pOutput) {
  return InitSecurityInterfaceA()->ChangeAccountPasswordA(pszPackageName, pszDomainName, pszAccountName, pszOldPassword,
                                                          pszNewPassword, bImpersonating, dwReserved, pOutput);
}

/* These two have a meaning: the size of pBuffer is checked. SEC_E_BUFFER_TOO_SMALL. */
static __inline SECURITY_STATUS SEC_ENTRY QueryContextAttributesExW(PCtxtHandle phContext, ULONG ulAttribute,
                                                                    void* pBuffer, ULONG cbBuffer) {
  return InitSecurityInterfaceW()->QueryContextAttributesExW(phContext, ulAttribute, pBuffer, cbBuffer);
}
static __inline SECURITY_STATUS SEC_ENTRY QueryCredentialsAttributesExW(PCredHandle phCredential, ULONG ulAttribute,
                                                                        void* pBuffer, ULONG cbBuffer) {
  return InitSecurityInterfaceW()->QueryCredentialsAttributesExW(phCredential, ulAttribute, pBuffer, cbBuffer);
}
static __inline SECURITY_STATUS SEC_ENTRY QueryContextAttributesExA(PCtxtHandle phContext, ULONG ulAttribute,
                                                                    void* pBuffer, ULONG cbBuffer) {
  return InitSecurityInterfaceA()->QueryContextAttributesExA(phContext, ulAttribute, pBuffer, cbBuffer);
}
static __inline SECURITY_STATUS SEC_ENTRY QueryCredentialsAttributesExA(PCredHandle phCredential, ULONG ulAttribute,
                                                                        void* pBuffer, ULONG cbBuffer) {
  return InitSecurityInterfaceA()->QueryCredentialsAttributesExA(phCredential, ulAttribute, pBuffer, cbBuffer);
}

/* No identity is encrypted here: to decrypt one leaves it as it is, to encrypt one is refused. */
static __inline BOOLEAN SEC_ENTRY SspiIsAuthIdentityEncrypted(PSEC_WINNT_AUTH_IDENTITY_OPAQUE EncryptedAuthData) {
  (void)EncryptedAuthData;
  return 0;
}
static __inline SECURITY_STATUS SEC_ENTRY SspiDecryptAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE EncryptedAuthData) {
  return SspiValidateAuthIdentity(EncryptedAuthData);
}
static __inline SECURITY_STATUS SEC_ENTRY SspiEncryptAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) {
  (void)AuthData;
  return SEC_E_UNSUPPORTED_FUNCTION;
}

/* There is no store of credentials and no dialogue that asks for them. */
static __inline BOOLEAN SEC_ENTRY SspiIsPromptingNeeded(ULONG ErrorOrNtStatus) {
  (void)ErrorOrNtStatus;
  return 0;
}
static __inline SECURITY_STATUS SEC_ENTRY SspiPrepareForCredRead(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthIdentity,
                                                                 const SEC_WCHAR* pszTargetName,
                                                                 ULONG* pCredmanCredentialType,
                                                                 const SEC_WCHAR** ppszCredmanTargetName) {
  (void)AuthIdentity;
  (void)pszTargetName;
  (void)pCredmanCredentialType;
  (void)ppszCredmanTargetName;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS SEC_ENTRY SspiPrepareForCredWrite(
    PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthIdentity, const SEC_WCHAR* pszTargetName, ULONG* pCredmanCredentialType,
    const SEC_WCHAR** ppszCredmanTargetName, const SEC_WCHAR** ppszCredmanUserName, unsigned char** ppCredentialBlob,
    ULONG* pCredentialBlobSize) {
  (void)AuthIdentity;
  (void)pszTargetName;
  (void)pCredmanCredentialType;
  (void)ppszCredmanTargetName;
  (void)ppszCredmanUserName;
  (void)ppCredentialBlob;
  (void)pCredentialBlobSize;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS SEC_ENTRY SspiMarshalAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthIdentity,
                                                                  ULONG* AuthIdentityLength,
                                                                  char** AuthIdentityByteArray) {
  (void)AuthIdentity;
  (void)AuthIdentityLength;
  (void)AuthIdentityByteArray;
  return SEC_E_UNSUPPORTED_FUNCTION;
}
static __inline SECURITY_STATUS SEC_ENTRY SspiUnmarshalAuthIdentity(ULONG AuthIdentityLength,
                                                                    char* AuthIdentityByteArray,
                                                                    PSEC_WINNT_AUTH_IDENTITY_OPAQUE* ppAuthIdentity) {
  (void)AuthIdentityLength;
  (void)AuthIdentityByteArray;
  (void)ppAuthIdentity;
  return SEC_E_UNSUPPORTED_FUNCTION;
}

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_SSPI_MORE_H */
