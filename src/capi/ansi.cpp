// The A functions: texts are UTF-8 on their way in and out, the W functions do the work.
#include "opensspi/sspi_ansi.h"

#include <array>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "capi/unexported.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// Runs the body, a SECURITY_STATUS of W functions that have recorded their failures themselves; nothing escapes.
template <typename Body>
SECURITY_STATUS converting(const char* function, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return record(Status::insufficient_memory, function, "memory ran out", function);
  } catch (...) {
    return record(Status::internal_error, function, "an unknown exception", function);
  }
}

// A text for a W function, NULL for NULL.
class Wide {
 public:
  Wide(const SEC_CHAR* text, const char* parameter) : parameter_(parameter) {
    if (text != nullptr) text_.emplace(to_utf16(text));
  }
  bool ok() const { return !text_ || text_->has_value(); }
  SECURITY_STATUS refuse(const char* function) const {
    set_package({});
    return record(Error{text_->error().status, parameter_, text_->error().detail, {}}, function);
  }
  SEC_WCHAR* get() { return text_ ? reinterpret_cast<SEC_WCHAR*>((*text_)->data()) : nullptr; }

 private:
  const char* parameter_;
  std::optional<Result<std::u16string>> text_;
};

std::u16string_view view_of(const SEC_WCHAR* text) { return reinterpret_cast<const char16_t*>(text); }

// Puts UTF-8 in the place of the texts that a W function allocated: all of them or, where memory runs out, none.
template <std::size_t N>
void narrow(const std::array<SEC_CHAR**, N>& places) {
  std::array<SEC_CHAR*, N> narrowed{};
  try {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string text = to_utf8(view_of(reinterpret_cast<SEC_WCHAR*>(*places[i])));
      narrowed[i] =
          static_cast<SEC_CHAR*>(allocate_copy({reinterpret_cast<const std::uint8_t*>(text.c_str()), text.size() + 1}));
    }
  } catch (...) {
    for (std::size_t i = 0; i < N; ++i) {
      if (narrowed[i] != nullptr) free_allocated(narrowed[i]);
      free_allocated(std::exchange(*places[i], nullptr));
    }
    throw;
  }
  for (std::size_t i = 0; i < N; ++i) free_allocated(std::exchange(*places[i], narrowed[i]));
}

// The block of a W function as one of A, and the former freed.
PSecPkgInfoA narrow_infos(PSecPkgInfoW wide, ULONG count) {
  struct Guard {
    PSecPkgInfoW block;
    ~Guard() { free_allocated(block); }
  } const guard{wide};
  std::string texts;
  for (ULONG i = 0; i < count; ++i) {
    texts.append(to_utf8(view_of(wide[i].Name))).push_back('\0');
    texts.append(to_utf8(view_of(wide[i].Comment))).push_back('\0');
  }
  PSecPkgInfoA infos = nullptr;
  Block block(infos, count, texts.size());
  auto* at = static_cast<SEC_CHAR*>(block.room(texts.size()));
  std::copy(texts.begin(), texts.end(), at);
  const auto next_text = [&at] { return std::exchange(at, at + std::char_traits<char>::length(at) + 1); };
  for (ULONG i = 0; i < count; ++i) {
    SEC_CHAR* const name = next_text();
    infos[i] = {wide[i].fCapabilities, wide[i].wVersion, wide[i].wRPCID, wide[i].cbMaxToken, name, next_text()};
  }
  return infos;
}

static_assert(sizeof(SecPkgContext_KeyInfoA) == sizeof(SecPkgContext_KeyInfoW));
static_assert(sizeof(SecPkgContext_NegotiationInfoA) == sizeof(SecPkgContext_NegotiationInfoW));

// What QueryContextAttributesW filled, with its texts narrowed where A has a structure of its own.
void narrow_attribute(ULONG attribute, void* structure) {
  switch (attribute) {
    case SECPKG_ATTR_NAMES:
    case SECPKG_ATTR_AUTHORITY:
      return narrow<1>({&static_cast<SecPkgContext_NamesA*>(structure)->sUserName});
    case SECPKG_ATTR_NATIVE_NAMES: {
      auto& names = *static_cast<SecPkgContext_NativeNamesA*>(structure);
      return narrow<2>({&names.sClientName, &names.sServerName});
    }
    case SECPKG_ATTR_KEY_INFO: {
      auto& info = *static_cast<SecPkgContext_KeyInfoA*>(structure);
      return narrow<2>({&info.sSignatureAlgorithmName, &info.sEncryptAlgorithmName});
    }
    case SECPKG_ATTR_PACKAGE_INFO:
    case SECPKG_ATTR_NEGOTIATION_INFO: {
      auto& info = *static_cast<SecPkgContext_PackageInfoA*>(structure);
      PSecPkgInfoW const wide = reinterpret_cast<PSecPkgInfoW>(std::exchange(info.PackageInfo, nullptr));
      info.PackageInfo = narrow_infos(wide, 1);
      return;
    }
    default:
      return;
  }
}

SECURITY_STATUS query_context(PCtxtHandle context, ULONG attribute, void* buffer) {
  const SECURITY_STATUS status = QueryContextAttributesW(context, attribute, buffer);
  if (status == SEC_E_OK) narrow_attribute(attribute, buffer);
  return status;
}

SECURITY_STATUS query_credential(PCredHandle credential, ULONG attribute, void* buffer) {
  const SECURITY_STATUS status = QueryCredentialsAttributesW(credential, attribute, buffer);
  if (status == SEC_E_OK && attribute == SECPKG_CRED_ATTR_NAMES) {
    narrow<1>({&static_cast<SecPkgCredentials_NamesA*>(buffer)->sUserName});
  }
  return status;
}

}  // namespace

OPENSSPI_API SECURITY_STATUS EnumerateSecurityPackagesA(ULONG* pcPackages, PSecPkgInfoA* ppPackageInfo) {
  return converting("EnumerateSecurityPackagesA", [&] {
    PSecPkgInfoW wide = nullptr;
    ULONG count = 0;
    const bool given = pcPackages != nullptr && ppPackageInfo != nullptr;
    const SECURITY_STATUS status = EnumerateSecurityPackagesW(given ? &count : nullptr, &wide);
    if (status != SEC_E_OK) return status;
    *ppPackageInfo = narrow_infos(wide, count);
    *pcPackages = count;
    return status;
  });
}
OPENSSPI_EXPORT(EnumerateSecurityPackagesA);

OPENSSPI_API SECURITY_STATUS QuerySecurityPackageInfoA(SEC_CHAR* pszPackageName, PSecPkgInfoA* ppPackageInfo) {
  constexpr const char* kFunction = "QuerySecurityPackageInfoA";
  return converting(kFunction, [&] {
    Wide name(pszPackageName, "pszPackageName");
    if (!name.ok()) return name.refuse(kFunction);
    PSecPkgInfoW wide = nullptr;
    const SECURITY_STATUS status = QuerySecurityPackageInfoW(name.get(), ppPackageInfo != nullptr ? &wide : nullptr);
    if (status == SEC_E_OK) *ppPackageInfo = narrow_infos(wide, 1);
    return status;
  });
}
OPENSSPI_EXPORT(QuerySecurityPackageInfoA);

OPENSSPI_API SECURITY_STATUS AcquireCredentialsHandleA(SEC_CHAR* pszPrincipal, SEC_CHAR* pszPackage,
                                                       ULONG fCredentialUse, void* pvLogonId, void* pAuthData,
                                                       SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                       PCredHandle phCredential, PTimeStamp ptsExpiry) {
  constexpr const char* kFunction = "AcquireCredentialsHandleA";
  return converting(kFunction, [&] {
    Wide principal(pszPrincipal, "pszPrincipal"), package(pszPackage, "pszPackage");
    if (!principal.ok()) return principal.refuse(kFunction);
    if (!package.ok()) return package.refuse(kFunction);
    return AcquireCredentialsHandleW(principal.get(), package.get(), fCredentialUse, pvLogonId, pAuthData, pGetKeyFn,
                                     pvGetKeyArgument, phCredential, ptsExpiry);
  });
}
OPENSSPI_EXPORT(AcquireCredentialsHandleA);

OPENSSPI_API SECURITY_STATUS QueryCredentialsAttributesA(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer) {
  return converting("QueryCredentialsAttributesA",
                    [&] { return query_credential(phCredential, ulAttribute, pBuffer); });
}
OPENSSPI_EXPORT(QueryCredentialsAttributesA);

OPENSSPI_API SECURITY_STATUS SetCredentialsAttributesA(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                                       ULONG cbBuffer) {
  return SetCredentialsAttributesW(phCredential, ulAttribute, pBuffer, cbBuffer);
}
OPENSSPI_EXPORT(SetCredentialsAttributesA);

OPENSSPI_API SECURITY_STATUS InitializeSecurityContextA(PCredHandle phCredential, PCtxtHandle phContext,
                                                        SEC_CHAR* pszTargetName, ULONG fContextReq, ULONG Reserved1,
                                                        ULONG TargetDataRep, PSecBufferDesc pInput, ULONG Reserved2,
                                                        PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                        ULONG* pfContextAttr, PTimeStamp ptsExpiry) {
  constexpr const char* kFunction = "InitializeSecurityContextA";
  return converting(kFunction, [&] {
    Wide target(pszTargetName, "pszTargetName");
    if (!target.ok()) return target.refuse(kFunction);
    return InitializeSecurityContextW(phCredential, phContext, target.get(), fContextReq, Reserved1, TargetDataRep,
                                      pInput, Reserved2, phNewContext, pOutput, pfContextAttr, ptsExpiry);
  });
}
OPENSSPI_EXPORT(InitializeSecurityContextA);

OPENSSPI_API SECURITY_STATUS QueryContextAttributesA(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer) {
  return converting("QueryContextAttributesA", [&] { return query_context(phContext, ulAttribute, pBuffer); });
}
OPENSSPI_EXPORT(QueryContextAttributesA);

OPENSSPI_API SECURITY_STATUS SetContextAttributesA(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer,
                                                   ULONG cbBuffer) {
  return SetContextAttributesW(phContext, ulAttribute, pBuffer, cbBuffer);
}
OPENSSPI_EXPORT(SetContextAttributesA);

OPENSSPI_API SECURITY_STATUS ImportSecurityContextA(SEC_CHAR* pszPackage, PSecBuffer pPackedContext, void* Token,
                                                    PCtxtHandle phContext) {
  constexpr const char* kFunction = "ImportSecurityContextA";
  return converting(kFunction, [&] {
    Wide package(pszPackage, "pszPackage");
    if (!package.ok()) return package.refuse(kFunction);
    return ImportSecurityContextW(package.get(), pPackedContext, Token, phContext);
  });
}
OPENSSPI_EXPORT(ImportSecurityContextA);

namespace {

SECURITY_STATUS query_context_ex(PCtxtHandle context, ULONG attribute, void* buffer, ULONG size) {
  return converting("QueryContextAttributesExA", [&] {
    const SECURITY_STATUS status = QueryContextAttributesExW(context, attribute, buffer, size);
    if (status == SEC_E_OK) narrow_attribute(attribute, buffer);
    return status;
  });
}

SECURITY_STATUS query_credential_ex(PCredHandle credential, ULONG attribute, void* buffer, ULONG size) {
  return converting("QueryCredentialsAttributesExA", [&] {
    const SECURITY_STATUS status = QueryCredentialsAttributesExW(credential, attribute, buffer, size);
    if (status == SEC_E_OK && attribute == SECPKG_CRED_ATTR_NAMES) {
      narrow<1>({&static_cast<SecPkgCredentials_NamesA*>(buffer)->sUserName});
    }
    return status;
  });
}

// Without meaning here, whatever their arguments: these record the failure as those of the W table do.
SECURITY_STATUS add_credentials(PCredHandle, SEC_CHAR*, SEC_CHAR*, ULONG, void*, SEC_GET_KEY_FN, void*, PTimeStamp) {
  return no_meaning("AddCredentialsA");
}
SECURITY_STATUS change_password(SEC_CHAR*, SEC_CHAR*, SEC_CHAR*, SEC_CHAR*, SEC_CHAR*, BOOLEAN, ULONG, PSecBufferDesc) {
  return no_meaning("ChangeAccountPasswordA");
}

SecurityFunctionTableA make_table() {
  const SecurityFunctionTableW& wide = *InitSecurityInterfaceW();
  SecurityFunctionTableA table{};
  table.dwVersion = wide.dwVersion;
  table.EnumerateSecurityPackagesA = EnumerateSecurityPackagesA;
  table.QueryCredentialsAttributesA = QueryCredentialsAttributesA;
  table.AcquireCredentialsHandleA = AcquireCredentialsHandleA;
  table.FreeCredentialsHandle = wide.FreeCredentialsHandle;
  table.InitializeSecurityContextA = InitializeSecurityContextA;
  table.AcceptSecurityContext = wide.AcceptSecurityContext;
  table.CompleteAuthToken = wide.CompleteAuthToken;
  table.DeleteSecurityContext = wide.DeleteSecurityContext;
  table.ApplyControlToken = wide.ApplyControlToken;
  table.QueryContextAttributesA = QueryContextAttributesA;
  table.ImpersonateSecurityContext = wide.ImpersonateSecurityContext;
  table.RevertSecurityContext = wide.RevertSecurityContext;
  table.MakeSignature = wide.MakeSignature;
  table.VerifySignature = wide.VerifySignature;
  table.FreeContextBuffer = wide.FreeContextBuffer;
  table.QuerySecurityPackageInfoA = QuerySecurityPackageInfoA;
  table.Reserved3 = wide.Reserved3;
  table.Reserved4 = wide.Reserved4;
  table.ExportSecurityContext = wide.ExportSecurityContext;
  table.ImportSecurityContextA = ImportSecurityContextA;
  table.AddCredentialsA = add_credentials;
  table.QuerySecurityContextToken = wide.QuerySecurityContextToken;
  table.EncryptMessage = wide.EncryptMessage;
  table.DecryptMessage = wide.DecryptMessage;
  table.SetContextAttributesA = SetContextAttributesA;
  table.SetCredentialsAttributesA = SetCredentialsAttributesA;
  table.ChangeAccountPasswordA = change_password;
  table.QueryContextAttributesExA = query_context_ex;
  table.QueryCredentialsAttributesExA = query_credential_ex;
  return table;
}

}  // namespace

OPENSSPI_API PSecurityFunctionTableA InitSecurityInterfaceA(void) {
  static SecurityFunctionTableA table = make_table();
  return &table;
}
OPENSSPI_EXPORT(InitSecurityInterfaceA);
