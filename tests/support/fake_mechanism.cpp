#include "support/fake_mechanism.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::testing {
namespace {

// "NAME leg N", and for MICs "NAME mic of N bytes by ROLE number K".
ByteVector text_token(const std::string& text) { return {text.begin(), text.end()}; }

class FakeContext final : public core::Context {
 public:
  FakeContext(FakeMechanism& package, core::Role role) : package_(package), role_(role) {
    next_leg_ = role == core::Role::initiator ? 1 : 2;
  }

  Result<core::Step> step(const core::StepInput& input) override {
    const FakeMechanismBehaviour& b = package_.behaviour;
    if (established_) return fail(Status::out_of_sequence, "fake mechanism", "it is established");
    const unsigned received = next_leg_ - 1;
    const ByteVector due = received == 0 ? ByteVector{} : leg(received);
    if (!std::ranges::equal(input.token, due))
      return fail(Status::invalid_token, "fake mechanism", "another token is due");
    if (received == b.legs) {
      established_ = true;
      return core::Step{};
    }
    if (next_leg_ == b.failing_leg) {
      auto error = fail(b.failure, "fake mechanism", "it was told to fail");
      error.error().output = text_token("last words");
      return error;
    }
    core::Step step{.status = Status::continue_needed, .output = leg(next_leg_)};
    established_ = next_leg_ == b.legs;
    if (established_) step.status = Status::ok;
    next_leg_ += 2;
    return step;
  }

  std::uint32_t attributes() const override {
    return package_.behaviour.integrity && established_ ? static_cast<std::uint32_t>(ISC_RET_INTEGRITY) : 0U;
  }
  bool established() const override { return established_; }
  Result<void> sign(std::uint32_t, std::span<SecBuffer>, std::uint32_t) override { return {}; }
  Result<core::Attribute> query(std::uint32_t id) const override {
    if (id == SECPKG_ATTR_NAMES) return core::Names{u"FAKE\\user"};
    return core::unsupported("query");
  }
  Result<Secret> pack(bool) const override { return Secret(Bytes(text_token("packed"))); }

  bool mech_list_mic_due() const override { return established_ && package_.behaviour.mic_due; }
  Result<ByteVector> mech_list_mic(Bytes mech_types) override {
    if (!package_.behaviour.integrity) return core::unsupported("mechListMIC");
    return mic(mech_types, role_);
  }
  Result<void> verify_mech_list_mic(Bytes mech_types, Bytes given) override {
    const auto other = role_ == core::Role::initiator ? core::Role::acceptor : core::Role::initiator;
    if (std::ranges::equal(mic(mech_types, other), given)) return {};
    return fail(Status::message_altered, "fake mechanism", "the MIC is wrong");
  }

 private:
  ByteVector leg(unsigned number) const {
    return text_token(to_utf8(package_.info().name) + " leg " + std::to_string(number));
  }
  ByteVector mic(Bytes mech_types, core::Role by) const {
    return text_token(to_utf8(package_.info().name) + (by == core::Role::initiator ? " i " : " a ") +
                      to_hex(mech_types));
  }

  FakeMechanism& package_;
  core::Role role_;
  unsigned next_leg_;
  bool established_ = false;
};

class FakeCredential final : public core::Credential {
 public:
  explicit FakeCredential(FakeMechanism& package) : package_(package) {}
  const core::Package& package() const override { return package_; }
  Result<std::unique_ptr<core::Context>> start(core::Role role) override {
    ++package_.started;
    return std::make_unique<FakeContext>(package_, role);
  }
  core::Reach reach(std::u16string_view) const override {
    const std::string& why = package_.behaviour.why_out_of_reach;
    return {why.empty(), why};
  }
  core::Reach accepts(Bytes) const override {
    ++package_.asked_whether_it_accepts;
    const std::string& why = package_.behaviour.why_not_accepting;
    return {why.empty(), why};
  }
  Result<std::u16string> name() const override { return std::u16string(u"FAKE\\user"); }

 private:
  FakeMechanism& package_;
};

}  // namespace

FakeMechanism::FakeMechanism(std::u16string name, ByteVector oid, FakeMechanismBehaviour b)
    : behaviour(std::move(b)), name_(std::move(name)), oid_(std::move(oid)), oid_view_(oid_) {
  info_.name = name_;
  info_.comment = u"a fake";
}

Result<std::shared_ptr<core::Credential>> FakeMechanism::acquire(const core::AcquireInput&) {
  if (!behaviour.why_no_credential.empty()) {
    return fail(Status::no_credentials, "fake credential", behaviour.why_no_credential);
  }
  return std::make_shared<FakeCredential>(*this);
}

Result<std::unique_ptr<core::Context>> FakeMechanism::unpack(Bytes) {
  return std::make_unique<FakeContext>(*this, core::Role::initiator);
}

}  // namespace opensspi::testing
