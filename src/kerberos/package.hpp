// The package Kerberos, [MS-KILE] and RFC 4121, on MIT krb5.
#pragma once

#include "base/configuration.hpp"
#include "base/host.hpp"
#include "core/package.hpp"

namespace opensspi::kerberos {

class KerberosPackage final : public core::Package {
 public:
  // Both live longer than the package.
  KerberosPackage(const Host& host, const Configuration& configuration) : host_(host), configuration_(configuration) {}

  const core::PackageInfo& info() const override;
  std::span<const Bytes> oids() const override;
  std::string why_unavailable() const override;
  Result<std::shared_ptr<core::Credential>> acquire(const core::AcquireInput& input) override;
  Result<std::unique_ptr<core::Context>> unpack(Bytes packed) override;

  const Host& host() const { return host_; }
  const Configuration& configuration() const { return configuration_; }

 private:
  const Host& host_;
  const Configuration& configuration_;
};

}  // namespace opensspi::kerberos
