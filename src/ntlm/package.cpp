#include "ntlm/package.hpp"

#include "ntlm/context.hpp"
#include "ntlm/credential.hpp"
#include "opensspi/sspi.h"

namespace opensspi::ntlm {
namespace {

constexpr core::PackageInfo kInfo = {
    .capabilities = SECPKG_FLAG_INTEGRITY | SECPKG_FLAG_PRIVACY | SECPKG_FLAG_TOKEN_ONLY | SECPKG_FLAG_CONNECTION |
                    SECPKG_FLAG_MULTI_REQUIRED | SECPKG_FLAG_IMPERSONATION | SECPKG_FLAG_ACCEPT_WIN32_NAME |
                    SECPKG_FLAG_NEGOTIABLE | SECPKG_FLAG_LOGON | SECPKG_FLAG_RESTRICTED_TOKENS |
                    SECPKG_FLAG_APPCONTAINER_CHECKS | SECPKG_FLAG_APPLY_LOOPBACK,
    .rpc_id = 10,
    .max_token_bytes = 2888,
    .name = u"NTLM",
    .comment = u"NTLM Security Package",
};

// 1.3.6.1.4.1.311.2.2.10, MS-NLMP 1.9.
constexpr std::uint8_t kOid[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0A};
constexpr Bytes kOids[] = {kOid};

}  // namespace

const core::PackageInfo& NtlmPackage::info() const { return kInfo; }

std::span<const Bytes> NtlmPackage::oids() const { return kOids; }

std::string NtlmPackage::why_unavailable() const {
  if (configuration_.fips) {
    return "the host is in FIPS mode, and NTLM needs MD4, MD5, RC4 and DES, which FIPS 140 forbids";
  }
  if (configuration_.ntlm_disabled)
    return "the configuration disables it (disabled in [ntlm], or OPENSSPI_NTLM_DISABLED)";
  return {};
}

Result<std::shared_ptr<core::Credential>> NtlmPackage::acquire(const core::AcquireInput& input) {
  const Policy policy{configuration_.allow_weak, configuration_.require_mic, configuration_.lm_level,
                      configuration_.max_lifetime_seconds};
  auto credential = std::make_shared<NtlmCredential>(*this, input.use, policy, input.principal);
  if (input.identity != nullptr) {
    auto taken = credential->take_identity(*input.identity);
    if (!taken) return fail(taken);
  }
  return credential;
}

Result<std::unique_ptr<core::Context>> NtlmPackage::unpack(Bytes packed) { return NtlmContext::unpack(*this, packed); }

}  // namespace opensspi::ntlm
