// AcquireCredentialsHandleW, FreeCredentialsHandle, Query- and SetCredentialsAttributesW.
#include <optional>

#include "base/text.hpp"
#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "capi/structures.hpp"
#include "capi/unexported.hpp"
#include "opensspi/extra.h"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

Result<core::Package*> package_named(const SEC_WCHAR* name) {
  if (name == nullptr) return fail(Status::secpkg_not_found, "pszPackage", "it is NULL");
  auto registry = packages();
  if (!registry) return fail(registry);
  auto package = (*registry)->find(text_of(name));
  if (package) set_package((*package)->info().name);
  return package;
}

Result<std::uint32_t> checked_use(ULONG use) {
  const ULONG direction = use & SECPKG_CRED_BOTH;
  if (direction == 0) {
    return fail(Status::invalid_parameter, "fCredentialUse",
                hex32(use) + " is neither SECPKG_CRED_INBOUND (1) nor SECPKG_CRED_OUTBOUND (2) nor both (3)");
  }
  return direction;
}

std::size_t credential_structure_bytes(ULONG attribute) {
  switch (attribute) {
    case OPENSSPI_CRED_ATTR_ACCOUNTS:
      return sizeof(OPENSSPI_ACCOUNTS);
    case OPENSSPI_CRED_ATTR_NTLM_POLICY:
      return sizeof(OPENSSPI_NTLM_POLICY);
    case OPENSSPI_CRED_ATTR_TLS_POLICY:
      return sizeof(OPENSSPI_TLS_POLICY);
    case OPENSSPI_CRED_ATTR_KRB_SOURCES:
      return sizeof(OPENSSPI_KRB_SOURCES);
    default:
      return 0;
  }
}

}  // namespace

OPENSSPI_API SECURITY_STATUS AcquireCredentialsHandleW(SEC_WCHAR* pszPrincipal, SEC_WCHAR* pszPackage,
                                                       ULONG fCredentialUse, void*, void* pAuthData, SEC_GET_KEY_FN,
                                                       void*, PCredHandle phCredential, PTimeStamp ptsExpiry) {
  return guarded("AcquireCredentialsHandleW", [&]() -> Result<Status> {
    if (phCredential == nullptr) return fail(Status::invalid_parameter, "phCredential", "it is NULL");
    auto package = package_named(pszPackage);
    if (!package) return fail(package);
    auto use = checked_use(fCredentialUse);
    if (!use) return fail(use);
    core::AcquireInput input;
    input.principal = text_of(pszPrincipal);
    input.use = *use;
    input.package_data = pAuthData;
    std::optional<core::AuthIdentity> identity;
    if (pAuthData != nullptr && (*package)->takes_auth_identity()) {
      auto read = read_identity(pAuthData);
      if (!read) return fail(read);
      identity = std::move(*read);
      input.identity = &*identity;
    }
    auto credential = (*package)->acquire(input);
    if (!credential) return fail(credential);
    if (ptsExpiry != nullptr) *ptsExpiry = to_timestamp((*credential)->expiry());
    *phCredential = credentials().insert(std::make_unique<CredentialEntry>(CredentialEntry{std::move(*credential)}));
    return Status::ok;
  });
}
OPENSSPI_EXPORT(AcquireCredentialsHandleW);

OPENSSPI_API SECURITY_STATUS FreeCredentialsHandle(PCredHandle phCredential) {
  return guarded("FreeCredentialsHandle", [&]() -> Result<Status> {
    if (phCredential != nullptr && credentials().erase(*phCredential)) return Status::ok;
    return fail(Status::invalid_handle, "phCredential",
                "no credential has this handle; it was freed, or never was one");
  });
}
OPENSSPI_EXPORT(FreeCredentialsHandle);

OPENSSPI_API SECURITY_STATUS QueryCredentialsAttributesW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer) {
  return guarded("QueryCredentialsAttributesW", [&]() -> Result<Status> {
    auto entry = credential_of(phCredential);
    if (!entry) return fail(entry);
    if (pBuffer == nullptr) return fail(Status::invalid_parameter, "pBuffer", "it is NULL");
    if (ulAttribute != SECPKG_CRED_ATTR_NAMES) {
      auto attribute = (*entry)->credential->query(ulAttribute);
      if (!attribute) return fail(attribute);
      fill_structure(*attribute, pBuffer);
      return Status::ok;
    }
    auto name = (*entry)->credential->name();
    if (!name) return fail(name);
    static_cast<SecPkgCredentials_NamesW*>(pBuffer)->sUserName = allocate_text(*name);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(QueryCredentialsAttributesW);

OPENSSPI_API SECURITY_STATUS SetCredentialsAttributesW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                                       ULONG cbBuffer) {
  return guarded("SetCredentialsAttributesW", [&]() -> Result<Status> {
    auto entry = credential_of(phCredential);
    if (!entry) return fail(entry);
    const std::size_t wanted = credential_structure_bytes(ulAttribute);
    if (wanted == 0) {
      return fail(Status::unsupported_function, "ulAttribute", hex32(ulAttribute) + " is not known");
    }
    if (pBuffer == nullptr || cbBuffer != wanted) {
      return fail(Status::invalid_parameter, "pBuffer, cbBuffer",
                  "the structure has " + std::to_string(wanted) + " bytes, " +
                      (pBuffer == nullptr ? "none" : std::to_string(cbBuffer)) + " are given");
    }
    auto set = (*entry)->credential->set(ulAttribute, {static_cast<const std::uint8_t*>(pBuffer), cbBuffer});
    if (!set) return fail(set);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SetCredentialsAttributesW);

SECURITY_STATUS capi::QueryCredentialsAttributesExW(PCredHandle phCredential, ULONG ulAttribute, void* pBuffer,
                                                    ULONG cbBuffer) {
  if (ulAttribute == SECPKG_CRED_ATTR_NAMES && cbBuffer < sizeof(SecPkgCredentials_NamesW)) {
    return record(Status::buffer_too_small, "cbBuffer", "the attribute's structure is larger",
                  "QueryCredentialsAttributesExW");
  }
  return QueryCredentialsAttributesW(phCredential, ulAttribute, pBuffer);
}
