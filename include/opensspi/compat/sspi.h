/* <sspi.h> for sources written for Windows, on the include path through opensspi-compat.pc only.
 *
 * The generic names (AcquireCredentialsHandle, SecPkgInfo) mean the W ones, with or without UNICODE: there are no
 * others here. Literals are 16-bit under -fshort-wchar (L"...") or written u"..."; TEXT("...") gives the one that fits.
 */
#ifndef OPENSSPI_COMPAT_SSPI_H
#define OPENSSPI_COMPAT_SSPI_H

#ifdef _WIN32
#include_next <sspi.h>
#else

#include "opensspi/sspi.h"

/* ---- Functions. */
#define AcquireCredentialsHandle AcquireCredentialsHandleW
#define EnumerateSecurityPackages EnumerateSecurityPackagesW
#define ImportSecurityContext ImportSecurityContextW
#define InitializeSecurityContext InitializeSecurityContextW
#define InitSecurityInterface InitSecurityInterfaceW
#define QueryContextAttributes QueryContextAttributesW
#define QueryCredentialsAttributes QueryCredentialsAttributesW
#define QuerySecurityPackageInfo QuerySecurityPackageInfoW
#define SetContextAttributes SetContextAttributesW
#define SetCredentialsAttributes SetCredentialsAttributesW

/* ---- Structures. */
#define SecPkgContext_Authority SecPkgContext_AuthorityW
#define SecPkgContext_CredentialName SecPkgContext_CredentialNameW
#define SecPkgContext_KeyInfo SecPkgContext_KeyInfoW
#define SecPkgContext_Names SecPkgContext_NamesW
#define SecPkgContext_NativeNames SecPkgContext_NativeNamesW
#define SecPkgContext_NegotiationInfo SecPkgContext_NegotiationInfoW
#define SecPkgContext_PackageInfo SecPkgContext_PackageInfoW
#define SecPkgCredentials_Names SecPkgCredentials_NamesW
#define SecPkgInfo SecPkgInfoW
#define PSecPkgInfo PSecPkgInfoW
#define SecurityFunctionTable SecurityFunctionTableW
#define PSecurityFunctionTable PSecurityFunctionTableW
#define SEC_WINNT_AUTH_IDENTITY SEC_WINNT_AUTH_IDENTITY_W
#define PSEC_WINNT_AUTH_IDENTITY PSEC_WINNT_AUTH_IDENTITY_W
#define SEC_WINNT_AUTH_IDENTITY_EX SEC_WINNT_AUTH_IDENTITY_EXW
#define PSEC_WINNT_AUTH_IDENTITY_EX PSEC_WINNT_AUTH_IDENTITY_EXW

/* ---- Names of packages and of entries of the library. */
#define MICROSOFT_KERBEROS_NAME MICROSOFT_KERBEROS_NAME_W
#define NEGOSSP_NAME NEGOSSP_NAME_W
#define SCHANNEL_NAME SCHANNEL_NAME_W
#define UNISP_NAME UNISP_NAME_W
#define SECURITY_ENTRYPOINT_ANSIW "InitSecurityInterfaceW"
#define SECURITY_ENTRYPOINTW OPENSSPI_TEXT("InitSecurityInterfaceW")
#define SECURITY_ENTRYPOINT SECURITY_ENTRYPOINTW

/* ---- What <windows.h> gives such sources, as far as the interface itself speaks of it. */
#ifndef OPENSSPI_NO_WINDOWS_TYPES
typedef SEC_WCHAR WCHAR;
typedef SEC_WCHAR* LPWSTR;
typedef SEC_WCHAR* PWSTR;
typedef const SEC_WCHAR* LPCWSTR;
typedef const SEC_WCHAR* PCWSTR;
typedef void* LPVOID;
typedef BYTE* LPBYTE;
typedef DWORD* LPDWORD;
typedef unsigned char UCHAR;
typedef UCHAR* PUCHAR;
#endif
#ifndef TEXT
#define OPENSSPI_TEXT_EXPANDED(literal) OPENSSPI_TEXT(literal)
#define TEXT(literal) OPENSSPI_TEXT_EXPANDED(literal)
#endif
#ifndef FALSE
#define FALSE 0
#define TRUE 1
#endif
#ifndef FAILED
#define SUCCEEDED(status) ((SECURITY_STATUS)(status) >= 0)
#define FAILED(status) ((SECURITY_STATUS)(status) < 0)
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_COMPAT_SSPI_H */
