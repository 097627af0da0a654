// A mechanism of as many legs as a test wants, for what stands above mechanisms: tokens that name their leg, signatures
// that anybody can check, and a failure at the leg of choice.
#pragma once

#include <string>

#include "core/package.hpp"

namespace opensspi::testing {

struct FakeMechanismBehaviour {
  unsigned legs = 3;         // tokens of a whole conversation, the initiator's first
  bool integrity = true;     // MICs can be made
  bool mic_due = false;      // the mechanism asks for mechListMIC, as NTLM with a MIC does
  unsigned failing_leg = 0;  // the step that makes this token fails; 0: none
  Status failure = Status::logon_denied;
  std::string why_no_credential = {};  // acquire() fails with it
  std::string why_out_of_reach = {};
  std::string why_not_accepting = {};  // as an acceptor
};

class FakeMechanism final : public core::Package {
 public:
  FakeMechanism(std::u16string name, ByteVector oid, FakeMechanismBehaviour behaviour);

  const core::PackageInfo& info() const override { return info_; }
  std::span<const Bytes> oids() const override { return {&oid_view_, 1}; }
  Result<std::shared_ptr<core::Credential>> acquire(const core::AcquireInput& input) override;
  Result<std::unique_ptr<core::Context>> unpack(Bytes packed) override;

  FakeMechanismBehaviour behaviour;
  int started = 0;                   // contexts that were begun
  int asked_whether_it_accepts = 0;  // calls of Credential::accepts

 private:
  std::u16string name_;
  ByteVector oid_;
  Bytes oid_view_;
  core::PackageInfo info_;
};

}  // namespace opensspi::testing
