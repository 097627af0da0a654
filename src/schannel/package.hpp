// The package Schannel, under each of its names.
#pragma once

#include "core/package.hpp"

namespace opensspi::schannel {

class SchannelPackage final : public core::Package {
 public:
  // name: static text.
  explicit SchannelPackage(std::u16string_view name);

  const core::PackageInfo& info() const override { return info_; }
  bool takes_auth_identity() const override { return false; }
  Result<std::shared_ptr<core::Credential>> acquire(const core::AcquireInput& input) override;

 private:
  core::PackageInfo info_;
};

}  // namespace opensspi::schannel
