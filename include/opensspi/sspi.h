/* The Security Support Provider Interface: Windows' names, layouts, numbers and calling rules.
 *
 * On Windows this includes the system's headers and adds nothing to them. Elsewhere it declares the same interface,
 * `W` functions only, with fixed-width types: a ULONG has 32 bits on every system, a SEC_WCHAR 16. Write literals as
 * u"..." (or L"..." under -fshort-wchar).
 *
 * Each function is bound to the symbol ossp_NAME, so that another library of the process which exports Windows' names
 * (libwinpr does) is not called by mistake.
 *
 * Rules that hold for every function: it answers any arguments with a status and never crashes on a stale, forged or
 * foreign handle (SEC_E_INVALID_HANDLE); what it allocates is freed by FreeContextBuffer unless said otherwise;
 * handles may be used from any thread; calls on one context are serialised, calls on different contexts are not. The
 * reason of a failing call is given by OpenSspiGetLastFailureW (extra.h).
 */
#ifndef OPENSSPI_SSPI_H
#define OPENSSPI_SSPI_H

#ifdef _WIN32

#ifndef SECURITY_WIN32
#define SECURITY_WIN32
#endif
/* Windows' headers need what stands before them. */
/* clang-format off */
#include <winsock2.h>
#include <windows.h>
#include <security.h>
#include <sspi.h>
/* clang-format on */

#else

#include <stddef.h>
#include <stdint.h>
#if !defined(__cplusplus) && !(defined(__WCHAR_WIDTH__) && __WCHAR_WIDTH__ == 16)
#include <uchar.h>
#endif

#include "opensspi/sec_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types. The widths are Windows'. -------------------------------------------------------------------------- */

#ifndef OPENSSPI_NO_WINDOWS_TYPES
typedef uint8_t BYTE;
typedef uint8_t BOOLEAN;
typedef uint16_t USHORT;
typedef uint16_t WORD;
typedef int32_t BOOL;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int64_t LONGLONG;
typedef uintptr_t ULONG_PTR;
typedef void* PVOID;
typedef void* HANDLE;
typedef ULONG* PULONG;
typedef BYTE* PBYTE;
#endif

#define SEC_ENTRY
typedef int32_t SECURITY_STATUS;

#if defined(__WCHAR_WIDTH__) && __WCHAR_WIDTH__ == 16
typedef wchar_t SEC_WCHAR; /* -fshort-wchar */
#else
typedef char16_t SEC_WCHAR;
#endif
typedef char SEC_CHAR;

/* A time: 100 ns intervals since 1601-01-01 00:00 UTC, the bits of a FILETIME. 0x7FFFFFFFFFFFFFFF: never. */
typedef union _SECURITY_INTEGER {
  __extension__ struct {
    ULONG LowPart;
    LONG HighPart;
  };
  LONGLONG QuadPart;
} SECURITY_INTEGER, *PSECURITY_INTEGER;
typedef SECURITY_INTEGER TimeStamp, *PTimeStamp;

typedef struct _SecHandle {
  ULONG_PTR dwLower;
  ULONG_PTR dwUpper;
} SecHandle, *PSecHandle;
typedef SecHandle CredHandle, *PCredHandle;
typedef SecHandle CtxtHandle, *PCtxtHandle;

#define SecInvalidateHandle(x) ((x)->dwLower = (x)->dwUpper = ((ULONG_PTR)((intptr_t)-1)))
#define SecIsValidHandle(x) \
  (((x)->dwLower != ((ULONG_PTR)((intptr_t)-1))) && ((x)->dwUpper != ((ULONG_PTR)((intptr_t)-1))))

typedef struct _SecBuffer {
  ULONG cbBuffer;   /* bytes at pvBuffer; set to the bytes written on output */
  ULONG BufferType; /* SECBUFFER_x, attributes in the high four bits */
  void* pvBuffer;
} SecBuffer, *PSecBuffer;

typedef struct _SecBufferDesc {
  ULONG ulVersion; /* SECBUFFER_VERSION */
  ULONG cBuffers;
  PSecBuffer pBuffers;
} SecBufferDesc, *PSecBufferDesc;

typedef struct _SecPkgInfoW {
  ULONG fCapabilities; /* SECPKG_FLAG_x */
  USHORT wVersion;     /* SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION */
  USHORT wRPCID;       /* the package's number in DCE RPC, SECPKG_ID_NONE for none */
  ULONG cbMaxToken;    /* bytes of the largest token */
  SEC_WCHAR* Name;
  SEC_WCHAR* Comment;
} SecPkgInfoW, *PSecPkgInfoW;

/* Explicit credentials. Lengths are in characters, without a terminator. */
typedef struct _SEC_WINNT_AUTH_IDENTITY_W {
  USHORT* User;
  ULONG UserLength;
  USHORT* Domain;
  ULONG DomainLength;
  USHORT* Password;
  ULONG PasswordLength;
  ULONG Flags; /* SEC_WINNT_AUTH_IDENTITY_UNICODE or _ANSI (bytes of UTF-8) */
} SEC_WINNT_AUTH_IDENTITY_W, *PSEC_WINNT_AUTH_IDENTITY_W;

typedef struct _SEC_WINNT_AUTH_IDENTITY_EXW {
  ULONG Version; /* SEC_WINNT_AUTH_IDENTITY_VERSION */
  ULONG Length;  /* sizeof this structure */
  USHORT* User;
  ULONG UserLength;
  USHORT* Domain;
  ULONG DomainLength;
  USHORT* Password;
  ULONG PasswordLength;
  ULONG Flags;
  USHORT* PackageList; /* packages to use, !packages to leave out, separated by commas */
  ULONG PackageListLength;
} SEC_WINNT_AUTH_IDENTITY_EXW, *PSEC_WINNT_AUTH_IDENTITY_EXW;

#define SEC_WINNT_AUTH_IDENTITY_VERSION 0x200
#define SEC_WINNT_AUTH_IDENTITY_ANSI 0x1
#define SEC_WINNT_AUTH_IDENTITY_UNICODE 0x2
#define SEC_WINNT_AUTH_IDENTITY_MARSHALLED 0x4
#define SEC_WINNT_AUTH_IDENTITY_ONLY 0x8

/* Channel bindings, the content of a SECBUFFER_CHANNEL_BINDINGS; offsets from the start of the structure. */
typedef struct _SEC_CHANNEL_BINDINGS {
  ULONG dwInitiatorAddrType;
  ULONG cbInitiatorLength;
  ULONG dwInitiatorOffset;
  ULONG dwAcceptorAddrType;
  ULONG cbAcceptorLength;
  ULONG dwAcceptorOffset;
  ULONG cbApplicationDataLength;
  ULONG dwApplicationDataOffset;
} SEC_CHANNEL_BINDINGS, *PSEC_CHANNEL_BINDINGS;

/* ---- What contexts and credentials answer. Pointers in these are freed by FreeContextBuffer, one by one. ------- */

typedef struct _SecPkgContext_Sizes {
  ULONG cbMaxToken;
  ULONG cbMaxSignature;
  ULONG cbBlockSize;
  ULONG cbSecurityTrailer;
} SecPkgContext_Sizes, *PSecPkgContext_Sizes;

typedef struct _SecPkgContext_StreamSizes {
  ULONG cbHeader;
  ULONG cbTrailer;
  ULONG cbMaximumMessage;
  ULONG cBuffers;
  ULONG cbBlockSize;
} SecPkgContext_StreamSizes, *PSecPkgContext_StreamSizes;

typedef struct _SecPkgContext_NamesW {
  SEC_WCHAR* sUserName;
} SecPkgContext_NamesW, *PSecPkgContext_NamesW;

typedef struct _SecPkgContext_Lifespan {
  TimeStamp tsStart;
  TimeStamp tsExpiry;
} SecPkgContext_Lifespan, *PSecPkgContext_Lifespan;

typedef struct _SecPkgContext_DceInfo {
  ULONG AuthzSvc;
  void* pPac;
} SecPkgContext_DceInfo, *PSecPkgContext_DceInfo;

typedef struct _SecPkgContext_KeyInfoW {
  SEC_WCHAR* sSignatureAlgorithmName;
  SEC_WCHAR* sEncryptAlgorithmName;
  ULONG KeySize; /* bits */
  ULONG SignatureAlgorithm;
  ULONG EncryptAlgorithm;
} SecPkgContext_KeyInfoW, *PSecPkgContext_KeyInfoW;

typedef struct _SecPkgContext_AuthorityW {
  SEC_WCHAR* sAuthorityName;
} SecPkgContext_AuthorityW, *PSecPkgContext_AuthorityW;

typedef struct _SecPkgContext_PasswordExpiry {
  TimeStamp tsPasswordExpires;
} SecPkgContext_PasswordExpiry, *PSecPkgContext_PasswordExpiry;

typedef struct _SecPkgContext_SessionKey {
  ULONG SessionKeyLength;
  unsigned char* SessionKey;
} SecPkgContext_SessionKey, *PSecPkgContext_SessionKey;

typedef struct _SecPkgContext_PackageInfoW {
  PSecPkgInfoW PackageInfo;
} SecPkgContext_PackageInfoW, *PSecPkgContext_PackageInfoW;

typedef struct _SecPkgContext_UserFlags {
  ULONG UserFlags;
} SecPkgContext_UserFlags, *PSecPkgContext_UserFlags;

typedef struct _SecPkgContext_Flags {
  ULONG Flags; /* ISC_RET_x or ASC_RET_x */
} SecPkgContext_Flags, *PSecPkgContext_Flags;

typedef struct _SecPkgContext_NegotiationInfoW {
  PSecPkgInfoW PackageInfo;
  ULONG NegotiationState; /* SECPKG_NEGOTIATION_x */
} SecPkgContext_NegotiationInfoW, *PSecPkgContext_NegotiationInfoW;

typedef struct _SecPkgContext_NativeNamesW {
  SEC_WCHAR* sClientName;
  SEC_WCHAR* sServerName;
} SecPkgContext_NativeNamesW, *PSecPkgContext_NativeNamesW;

typedef struct _SecPkgContext_CredentialNameW {
  ULONG CredentialType;
  SEC_WCHAR* sCredentialName;
} SecPkgContext_CredentialNameW, *PSecPkgContext_CredentialNameW;

typedef struct _SecPkgContext_Bindings {
  ULONG BindingsLength;
  SEC_CHANNEL_BINDINGS* Bindings;
} SecPkgContext_Bindings, *PSecPkgContext_Bindings;

/* The content of a SECBUFFER_APPLICATION_PROTOCOLS: lists one behind the other without padding, each of names that
 * begin with a byte that is their length. */
typedef enum _SEC_APPLICATION_PROTOCOL_NEGOTIATION_EXT {
  SecApplicationProtocolNegotiationExt_None,
  SecApplicationProtocolNegotiationExt_NPN,
  SecApplicationProtocolNegotiationExt_ALPN
} SEC_APPLICATION_PROTOCOL_NEGOTIATION_EXT;

typedef struct _SEC_APPLICATION_PROTOCOL_LIST {
  SEC_APPLICATION_PROTOCOL_NEGOTIATION_EXT ProtoNegoExt;
  USHORT ProtocolListSize; /* bytes of ProtocolList */
  BYTE ProtocolList[1];
} SEC_APPLICATION_PROTOCOL_LIST, *PSEC_APPLICATION_PROTOCOL_LIST;

typedef struct _SEC_APPLICATION_PROTOCOLS {
  ULONG ProtocolListsSize; /* bytes of ProtocolLists */
  SEC_APPLICATION_PROTOCOL_LIST ProtocolLists[1];
} SEC_APPLICATION_PROTOCOLS, *PSEC_APPLICATION_PROTOCOLS;

typedef enum _SEC_APPLICATION_PROTOCOL_NEGOTIATION_STATUS {
  SecApplicationProtocolNegotiationStatus_None,
  SecApplicationProtocolNegotiationStatus_Success,
  SecApplicationProtocolNegotiationStatus_SelectedClientOnly
} SEC_APPLICATION_PROTOCOL_NEGOTIATION_STATUS;

#define MAX_PROTOCOL_ID_SIZE 0xff

typedef struct _SecPkgContext_ApplicationProtocol {
  SEC_APPLICATION_PROTOCOL_NEGOTIATION_STATUS ProtoNegoStatus;
  SEC_APPLICATION_PROTOCOL_NEGOTIATION_EXT ProtoNegoExt;
  unsigned char ProtocolIdSize;
  unsigned char ProtocolId[MAX_PROTOCOL_ID_SIZE];
} SecPkgContext_ApplicationProtocol, *PSecPkgContext_ApplicationProtocol;

typedef struct _SecPkgContext_ClientSpecifiedTarget {
  SEC_WCHAR* sTargetName;
} SecPkgContext_ClientSpecifiedTarget, *PSecPkgContext_ClientSpecifiedTarget;

typedef struct _SecPkgCredentials_NamesW {
  SEC_WCHAR* sUserName;
} SecPkgCredentials_NamesW, *PSecPkgCredentials_NamesW;

/* ---- Numbers. ------------------------------------------------------------------------------------------------- */

#define ISC_REQ_DELEGATE 0x00000001
#define ISC_RET_DELEGATE 0x00000001
#define ISC_REQ_MUTUAL_AUTH 0x00000002
#define ISC_RET_MUTUAL_AUTH 0x00000002
#define ISC_REQ_REPLAY_DETECT 0x00000004
#define ISC_RET_REPLAY_DETECT 0x00000004
#define ISC_REQ_SEQUENCE_DETECT 0x00000008
#define ISC_RET_SEQUENCE_DETECT 0x00000008
#define ISC_REQ_CONFIDENTIALITY 0x00000010
#define ISC_RET_CONFIDENTIALITY 0x00000010
#define ISC_REQ_USE_SESSION_KEY 0x00000020
#define ISC_RET_USE_SESSION_KEY 0x00000020
#define ISC_REQ_PROMPT_FOR_CREDS 0x00000040
#define ISC_RET_USED_COLLECTED_CREDS 0x00000040
#define ISC_REQ_USE_SUPPLIED_CREDS 0x00000080
#define ISC_RET_USED_SUPPLIED_CREDS 0x00000080
#define ISC_REQ_ALLOCATE_MEMORY 0x00000100
#define ISC_RET_ALLOCATED_MEMORY 0x00000100
#define ISC_REQ_USE_DCE_STYLE 0x00000200
#define ISC_RET_USED_DCE_STYLE 0x00000200
#define ISC_REQ_DATAGRAM 0x00000400
#define ISC_RET_DATAGRAM 0x00000400
#define ISC_REQ_CONNECTION 0x00000800
#define ISC_RET_CONNECTION 0x00000800
#define ISC_REQ_CALL_LEVEL 0x00001000
#define ISC_RET_INTERMEDIATE_RETURN 0x00001000
#define ISC_REQ_FRAGMENT_SUPPLIED 0x00002000
#define ISC_RET_CALL_LEVEL 0x00002000
#define ISC_REQ_EXTENDED_ERROR 0x00004000
#define ISC_RET_EXTENDED_ERROR 0x00004000
#define ISC_REQ_STREAM 0x00008000
#define ISC_RET_STREAM 0x00008000
#define ISC_REQ_INTEGRITY 0x00010000
#define ISC_RET_INTEGRITY 0x00010000
#define ISC_REQ_IDENTIFY 0x00020000
#define ISC_RET_IDENTIFY 0x00020000
#define ISC_REQ_NULL_SESSION 0x00040000
#define ISC_RET_NULL_SESSION 0x00040000
#define ISC_REQ_MANUAL_CRED_VALIDATION 0x00080000
#define ISC_RET_MANUAL_CRED_VALIDATION 0x00080000
#define ISC_REQ_RESERVED1 0x00100000
#define ISC_RET_RESERVED1 0x00100000
#define ISC_REQ_FRAGMENT_TO_FIT 0x00200000
#define ISC_RET_FRAGMENT_ONLY 0x00200000
#define ISC_REQ_FORWARD_CREDENTIALS 0x00400000
#define ISC_RET_FORWARD_CREDENTIALS 0x00400000
#define ISC_REQ_NO_INTEGRITY 0x00800000
#define ISC_REQ_USE_HTTP_STYLE 0x01000000
#define ISC_RET_USED_HTTP_STYLE 0x01000000
#define ISC_RET_NO_ADDITIONAL_TOKEN 0x02000000
#define ISC_RET_REAUTHENTICATION 0x08000000
#define ISC_REQ_UNVERIFIED_TARGET_NAME 0x20000000
#define ISC_REQ_CONFIDENTIALITY_ONLY 0x40000000
#define ISC_RET_CONFIDENTIALITY_ONLY 0x40000000

#define ASC_REQ_DELEGATE 0x00000001
#define ASC_RET_DELEGATE 0x00000001
#define ASC_REQ_MUTUAL_AUTH 0x00000002
#define ASC_RET_MUTUAL_AUTH 0x00000002
#define ASC_REQ_REPLAY_DETECT 0x00000004
#define ASC_RET_REPLAY_DETECT 0x00000004
#define ASC_REQ_SEQUENCE_DETECT 0x00000008
#define ASC_RET_SEQUENCE_DETECT 0x00000008
#define ASC_REQ_CONFIDENTIALITY 0x00000010
#define ASC_RET_CONFIDENTIALITY 0x00000010
#define ASC_REQ_USE_SESSION_KEY 0x00000020
#define ASC_RET_USE_SESSION_KEY 0x00000020
#define ASC_REQ_SESSION_TICKET 0x00000040
#define ASC_RET_SESSION_TICKET 0x00000040
#define ASC_REQ_ALLOCATE_MEMORY 0x00000100
#define ASC_RET_ALLOCATED_MEMORY 0x00000100
#define ASC_REQ_USE_DCE_STYLE 0x00000200
#define ASC_RET_USED_DCE_STYLE 0x00000200
#define ASC_REQ_DATAGRAM 0x00000400
#define ASC_RET_DATAGRAM 0x00000400
#define ASC_REQ_CONNECTION 0x00000800
#define ASC_RET_CONNECTION 0x00000800
#define ASC_REQ_CALL_LEVEL 0x00001000
#define ASC_REQ_FRAGMENT_SUPPLIED 0x00002000
#define ASC_RET_CALL_LEVEL 0x00002000
#define ASC_RET_THIRD_LEG_FAILED 0x00004000
#define ASC_REQ_EXTENDED_ERROR 0x00008000
#define ASC_RET_EXTENDED_ERROR 0x00008000
#define ASC_REQ_STREAM 0x00010000
#define ASC_RET_STREAM 0x00010000
#define ASC_REQ_INTEGRITY 0x00020000
#define ASC_RET_INTEGRITY 0x00020000
#define ASC_REQ_LICENSING 0x00040000
#define ASC_RET_LICENSING 0x00040000
#define ASC_REQ_IDENTIFY 0x00080000
#define ASC_RET_IDENTIFY 0x00080000
#define ASC_REQ_ALLOW_NULL_SESSION 0x00100000
#define ASC_RET_NULL_SESSION 0x00100000
#define ASC_REQ_ALLOW_NON_USER_LOGONS 0x00200000
#define ASC_RET_ALLOW_NON_USER_LOGONS 0x00200000
#define ASC_REQ_ALLOW_CONTEXT_REPLAY 0x00400000
#define ASC_RET_ALLOW_CONTEXT_REPLAY 0x00400000
#define ASC_REQ_FRAGMENT_TO_FIT 0x00800000
#define ASC_RET_FRAGMENT_ONLY 0x00800000
#define ASC_REQ_NO_TOKEN 0x01000000
#define ASC_RET_NO_TOKEN 0x01000000
#define ASC_RET_NO_ADDITIONAL_TOKEN 0x02000000
#define ASC_REQ_PROXY_BINDINGS 0x04000000
#define ASC_REQ_ALLOW_MISSING_BINDINGS 0x10000000

#define SECPKG_FLAG_INTEGRITY 0x00000001
#define SECPKG_FLAG_PRIVACY 0x00000002
#define SECPKG_FLAG_TOKEN_ONLY 0x00000004
#define SECPKG_FLAG_DATAGRAM 0x00000008
#define SECPKG_FLAG_CONNECTION 0x00000010
#define SECPKG_FLAG_MULTI_REQUIRED 0x00000020
#define SECPKG_FLAG_CLIENT_ONLY 0x00000040
#define SECPKG_FLAG_EXTENDED_ERROR 0x00000080
#define SECPKG_FLAG_IMPERSONATION 0x00000100
#define SECPKG_FLAG_ACCEPT_WIN32_NAME 0x00000200
#define SECPKG_FLAG_STREAM 0x00000400
#define SECPKG_FLAG_NEGOTIABLE 0x00000800
#define SECPKG_FLAG_GSS_COMPATIBLE 0x00001000
#define SECPKG_FLAG_LOGON 0x00002000
#define SECPKG_FLAG_ASCII_BUFFERS 0x00004000
#define SECPKG_FLAG_FRAGMENT 0x00008000
#define SECPKG_FLAG_MUTUAL_AUTH 0x00010000
#define SECPKG_FLAG_DELEGATION 0x00020000
#define SECPKG_FLAG_READONLY_WITH_CHECKSUM 0x00040000
#define SECPKG_FLAG_RESTRICTED_TOKENS 0x00080000
#define SECPKG_FLAG_NEGO_EXTENDER 0x00100000
#define SECPKG_FLAG_NEGOTIABLE2 0x00200000
#define SECPKG_FLAG_APPCONTAINER_PASSTHROUGH 0x00400000
#define SECPKG_FLAG_APPCONTAINER_CHECKS 0x00800000
#define SECPKG_FLAG_CREDENTIAL_ISOLATION_ENABLED 0x01000000
#define SECPKG_FLAG_APPLY_LOOPBACK 0x02000000

#define SECBUFFER_EMPTY 0
#define SECBUFFER_DATA 1
#define SECBUFFER_TOKEN 2
#define SECBUFFER_PKG_PARAMS 3
#define SECBUFFER_MISSING 4
#define SECBUFFER_EXTRA 5
#define SECBUFFER_STREAM_TRAILER 6
#define SECBUFFER_STREAM_HEADER 7
#define SECBUFFER_NEGOTIATION_INFO 8
#define SECBUFFER_PADDING 9
#define SECBUFFER_STREAM 10
#define SECBUFFER_MECHLIST 11
#define SECBUFFER_MECHLIST_SIGNATURE 12
#define SECBUFFER_TARGET 13
#define SECBUFFER_CHANNEL_BINDINGS 14
#define SECBUFFER_CHANGE_PASS_RESPONSE 15
#define SECBUFFER_TARGET_HOST 16
#define SECBUFFER_ALERT 17
#define SECBUFFER_APPLICATION_PROTOCOLS 18
#define SECBUFFER_SRTP_PROTECTION_PROFILES 19
#define SECBUFFER_SRTP_MASTER_KEY_IDENTIFIER 20
#define SECBUFFER_TOKEN_BINDING 21
#define SECBUFFER_PRESHARED_KEY 22
#define SECBUFFER_PRESHARED_KEY_IDENTITY 23
#define SECBUFFER_DTLS_MTU 24
#define SECBUFFER_SEND_GENERIC_TLS_EXTENSION 25
#define SECBUFFER_SUBSCRIBE_GENERIC_TLS_EXTENSION 26
#define SECBUFFER_FLAGS 27
#define SECBUFFER_TRAFFIC_SECRETS 28
#define SECBUFFER_READONLY_WITH_CHECKSUM 0x10000000
#define SECBUFFER_RESERVED 0x60000000
#define SECBUFFER_READONLY 0x80000000
#define SECBUFFER_ATTRMASK 0xF0000000

#define SECPKG_ATTR_SIZES 0
#define SECPKG_ATTR_NAMES 1
#define SECPKG_ATTR_LIFESPAN 2
#define SECPKG_ATTR_DCE_INFO 3
#define SECPKG_ATTR_STREAM_SIZES 4
#define SECPKG_ATTR_KEY_INFO 5
#define SECPKG_ATTR_AUTHORITY 6
#define SECPKG_ATTR_PROTO_INFO 7
#define SECPKG_ATTR_PASSWORD_EXPIRY 8
#define SECPKG_ATTR_SESSION_KEY 9
#define SECPKG_ATTR_PACKAGE_INFO 10
#define SECPKG_ATTR_USER_FLAGS 11
#define SECPKG_ATTR_NEGOTIATION_INFO 12
#define SECPKG_ATTR_NATIVE_NAMES 13
#define SECPKG_ATTR_FLAGS 14
#define SECPKG_ATTR_USE_VALIDATED 15
#define SECPKG_ATTR_CREDENTIAL_NAME 16
#define SECPKG_ATTR_TARGET_INFORMATION 17
#define SECPKG_ATTR_ACCESS_TOKEN 18
#define SECPKG_ATTR_TARGET 19
#define SECPKG_ATTR_AUTHENTICATION_ID 20
#define SECPKG_ATTR_LOGOFF_TIME 21
#define SECPKG_ATTR_NEGO_KEYS 22
#define SECPKG_ATTR_PROMPTING_NEEDED 24
#define SECPKG_ATTR_UNIQUE_BINDINGS 25
#define SECPKG_ATTR_ENDPOINT_BINDINGS 26
#define SECPKG_ATTR_CLIENT_SPECIFIED_TARGET 27
#define SECPKG_ATTR_LAST_CLIENT_TOKEN_STATUS 30
#define SECPKG_ATTR_NEGO_PKG_INFO 31
#define SECPKG_ATTR_NEGO_STATUS 32
#define SECPKG_ATTR_CONTEXT_DELETED 33
#define SECPKG_ATTR_DTLS_MTU 34
#define SECPKG_ATTR_APPLICATION_PROTOCOL 35
#define SECPKG_ATTR_NEGOTIATED_TLS_EXTENSIONS 36
#define SECPKG_ATTR_IS_LOOPBACK 37
#define SECPKG_ATTR_ISSUER_LIST 0x50
#define SECPKG_ATTR_REMOTE_CRED 0x51
#define SECPKG_ATTR_LOCAL_CRED 0x52
#define SECPKG_ATTR_REMOTE_CERT_CONTEXT 0x53
#define SECPKG_ATTR_LOCAL_CERT_CONTEXT 0x54
#define SECPKG_ATTR_ROOT_STORE 0x55
#define SECPKG_ATTR_SUPPORTED_ALGS 0x56
#define SECPKG_ATTR_CIPHER_STRENGTHS 0x57
#define SECPKG_ATTR_SUPPORTED_PROTOCOLS 0x58
#define SECPKG_ATTR_ISSUER_LIST_EX 0x59
#define SECPKG_ATTR_CONNECTION_INFO 0x5a
#define SECPKG_ATTR_EAP_KEY_BLOCK 0x5b
#define SECPKG_ATTR_MAPPED_CRED_ATTR 0x5c
#define SECPKG_ATTR_SESSION_INFO 0x5d
#define SECPKG_ATTR_APP_DATA 0x5e
#define SECPKG_ATTR_REMOTE_CERTIFICATES 0x5F
#define SECPKG_ATTR_CLIENT_CERT_POLICY 0x60
#define SECPKG_ATTR_CC_POLICY_RESULT 0x61
#define SECPKG_ATTR_USE_NCRYPT 0x62
#define SECPKG_ATTR_LOCAL_CERT_INFO 0x63
#define SECPKG_ATTR_CIPHER_INFO 0x64
#define SECPKG_ATTR_EAP_PRF_INFO 0x65
#define SECPKG_ATTR_SUPPORTED_SIGNATURES 0x66
#define SECPKG_ATTR_REMOTE_CERT_CHAIN 0x67
#define SECPKG_ATTR_UI_INFO 0x68
#define SECPKG_ATTR_EARLY_START 0x69
#define SECPKG_ATTR_KEYING_MATERIAL_INFO 0x6a
#define SECPKG_ATTR_KEYING_MATERIAL 0x6b
#define SECPKG_ATTR_SRTP_PARAMETERS 0x6c
#define SECPKG_ATTR_TOKEN_BINDING 0x6d
#define SECPKG_ATTR_CONNECTION_INFO_EX 0x6e
#define SECPKG_ATTR_KEYING_MATERIAL_TOKEN_BINDING 0x6f
#define SECPKG_ATTR_KEYING_MATERIAL_INPROC 0x70
#define SECPKG_ATTR_SUBJECT_SECURITY_ATTRIBUTES 128

#define SECPKG_NEGOTIATION_COMPLETE 0
#define SECPKG_CONTEXT_EXPORT_RESET_NEW 0x00000001
#define SECPKG_CRED_INBOUND 0x00000001
#define SECPKG_CRED_ATTR_NAMES 1
#define SECPKG_NEGOTIATION_OPTIMISTIC 1
#define SECPKG_CONTEXT_EXPORT_DELETE_OLD 0x00000002
#define SECPKG_CRED_OUTBOUND 0x00000002
#define SECPKG_CRED_ATTR_SSI_PROVIDER 2
#define SECPKG_NEGOTIATION_IN_PROGRESS 2
#define SECPKG_CRED_BOTH 0x00000003
#define SECPKG_CRED_ATTR_KDC_PROXY_SETTINGS 3
#define SECPKG_NEGOTIATION_DIRECT 3
#define SECPKG_CONTEXT_EXPORT_TO_KERNEL 0x00000004
#define SECPKG_CRED_DEFAULT 0x00000004
#define SECPKG_CRED_ATTR_CERT 4
#define SECPKG_NEGOTIATION_TRY_MULTICRED 4
#define SECPKG_CRED_ATTR_PAC_BYPASS 5
#define SECPKG_CRED_AUTOLOGON_RESTRICTED 0x00000010
#define SECPKG_CRED_PROCESS_POLICY_ONLY 0x00000020
#define SECPKG_ID_NONE 0x0000FFFF
#define SECPKG_CRED_RESERVED 0xF0000000
#define SECPKG_ATTR_DATAGRAM_SIZES SECPKG_ATTR_STREAM_SIZES
#define SECBUFFER_VERSION 0
#define SECURITY_NATIVE_DREP 0x10
#define SECURITY_NETWORK_DREP 0x0
#define SECQOP_WRAP_NO_ENCRYPT 0x80000001
#define SECQOP_WRAP_OOB_DATA 0x40000000
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION 1
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_5 5
#define NEGO_INFO_FLAG_NO_KERBEROS 0x1
#define NEGO_INFO_FLAG_NO_NTLM 0x2

/* Names of packages are compared without regard to case. */
#if defined(__WCHAR_WIDTH__) && __WCHAR_WIDTH__ == 16
#define OPENSSPI_TEXT(literal) L##literal
#else
#define OPENSSPI_TEXT(literal) u##literal
#endif
#define NTLMSP_NAME OPENSSPI_TEXT("NTLM")
#define MICROSOFT_KERBEROS_NAME_W OPENSSPI_TEXT("Kerberos")
#define NEGOSSP_NAME_W OPENSSPI_TEXT("Negotiate")
#define SCHANNEL_NAME_W OPENSSPI_TEXT("Schannel")
#define UNISP_NAME_W OPENSSPI_TEXT("Microsoft Unified Security Protocol Provider")

/* ---- Functions. ----------------------------------------------------------------------------------------------- */

typedef void(SEC_ENTRY* SEC_GET_KEY_FN)(void* Arg, void* Principal, ULONG KeyVer, void** Key, SECURITY_STATUS* Status);

#define OPENSSPI_BOUND(name) __asm__("ossp_" #name)

/* The packages of this system, in one block for FreeContextBuffer.
 * SEC_E_INVALID_PARAMETER: a pointer is NULL. */
SECURITY_STATUS SEC_ENTRY EnumerateSecurityPackagesW(ULONG* pcPackages, PSecPkgInfoW* ppPackageInfo)
    OPENSSPI_BOUND(EnumerateSecurityPackagesW);

/* One package, in one block for FreeContextBuffer.
 * SEC_E_SECPKG_NOT_FOUND: no such package, or not offered here (NTLM in FIPS mode; the last failure says why). */
SECURITY_STATUS SEC_ENTRY QuerySecurityPackageInfoW(SEC_WCHAR* pszPackageName, PSecPkgInfoW* ppPackageInfo)
    OPENSSPI_BOUND(QuerySecurityPackageInfoW);

/* A credential of a package. pAuthData: NULL for the process's own, else a SEC_WINNT_AUTH_IDENTITY_W or _EXW for NTLM,
 * Kerberos and Negotiate. fCredentialUse: SECPKG_CRED_x. pszPrincipal, pGetKeyFn and pvGetKeyArgument may be NULL.
 * ptsExpiry may be NULL. Everything given is copied. phCredential is to be freed by FreeCredentialsHandle.
 * SEC_E_SECPKG_NOT_FOUND, SEC_E_NO_CREDENTIALS, SEC_E_UNKNOWN_CREDENTIALS (pAuthData is not understood),
 * SEC_E_INVALID_PARAMETER. */
SECURITY_STATUS SEC_ENTRY AcquireCredentialsHandleW(SEC_WCHAR* pszPrincipal, SEC_WCHAR* pszPackage,
                                                    ULONG fCredentialUse, void* pvLogonId, void* pAuthData,
                                                    SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                    PCredHandle phCredential, PTimeStamp ptsExpiry)
    OPENSSPI_BOUND(AcquireCredentialsHandleW);

/* Contexts made from the credential stay alive. SEC_E_INVALID_HANDLE. */
SECURITY_STATUS SEC_ENTRY FreeCredentialsHandle(PCredHandle phCredential) OPENSSPI_BOUND(FreeCredentialsHandle);

/* ulAttribute: SECPKG_CRED_ATTR_NAMES. SEC_E_UNSUPPORTED_FUNCTION, SEC_E_NO_CREDENTIALS. */
SECURITY_STATUS SEC_ENTRY QueryCredentialsAttributesW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer)
    OPENSSPI_BOUND(QueryCredentialsAttributesW);

/* ulAttribute: those of extra.h, before the first context. SEC_E_UNSUPPORTED_FUNCTION, SEC_E_INVALID_PARAMETER,
 * SEC_E_OUT_OF_SEQUENCE (a context was made from the credential already). */
SECURITY_STATUS SEC_ENTRY SetCredentialsAttributesW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                                    ULONG cbBuffer) OPENSSPI_BOUND(SetCredentialsAttributesW);

/* One step of the client's side. First call: phContext NULL, phCredential set, phNewContext receives the context (it
 * is left unwritten if the call fails). Later calls: phContext set, phCredential may be NULL; phNewContext may be
 * NULL or phContext. pInput: TOKEN, and where they apply CHANNEL_BINDINGS, APPLICATION_PROTOCOLS; EMPTY ones are
 * ignored. pOutput: a TOKEN, the caller's own or, with ISC_REQ_ALLOCATE_MEMORY, allocated here. A failing call may
 * still leave a token that is owed to the peer in pOutput.
 * SEC_E_OK, SEC_I_CONTINUE_NEEDED, SEC_E_INCOMPLETE_MESSAGE; SEC_E_INVALID_TOKEN, SEC_E_LOGON_DENIED,
 * SEC_E_NO_CREDENTIALS, SEC_E_BUFFER_TOO_SMALL, SEC_E_UNSUPPORTED_FUNCTION, SEC_E_INVALID_HANDLE,
 * SEC_E_OUT_OF_SEQUENCE (the context is finished, or failed before) and those of the package. */
SECURITY_STATUS SEC_ENTRY InitializeSecurityContextW(PCredHandle phCredential, PCtxtHandle phContext,
                                                     SEC_WCHAR* pszTargetName, ULONG fContextReq, ULONG Reserved1,
                                                     ULONG TargetDataRep, PSecBufferDesc pInput, ULONG Reserved2,
                                                     PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                     ULONG* pfContextAttr, PTimeStamp ptsExpiry)
    OPENSSPI_BOUND(InitializeSecurityContextW);

/* One step of the server's side; as InitializeSecurityContextW. SEC_E_BAD_BINDINGS too. */
SECURITY_STATUS SEC_ENTRY AcceptSecurityContext(PCredHandle phCredential, PCtxtHandle phContext, PSecBufferDesc pInput,
                                                ULONG fContextReq, ULONG TargetDataRep, PCtxtHandle phNewContext,
                                                PSecBufferDesc pOutput, ULONG* pfContextAttr, PTimeStamp ptsExpiry)
    OPENSSPI_BOUND(AcceptSecurityContext);

/* No package here asks for it (SEC_I_COMPLETE_NEEDED): SEC_E_UNSUPPORTED_FUNCTION. */
SECURITY_STATUS SEC_ENTRY CompleteAuthToken(PCtxtHandle phContext, PSecBufferDesc pToken)
    OPENSSPI_BOUND(CompleteAuthToken);

/* pInput: a TOKEN with a control structure of the package. SEC_E_UNSUPPORTED_FUNCTION where a package has none. */
SECURITY_STATUS SEC_ENTRY ApplyControlToken(PCtxtHandle phContext, PSecBufferDesc pInput)
    OPENSSPI_BOUND(ApplyControlToken);

/* ulAttribute: SECPKG_ATTR_x, pBuffer its structure; pointers in it are freed by FreeContextBuffer.
 * SEC_E_UNSUPPORTED_FUNCTION, SEC_E_NO_CONTEXT (the context is not established). */
SECURITY_STATUS SEC_ENTRY QueryContextAttributesW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer)
    OPENSSPI_BOUND(QueryContextAttributesW);
SECURITY_STATUS SEC_ENTRY SetContextAttributesW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer, ULONG cbBuffer)
    OPENSSPI_BOUND(SetContextAttributesW);

/* Signs the DATA buffers into the TOKEN buffer. MessageSeqNo counts in datagram contexts only.
 * SEC_E_INVALID_TOKEN (no TOKEN, or no DATA), SEC_E_BUFFER_TOO_SMALL (cbBuffer of the TOKEN is set to what it takes),
 * SEC_E_QOP_NOT_SUPPORTED, SEC_E_UNSUPPORTED_FUNCTION, SEC_E_NO_CONTEXT. */
SECURITY_STATUS SEC_ENTRY MakeSignature(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage, ULONG MessageSeqNo)
    OPENSSPI_BOUND(MakeSignature);

/* SEC_E_MESSAGE_ALTERED, SEC_E_OUT_OF_SEQUENCE; both leave the context as it was. pfQOP may be NULL. */
SECURITY_STATUS SEC_ENTRY VerifySignature(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                          ULONG* pfQOP) OPENSSPI_BOUND(VerifySignature);

/* Encrypts the DATA buffers in place and signs them; as MakeSignature. A DATA buffer marked READONLY or
 * READONLY_WITH_CHECKSUM is signed and stays in the clear; Kerberos leaves one marked READONLY out, as Windows does. */
SECURITY_STATUS SEC_ENTRY EncryptMessage(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage, ULONG MessageSeqNo)
    OPENSSPI_BOUND(EncryptMessage);

/* As VerifySignature; the DATA buffers are decrypted in place. Where authentication fails they are zeroed. */
SECURITY_STATUS SEC_ENTRY DecryptMessage(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                         ULONG* pfQOP) OPENSSPI_BOUND(DecryptMessage);

/* The established context as bytes that hold its keys: guard them. fFlags: SECPKG_CONTEXT_EXPORT_RESET_NEW (numbers
 * start again at 0 in the copy), SECPKG_CONTEXT_EXPORT_DELETE_OLD (this context cannot be used afterwards).
 * pPackedContext->pvBuffer is wiped and freed by FreeContextBuffer. *pToken, if given, becomes NULL. */
SECURITY_STATUS SEC_ENTRY ExportSecurityContext(PCtxtHandle phContext, ULONG fFlags, PSecBuffer pPackedContext,
                                                void** pToken) OPENSSPI_BOUND(ExportSecurityContext);
SECURITY_STATUS SEC_ENTRY ImportSecurityContextW(SEC_WCHAR* pszPackage, PSecBuffer pPackedContext, void* Token,
                                                 PCtxtHandle phContext) OPENSSPI_BOUND(ImportSecurityContextW);

/* Unlinks the context; a call that runs in another thread ends first, then it is freed. SEC_E_INVALID_HANDLE. */
SECURITY_STATUS SEC_ENTRY DeleteSecurityContext(PCtxtHandle phContext) OPENSSPI_BOUND(DeleteSecurityContext);

/* Wipes and frees what this interface allocated. NULL does nothing. What this interface did not allocate, or freed
 * already: SEC_E_INVALID_PARAMETER, nothing is touched. */
SECURITY_STATUS SEC_ENTRY FreeContextBuffer(void* pvContextBuffer) OPENSSPI_BOUND(FreeContextBuffer);

typedef SECURITY_STATUS(SEC_ENTRY* ENUMERATE_SECURITY_PACKAGES_FN_W)(ULONG*, PSecPkgInfoW*);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_CREDENTIALS_ATTRIBUTES_FN_W)(PCredHandle, ULONG, void*);
typedef SECURITY_STATUS(SEC_ENTRY* ACQUIRE_CREDENTIALS_HANDLE_FN_W)(SEC_WCHAR*, SEC_WCHAR*, ULONG, void*, void*,
                                                                    SEC_GET_KEY_FN, void*, PCredHandle, PTimeStamp);
typedef SECURITY_STATUS(SEC_ENTRY* FREE_CREDENTIALS_HANDLE_FN)(PCredHandle);
typedef SECURITY_STATUS(SEC_ENTRY* INITIALIZE_SECURITY_CONTEXT_FN_W)(PCredHandle, PCtxtHandle, SEC_WCHAR*, ULONG, ULONG,
                                                                     ULONG, PSecBufferDesc, ULONG, PCtxtHandle,
                                                                     PSecBufferDesc, ULONG*, PTimeStamp);
typedef SECURITY_STATUS(SEC_ENTRY* ACCEPT_SECURITY_CONTEXT_FN)(PCredHandle, PCtxtHandle, PSecBufferDesc, ULONG, ULONG,
                                                               PCtxtHandle, PSecBufferDesc, ULONG*, PTimeStamp);
typedef SECURITY_STATUS(SEC_ENTRY* COMPLETE_AUTH_TOKEN_FN)(PCtxtHandle, PSecBufferDesc);
typedef SECURITY_STATUS(SEC_ENTRY* DELETE_SECURITY_CONTEXT_FN)(PCtxtHandle);
typedef SECURITY_STATUS(SEC_ENTRY* APPLY_CONTROL_TOKEN_FN)(PCtxtHandle, PSecBufferDesc);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_CONTEXT_ATTRIBUTES_FN_W)(PCtxtHandle, ULONG, void*);
typedef SECURITY_STATUS(SEC_ENTRY* IMPERSONATE_SECURITY_CONTEXT_FN)(PCtxtHandle);
typedef SECURITY_STATUS(SEC_ENTRY* REVERT_SECURITY_CONTEXT_FN)(PCtxtHandle);
typedef SECURITY_STATUS(SEC_ENTRY* MAKE_SIGNATURE_FN)(PCtxtHandle, ULONG, PSecBufferDesc, ULONG);
typedef SECURITY_STATUS(SEC_ENTRY* VERIFY_SIGNATURE_FN)(PCtxtHandle, PSecBufferDesc, ULONG, ULONG*);
typedef SECURITY_STATUS(SEC_ENTRY* FREE_CONTEXT_BUFFER_FN)(void*);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_SECURITY_PACKAGE_INFO_FN_W)(SEC_WCHAR*, PSecPkgInfoW*);
typedef SECURITY_STATUS(SEC_ENTRY* EXPORT_SECURITY_CONTEXT_FN)(PCtxtHandle, ULONG, PSecBuffer, void**);
typedef SECURITY_STATUS(SEC_ENTRY* IMPORT_SECURITY_CONTEXT_FN_W)(SEC_WCHAR*, PSecBuffer, void*, PCtxtHandle);
typedef SECURITY_STATUS(SEC_ENTRY* ADD_CREDENTIALS_FN_W)(PCredHandle, SEC_WCHAR*, SEC_WCHAR*, ULONG, void*,
                                                         SEC_GET_KEY_FN, void*, PTimeStamp);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_SECURITY_CONTEXT_TOKEN_FN)(PCtxtHandle, void**);
typedef SECURITY_STATUS(SEC_ENTRY* ENCRYPT_MESSAGE_FN)(PCtxtHandle, ULONG, PSecBufferDesc, ULONG);
typedef SECURITY_STATUS(SEC_ENTRY* DECRYPT_MESSAGE_FN)(PCtxtHandle, PSecBufferDesc, ULONG, ULONG*);
typedef SECURITY_STATUS(SEC_ENTRY* SET_CONTEXT_ATTRIBUTES_FN_W)(PCtxtHandle, ULONG, void*, ULONG);
typedef SECURITY_STATUS(SEC_ENTRY* SET_CREDENTIALS_ATTRIBUTES_FN_W)(PCredHandle, ULONG, void*, ULONG);
typedef SECURITY_STATUS(SEC_ENTRY* CHANGE_PASSWORD_FN_W)(SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*, SEC_WCHAR*,
                                                         BOOLEAN, ULONG, PSecBufferDesc);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_CONTEXT_ATTRIBUTES_EX_FN_W)(PCtxtHandle, ULONG, void*, ULONG);
typedef SECURITY_STATUS(SEC_ENTRY* QUERY_CREDENTIALS_ATTRIBUTES_EX_FN_W)(PCredHandle, ULONG, void*, ULONG);

/* The table of the interface. AddCredentialsW, ChangeAccountPasswordW, ImpersonateSecurityContext,
 * RevertSecurityContext and QuerySecurityContextToken have no meaning here and answer SEC_E_UNSUPPORTED_FUNCTION. */
typedef struct _SECURITY_FUNCTION_TABLE_W {
  ULONG dwVersion; /* SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION_5: the whole table below */
  ENUMERATE_SECURITY_PACKAGES_FN_W EnumerateSecurityPackagesW;
  QUERY_CREDENTIALS_ATTRIBUTES_FN_W QueryCredentialsAttributesW;
  ACQUIRE_CREDENTIALS_HANDLE_FN_W AcquireCredentialsHandleW;
  FREE_CREDENTIALS_HANDLE_FN FreeCredentialsHandle;
  void* Reserved2;
  INITIALIZE_SECURITY_CONTEXT_FN_W InitializeSecurityContextW;
  ACCEPT_SECURITY_CONTEXT_FN AcceptSecurityContext;
  COMPLETE_AUTH_TOKEN_FN CompleteAuthToken;
  DELETE_SECURITY_CONTEXT_FN DeleteSecurityContext;
  APPLY_CONTROL_TOKEN_FN ApplyControlToken;
  QUERY_CONTEXT_ATTRIBUTES_FN_W QueryContextAttributesW;
  IMPERSONATE_SECURITY_CONTEXT_FN ImpersonateSecurityContext;
  REVERT_SECURITY_CONTEXT_FN RevertSecurityContext;
  MAKE_SIGNATURE_FN MakeSignature;
  VERIFY_SIGNATURE_FN VerifySignature;
  FREE_CONTEXT_BUFFER_FN FreeContextBuffer;
  QUERY_SECURITY_PACKAGE_INFO_FN_W QuerySecurityPackageInfoW;
  void* Reserved3; /* EncryptMessage, as on Windows */
  void* Reserved4; /* DecryptMessage, as on Windows */
  EXPORT_SECURITY_CONTEXT_FN ExportSecurityContext;
  IMPORT_SECURITY_CONTEXT_FN_W ImportSecurityContextW;
  ADD_CREDENTIALS_FN_W AddCredentialsW;
  void* Reserved8;
  QUERY_SECURITY_CONTEXT_TOKEN_FN QuerySecurityContextToken;
  ENCRYPT_MESSAGE_FN EncryptMessage;
  DECRYPT_MESSAGE_FN DecryptMessage;
  SET_CONTEXT_ATTRIBUTES_FN_W SetContextAttributesW;
  SET_CREDENTIALS_ATTRIBUTES_FN_W SetCredentialsAttributesW;
  CHANGE_PASSWORD_FN_W ChangeAccountPasswordW;
  QUERY_CONTEXT_ATTRIBUTES_EX_FN_W QueryContextAttributesExW;
  QUERY_CREDENTIALS_ATTRIBUTES_EX_FN_W QueryCredentialsAttributesExW;
} SecurityFunctionTableW, *PSecurityFunctionTableW;

/* The table above; never NULL, never to be freed. */
PSecurityFunctionTableW SEC_ENTRY InitSecurityInterfaceW(void) OPENSSPI_BOUND(InitSecurityInterfaceW);

#ifdef __cplusplus
}
#endif

#endif /* _WIN32 */
#endif /* OPENSSPI_SSPI_H */
