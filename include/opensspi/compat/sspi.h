/* <sspi.h> for sources written for Windows, on the include path through opensspi-compat.pc only.
 *
 * The generic names (AcquireCredentialsHandle, SecPkgInfo, TCHAR, TEXT) mean the W ones, with or without UNICODE. With
 * _MBCS, which Visual C++ defines for programs of bytes, and without UNICODE they mean the A ones. Wide literals are
 * 16-bit under -fshort-wchar (L"...") or written u"..."; TEXT("...") gives the one that fits.
 */
#ifndef OPENSSPI_COMPAT_SSPI_H
#define OPENSSPI_COMPAT_SSPI_H

#ifdef _WIN32
#include_next <sspi.h>
#else

#include "opensspi/sspi.h"
#include "opensspi/sspi_ansi.h"
#include "opensspi/sspi_more.h"

#if defined(_MBCS) && !defined(UNICODE) && !defined(_UNICODE)
#define OPENSSPI_OF_BYTES
#define OPENSSPI_GENERIC(name) name##A
#define OPENSSPI_GENERIC_(name) name##_A
#else
#define OPENSSPI_GENERIC(name) name##W
#define OPENSSPI_GENERIC_(name) name##_W
#endif

/* ---- Functions. */
#define AcquireCredentialsHandle OPENSSPI_GENERIC(AcquireCredentialsHandle)
#define EnumerateSecurityPackages OPENSSPI_GENERIC(EnumerateSecurityPackages)
#define ImportSecurityContext OPENSSPI_GENERIC(ImportSecurityContext)
#define InitializeSecurityContext OPENSSPI_GENERIC(InitializeSecurityContext)
#define InitSecurityInterface OPENSSPI_GENERIC(InitSecurityInterface)
#define QueryContextAttributes OPENSSPI_GENERIC(QueryContextAttributes)
#define QueryCredentialsAttributes OPENSSPI_GENERIC(QueryCredentialsAttributes)
#define QuerySecurityPackageInfo OPENSSPI_GENERIC(QuerySecurityPackageInfo)
#define SetContextAttributes OPENSSPI_GENERIC(SetContextAttributes)
#define SetCredentialsAttributes OPENSSPI_GENERIC(SetCredentialsAttributes)
#define AddCredentials OPENSSPI_GENERIC(AddCredentials)
#define ChangeAccountPassword OPENSSPI_GENERIC(ChangeAccountPassword)
#define QueryContextAttributesEx OPENSSPI_GENERIC(QueryContextAttributesEx)
#define QueryCredentialsAttributesEx OPENSSPI_GENERIC(QueryCredentialsAttributesEx)
#define FreeCredentialHandle FreeCredentialsHandle /* both spellings are Windows' */

/* ---- Types of the table's functions. */
#define INIT_SECURITY_INTERFACE OPENSSPI_GENERIC_(INIT_SECURITY_INTERFACE)
#define ACQUIRE_CREDENTIALS_HANDLE_FN OPENSSPI_GENERIC_(ACQUIRE_CREDENTIALS_HANDLE_FN)
#define ENUMERATE_SECURITY_PACKAGES_FN OPENSSPI_GENERIC_(ENUMERATE_SECURITY_PACKAGES_FN)
#define IMPORT_SECURITY_CONTEXT_FN OPENSSPI_GENERIC_(IMPORT_SECURITY_CONTEXT_FN)
#define INITIALIZE_SECURITY_CONTEXT_FN OPENSSPI_GENERIC_(INITIALIZE_SECURITY_CONTEXT_FN)
#define QUERY_CONTEXT_ATTRIBUTES_FN OPENSSPI_GENERIC_(QUERY_CONTEXT_ATTRIBUTES_FN)
#define QUERY_CREDENTIALS_ATTRIBUTES_FN OPENSSPI_GENERIC_(QUERY_CREDENTIALS_ATTRIBUTES_FN)
#define QUERY_SECURITY_PACKAGE_INFO_FN OPENSSPI_GENERIC_(QUERY_SECURITY_PACKAGE_INFO_FN)

/* ---- Structures. */
#define SecPkgContext_Authority OPENSSPI_GENERIC(SecPkgContext_Authority)
#define PSecPkgContext_Authority OPENSSPI_GENERIC(PSecPkgContext_Authority)
#define SecPkgContext_CredentialName OPENSSPI_GENERIC(SecPkgContext_CredentialName)
#define PSecPkgContext_CredentialName OPENSSPI_GENERIC(PSecPkgContext_CredentialName)
#define SecPkgContext_KeyInfo OPENSSPI_GENERIC(SecPkgContext_KeyInfo)
#define PSecPkgContext_KeyInfo OPENSSPI_GENERIC(PSecPkgContext_KeyInfo)
#define SecPkgContext_Names OPENSSPI_GENERIC(SecPkgContext_Names)
#define PSecPkgContext_Names OPENSSPI_GENERIC(PSecPkgContext_Names)
#define SecPkgContext_NativeNames OPENSSPI_GENERIC(SecPkgContext_NativeNames)
#define PSecPkgContext_NativeNames OPENSSPI_GENERIC(PSecPkgContext_NativeNames)
#define SecPkgContext_NegotiationInfo OPENSSPI_GENERIC(SecPkgContext_NegotiationInfo)
#define PSecPkgContext_NegotiationInfo OPENSSPI_GENERIC(PSecPkgContext_NegotiationInfo)
#define SecPkgContext_PackageInfo OPENSSPI_GENERIC(SecPkgContext_PackageInfo)
#define PSecPkgContext_PackageInfo OPENSSPI_GENERIC(PSecPkgContext_PackageInfo)
#define SecPkgCredentials_Names OPENSSPI_GENERIC(SecPkgCredentials_Names)
#define PSecPkgCredentials_Names OPENSSPI_GENERIC(PSecPkgCredentials_Names)
#define SecPkgInfo OPENSSPI_GENERIC(SecPkgInfo)
#define PSecPkgInfo OPENSSPI_GENERIC(PSecPkgInfo)
#define SecurityFunctionTable OPENSSPI_GENERIC(SecurityFunctionTable)
#define PSecurityFunctionTable OPENSSPI_GENERIC(PSecurityFunctionTable)
#define SEC_WINNT_AUTH_IDENTITY OPENSSPI_GENERIC_(SEC_WINNT_AUTH_IDENTITY)
#define PSEC_WINNT_AUTH_IDENTITY OPENSSPI_GENERIC_(PSEC_WINNT_AUTH_IDENTITY)
#define SEC_WINNT_AUTH_IDENTITY_EX OPENSSPI_GENERIC(SEC_WINNT_AUTH_IDENTITY_EX)
#define PSEC_WINNT_AUTH_IDENTITY_EX OPENSSPI_GENERIC(PSEC_WINNT_AUTH_IDENTITY_EX)

/* ---- Names of packages and of entries of the library. */
#define MICROSOFT_KERBEROS_NAME OPENSSPI_GENERIC_(MICROSOFT_KERBEROS_NAME)
#define NEGOSSP_NAME OPENSSPI_GENERIC_(NEGOSSP_NAME)
#define SCHANNEL_NAME OPENSSPI_GENERIC_(SCHANNEL_NAME)
#define UNISP_NAME OPENSSPI_GENERIC_(UNISP_NAME)
#define SECURITY_ENTRYPOINT_ANSIW "InitSecurityInterfaceW"
#define SECURITY_ENTRYPOINT_ANSIA "InitSecurityInterfaceA"
#define SECURITY_ENTRYPOINTA OPENSSPI_TEXT("InitSecurityInterfaceA")
#define SECURITY_ENTRYPOINT_ANSI OPENSSPI_GENERIC(SECURITY_ENTRYPOINT_ANSI)
#define SECURITY_ENTRYPOINTW OPENSSPI_TEXT("InitSecurityInterfaceW")
#define SECURITY_ENTRYPOINT OPENSSPI_GENERIC(SECURITY_ENTRYPOINT)

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
typedef char CHAR;
typedef char* LPSTR;
typedef char* PSTR;
typedef const char* LPCSTR;
typedef const char* PCSTR;
typedef int INT;
typedef unsigned int UINT;
typedef int16_t SHORT;
typedef size_t SIZE_T;
typedef int32_t HRESULT;
#ifdef OPENSSPI_OF_BYTES
typedef CHAR TCHAR;
#else
typedef WCHAR TCHAR;
#endif
typedef TCHAR* LPTSTR;
typedef TCHAR* PTSTR;
typedef const TCHAR* LPCTSTR;
typedef const TCHAR* PCTSTR;
#endif
#ifndef TEXT
#ifdef OPENSSPI_OF_BYTES
#define TEXT(literal) literal
#else
#define OPENSSPI_TEXT_EXPANDED(literal) OPENSSPI_TEXT(literal)
#define TEXT(literal) OPENSSPI_TEXT_EXPANDED(literal)
#endif
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef WINAPI
#define WINAPI
#endif
#ifndef SEC_TEXT
#define SEC_TEXT TEXT
#define SEC_FAR
#endif
/* ntsecapi.h's names for EncryptMessage's fQOP, which sources of SASL's GSSAPI use. */
#ifndef KERB_WRAP_NO_ENCRYPT
#define KERB_WRAP_NO_ENCRYPT SECQOP_WRAP_NO_ENCRYPT
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
