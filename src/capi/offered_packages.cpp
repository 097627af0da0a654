// Which packages this library has, and in which order they are listed: Windows'.
#include "base/configuration.hpp"
#include "base/host.hpp"
#include "capi/entries.hpp"
#include "kerberos/package.hpp"
#include "negotiate/package.hpp"
#include "ntlm/package.hpp"
#include "schannel/package.hpp"

namespace opensspi::capi {
namespace {

std::unique_ptr<core::Registry> make_registry(const Configuration& settings) {
  auto ntlm = std::make_unique<ntlm::NtlmPackage>(system_host(), settings);
  auto kerberos = std::make_unique<kerberos::KerberosPackage>(system_host(), settings);
  auto negotiate =
      std::make_unique<negotiate::NegotiatePackage>(std::vector<core::Package*>{kerberos.get(), ntlm.get()}, settings);
  auto registry = std::make_unique<core::Registry>();
  registry->add(std::move(negotiate));
  registry->add(std::move(kerberos));
  registry->add(std::move(ntlm));
  registry->add(std::make_unique<schannel::SchannelPackage>(u"Schannel"));
  registry->add(std::make_unique<schannel::SchannelPackage>(u"Microsoft Unified Security Protocol Provider"));
  return registry;
}

}  // namespace

Result<const core::Registry*> packages() {
  static const Result<const core::Registry*> result = []() -> Result<const core::Registry*> {
    const Result<Configuration>& settings = configuration();
    if (!settings) return std::unexpected<Error>(settings.error());
    return make_registry(*settings).release();  // lives as long as the process
  }();
  return result;
}

}  // namespace opensspi::capi
