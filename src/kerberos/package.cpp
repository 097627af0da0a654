#include "kerberos/package.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "kerberos/context.hpp"
#include "kerberos/credential.hpp"
#include "opensspi/sspi.h"

namespace opensspi::kerberos {
namespace {

// Windows' 0x028F3BBF.
constexpr core::PackageInfo kInfo = {
    .capabilities = SECPKG_FLAG_INTEGRITY | SECPKG_FLAG_PRIVACY | SECPKG_FLAG_TOKEN_ONLY | SECPKG_FLAG_DATAGRAM |
                    SECPKG_FLAG_CONNECTION | SECPKG_FLAG_MULTI_REQUIRED | SECPKG_FLAG_EXTENDED_ERROR |
                    SECPKG_FLAG_IMPERSONATION | SECPKG_FLAG_ACCEPT_WIN32_NAME | SECPKG_FLAG_NEGOTIABLE |
                    SECPKG_FLAG_GSS_COMPATIBLE | SECPKG_FLAG_LOGON | SECPKG_FLAG_MUTUAL_AUTH | SECPKG_FLAG_DELEGATION |
                    SECPKG_FLAG_READONLY_WITH_CHECKSUM | SECPKG_FLAG_RESTRICTED_TOKENS |
                    SECPKG_FLAG_APPCONTAINER_CHECKS | SECPKG_FLAG_APPLY_LOOPBACK,
    .rpc_id = 16,
    .max_token_bytes = kMaxTokenBytes,
    .name = u"Kerberos",
    .comment = u"Microsoft Kerberos V1.0",
};
static_assert(kInfo.capabilities == 0x028F3BBF);

// 1.2.840.113554.1.2.2 (RFC 4121), and 1.2.840.48018.1.2.2, which Windows means by it too (MS-SPNG 3.1.5.2).
constexpr std::uint8_t kOid[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::uint8_t kOidOfWindows[] = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr Bytes kOids[] = {kOid, kOidOfWindows};

// The process's own word comes before that of the host's configuration.
std::string unless_set(const char* variable, const std::string& configured) {
  const char* const value = secure_getenv(variable);
  return value == nullptr || *value == '\0' ? configured : std::string{};
}

Sources configured_sources(const Configuration& configuration) {
  Sources sources;
  sources.ccache = unless_set("KRB5CCNAME", configuration.kerberos_ccache);
  sources.keytab = unless_set("KRB5_KTNAME", configuration.kerberos_keytab);
  sources.client_keytab = unless_set("KRB5_CLIENT_KTNAME", configuration.kerberos_client_keytab);
  sources.deadline = Milliseconds(configuration.kerberos_deadline_ms);
  sources.allow_rc4 = configuration.kerberos_allow_rc4 && !configuration.fips;
  return sources;
}

}  // namespace

const core::PackageInfo& KerberosPackage::info() const { return kInfo; }

std::span<const Bytes> KerberosPackage::oids() const { return kOids; }

std::string KerberosPackage::why_unavailable() const {
  if (!configuration_.kerberos_disabled) return {};
  return "the configuration disables it (disabled in [kerberos], or OPENSSPI_KERBEROS_DISABLED)";
}

Result<std::shared_ptr<core::Credential>> KerberosPackage::acquire(const core::AcquireInput& input) {
  auto credential = std::make_shared<KerberosCredential>(*this, input.use, to_utf8(input.principal),
                                                         configured_sources(configuration_));
  if (input.identity != nullptr) {
    auto taken = credential->take_identity(*input.identity);
    if (!taken) return fail(taken);
  }
  return credential;
}

Result<std::unique_ptr<core::Context>> KerberosPackage::unpack(Bytes packed) {
  return KerberosContext::unpack(*this, packed);
}

}  // namespace opensspi::kerberos
