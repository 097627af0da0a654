// The package Negotiate: SPNEGO, RFC 4178 and [MS-SPNG], over other packages.
#pragma once

#include <vector>

#include "base/configuration.hpp"
#include "core/package.hpp"
#include "negotiate/credential.hpp"

namespace opensspi::negotiate {

class NegotiatePackage final : public core::Package {
 public:
  // The packages to choose from, the best first. They and the configuration live longer than this one.
  NegotiatePackage(std::vector<core::Package*> mechanisms, const Configuration& configuration)
      : mechanisms_(std::move(mechanisms)), configuration_(configuration) {}

  const core::PackageInfo& info() const override;
  std::string why_unavailable() const override;
  Result<std::shared_ptr<core::Credential>> acquire(const core::AcquireInput& input) override;
  Result<std::unique_ptr<core::Context>> unpack(Bytes packed) override;

  const std::vector<core::Package*>& mechanisms() const { return mechanisms_; }
  const Configuration& configuration() const { return configuration_; }

 private:
  Result<UsablePackages> usable(const core::AcquireInput& input) const;

  std::vector<core::Package*> mechanisms_;
  const Configuration& configuration_;
};

}  // namespace opensspi::negotiate
