// Packages that do nothing but keep the contract of core: one whose log-on takes any number of legs, and one that reads
// records from a stream. What drives packages is tested with them.
#pragma once

#include <memory>
#include <optional>

#include "core/package.hpp"

namespace opensspi::testing {

// What a fake context does; shared by the contexts of a credential.
struct FakeBehaviour {
  unsigned legs = 3;         // tokens in all, the initiator's first; each is "leg N"
  bool stream = false;       // tokens are records: one byte of length, then as many bytes
  std::string error_output;  // what a failing step owes the peer
  std::uint32_t attributes = 0;
  mutable unsigned steps = 0;  // how often step() was called
};

// In "leg N" out "leg N+1", by turns. A token that is not due fails with SEC_E_INVALID_TOKEN and error_output.
class FakeContext final : public core::Context {
 public:
  FakeContext(const FakeBehaviour& behaviour, core::Role role) : behaviour_(behaviour), role_(role) {}
  Result<core::Step> step(const core::StepInput& input) override;
  std::uint32_t attributes() const override { return behaviour_.attributes; }
  bool established() const override { return established_; }
  Result<core::Attribute> query(std::uint32_t id) const override;

 private:
  Result<core::Step> take(Bytes token);

  const FakeBehaviour& behaviour_;
  const core::Role role_;
  unsigned next_leg_ = 1;
  bool established_ = false;
  bool failed_ = false;
};

class FakePackage final : public core::Package {
 public:
  explicit FakePackage(std::u16string_view name = u"Fake", std::string unavailable = {});
  const core::PackageInfo& info() const override { return info_; }
  std::span<const std::u16string_view> aliases() const override { return aliases_; }
  std::string why_unavailable() const override { return unavailable_; }
  Result<std::shared_ptr<core::Credential>> acquire(const core::AcquireInput& input) override;

  FakeBehaviour behaviour;

 private:
  core::PackageInfo info_;
  std::u16string_view aliases_[1] = {u"Sham"};
  std::string unavailable_;
};

}  // namespace opensspi::testing
