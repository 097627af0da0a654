#include "schannel/package.hpp"

#include "opensspi/sspi.h"
#include "schannel/credential.hpp"

namespace opensspi::schannel {

SchannelPackage::SchannelPackage(std::u16string_view name)
    : info_{.capabilities = SECPKG_FLAG_INTEGRITY | SECPKG_FLAG_PRIVACY | SECPKG_FLAG_CONNECTION |
                            SECPKG_FLAG_MULTI_REQUIRED | SECPKG_FLAG_EXTENDED_ERROR | SECPKG_FLAG_IMPERSONATION |
                            SECPKG_FLAG_ACCEPT_WIN32_NAME | SECPKG_FLAG_STREAM | SECPKG_FLAG_MUTUAL_AUTH |
                            SECPKG_FLAG_APPCONTAINER_PASSTHROUGH,
            .rpc_id = 14,
            .max_token_bytes = 24576,
            .name = name,
            .comment = u"Schannel Security Package"} {}

Result<std::shared_ptr<core::Credential>> SchannelPackage::acquire(const core::AcquireInput& input) {
  if (input.use == SECPKG_CRED_BOTH) {
    return fail(
        Status::unknown_credentials, "fCredentialUse",
        "a TLS credential is for servers (SECPKG_CRED_INBOUND) or for clients (SECPKG_CRED_OUTBOUND), not for both");
  }
  auto settings = read_settings(input.package_data, input.use == SECPKG_CRED_INBOUND);
  if (!settings) return fail(settings);
  auto credential = std::make_shared<SchannelCredential>(*this, std::move(*settings));
  auto ready = credential->prepare();
  if (!ready) return fail(ready);
  return credential;
}

}  // namespace opensspi::schannel
