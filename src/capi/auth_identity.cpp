// Identities as one block: SspiEncodeStringsAsAuthIdentity and its kin.
#include <array>

#include "base/secret.hpp"
#include "capi/arguments.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "opensspi/extra.h"
#include "opensspi/sspi_more.h"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

USHORT* put_text(Block& block, bool given, std::u16string_view text) {
  return given ? reinterpret_cast<USHORT*>(block.put(text)) : nullptr;
}

// The characters of a password, and a terminator that the block's zeros give.
USHORT* put_password(Block& block, const core::AuthIdentity& identity) {
  if (!identity.has_password) return nullptr;
  auto* at = static_cast<std::uint8_t*>(block.room(identity.password.size() + sizeof(char16_t)));
  copy_bytes({at, identity.password.size()}, identity.password.bytes());
  return reinterpret_cast<USHORT*>(at);
}

SEC_WINNT_AUTH_IDENTITY_EXW* allocate_identity(const core::AuthIdentity& identity) {
  SEC_WINNT_AUTH_IDENTITY_EXW* out = nullptr;
  Block block(out, 1,
              Block::text_bytes(identity.user) + Block::text_bytes(identity.domain) +
                  Block::text_bytes(identity.package_list) + identity.password.size() + sizeof(char16_t));
  out->Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  out->Length = sizeof *out;
  out->Flags =
      SEC_WINNT_AUTH_IDENTITY_UNICODE | (identity.password_is_nt_hash ? OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH : 0U);
  out->User = put_text(block, identity.has_user, identity.user);
  out->UserLength = static_cast<ULONG>(identity.user.size());
  out->Domain = put_text(block, identity.has_domain, identity.domain);
  out->DomainLength = static_cast<ULONG>(identity.domain.size());
  out->PackageList = put_text(block, !identity.package_list.empty(), identity.package_list);
  out->PackageListLength = static_cast<ULONG>(identity.package_list.size());
  out->Password = put_password(block, identity);
  out->PasswordLength = static_cast<ULONG>(identity.password.size() / sizeof(char16_t));
  return out;
}

Result<core::AuthIdentity> identity_at(const void* given) {
  if (given == nullptr) return fail(Status::unknown_credentials, "AuthIdentity", "it is NULL");
  return read_identity(given);
}

SEC_WCHAR* allocate_password(const core::AuthIdentity& identity) {
  auto* text = static_cast<std::uint8_t*>(allocate(identity.password.size() + sizeof(char16_t)));
  copy_bytes({text, identity.password.size()}, identity.password.bytes());
  return reinterpret_cast<SEC_WCHAR*>(text);
}

}  // namespace

OPENSSPI_API SECURITY_STATUS SspiEncodeStringsAsAuthIdentity(const SEC_WCHAR* pszUserName,
                                                             const SEC_WCHAR* pszDomainName,
                                                             const SEC_WCHAR* pszPackedCredentialsString,
                                                             PSEC_WINNT_AUTH_IDENTITY_OPAQUE* ppAuthIdentity) {
  return guarded("SspiEncodeStringsAsAuthIdentity", [&]() -> Result<Status> {
    if (ppAuthIdentity == nullptr) return fail(Status::invalid_parameter, "ppAuthIdentity", "it is NULL");
    core::AuthIdentity identity;
    identity.user = text_of(pszUserName);
    identity.domain = text_of(pszDomainName);
    const std::u16string_view password = text_of(pszPackedCredentialsString);
    identity.password =
        Secret(Bytes(reinterpret_cast<const std::uint8_t*>(password.data()), password.size() * sizeof(char16_t)));
    identity.has_user = pszUserName != nullptr;
    identity.has_domain = pszDomainName != nullptr;
    identity.has_password = pszPackedCredentialsString != nullptr;
    *ppAuthIdentity = allocate_identity(identity);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SspiEncodeStringsAsAuthIdentity);

OPENSSPI_API SECURITY_STATUS SspiEncodeAuthIdentityAsStrings(PSEC_WINNT_AUTH_IDENTITY_OPAQUE pAuthIdentity,
                                                             const SEC_WCHAR** ppszUserName,
                                                             const SEC_WCHAR** ppszDomainName,
                                                             const SEC_WCHAR** ppszPackedCredentialsString) {
  return guarded("SspiEncodeAuthIdentityAsStrings", [&]() -> Result<Status> {
    auto identity = identity_at(pAuthIdentity);
    if (!identity) return fail(identity);
    std::array<SEC_WCHAR*, 3> texts{};
    try {
      if (ppszUserName != nullptr && identity->has_user) texts[0] = allocate_text(identity->user);
      if (ppszDomainName != nullptr && identity->has_domain) texts[1] = allocate_text(identity->domain);
      if (ppszPackedCredentialsString != nullptr && identity->has_password) texts[2] = allocate_password(*identity);
    } catch (...) {
      for (SEC_WCHAR* text : texts) free_allocated(text);
      throw;
    }
    if (ppszUserName != nullptr) *ppszUserName = texts[0];
    if (ppszDomainName != nullptr) *ppszDomainName = texts[1];
    if (ppszPackedCredentialsString != nullptr) *ppszPackedCredentialsString = texts[2];
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SspiEncodeAuthIdentityAsStrings);

OPENSSPI_API SECURITY_STATUS SspiCopyAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData,
                                                  PSEC_WINNT_AUTH_IDENTITY_OPAQUE* AuthDataCopy) {
  return guarded("SspiCopyAuthIdentity", [&]() -> Result<Status> {
    if (AuthDataCopy == nullptr) return fail(Status::invalid_parameter, "AuthDataCopy", "it is NULL");
    auto identity = identity_at(AuthData);
    if (!identity) return fail(identity);
    *AuthDataCopy = allocate_identity(*identity);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SspiCopyAuthIdentity);

OPENSSPI_API SECURITY_STATUS SspiValidateAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) {
  return guarded("SspiValidateAuthIdentity", [&]() -> Result<Status> {
    auto identity = identity_at(AuthData);
    if (!identity) return fail(identity);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SspiValidateAuthIdentity);

OPENSSPI_API void SspiZeroAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) {
  (void)guarded("SspiZeroAuthIdentity", [&]() -> Result<Status> {
    if (AuthData != nullptr) wipe_identity(AuthData);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SspiZeroAuthIdentity);

OPENSSPI_API void SspiFreeAuthIdentity(PSEC_WINNT_AUTH_IDENTITY_OPAQUE AuthData) { (void)FreeContextBuffer(AuthData); }
OPENSSPI_EXPORT(SspiFreeAuthIdentity);

OPENSSPI_API void SspiLocalFree(void* DataBuffer) { (void)FreeContextBuffer(DataBuffer); }
OPENSSPI_EXPORT(SspiLocalFree);
