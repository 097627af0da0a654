#include "support/fake_package.hpp"

#include <algorithm>

namespace opensspi::testing {
namespace {

ByteVector leg_token(unsigned leg) {
  const std::string text = "leg " + std::to_string(leg);
  return {text.begin(), text.end()};
}

class FakeCredential final : public core::Credential {
 public:
  explicit FakeCredential(const FakePackage& package) : package_(package) {}
  const core::Package& package() const override { return package_; }
  Result<std::unique_ptr<core::Context>> start(core::Role role) override {
    return std::make_unique<FakeContext>(package_.behaviour, role);
  }
  Result<std::u16string> name() const override { return u"FAKE\\user"; }

 private:
  const FakePackage& package_;
};

// The size of the record at the front of the input, with its length byte; what is known of it in `least`.
std::optional<std::size_t> record_bytes(Bytes input, std::size_t& least) {
  least = input.empty() ? 1 : 1U + input[0];
  if (input.size() < least || input.empty()) return std::nullopt;
  return least;
}

}  // namespace

Result<core::Step> FakeContext::step(const core::StepInput& input) {
  ++behaviour_.steps;
  const bool begins = role_ == core::Role::initiator && next_leg_ == 1;
  if (!behaviour_.stream || begins) return take(input.token);
  std::size_t least = 0;
  const auto record = record_bytes(input.token, least);
  if (!record) {
    return core::Step{.status = Status::incomplete_message, .missing_bytes = least - input.token.size()};
  }
  auto step = take(input.token.subspan(1, *record - 1));
  if (step) step->extra_bytes = input.token.size() - *record;
  return step;
}

Result<core::Step> FakeContext::take(Bytes token) {
  const bool receives = role_ == core::Role::acceptor || next_leg_ != 1;
  if (failed_ || established_ || (receives && !std::ranges::equal(token, leg_token(next_leg_)))) {
    failed_ = failed_ || !established_;
    auto error = fail(Status::invalid_token, "fake token", "it is not leg " + std::to_string(next_leg_));
    error.error().output = {behaviour_.error_output.begin(), behaviour_.error_output.end()};
    return error;
  }
  if (receives) ++next_leg_;
  core::Step step{.status = Status::continue_needed};
  if (next_leg_ <= behaviour_.legs) {
    step.output = leg_token(next_leg_);
    if (behaviour_.stream) step.output.insert(step.output.begin(), static_cast<std::uint8_t>(step.output.size()));
    ++next_leg_;
  }
  established_ = next_leg_ > behaviour_.legs;
  if (established_) step.status = Status::ok;
  return step;
}

Result<core::Attribute> FakeContext::query(std::uint32_t) const { return core::unsupported("QueryContextAttributes"); }

FakePackage::FakePackage(std::u16string_view name, std::string unavailable) : unavailable_(std::move(unavailable)) {
  info_.name = name;
  info_.comment = u"a package of the tests";
  info_.max_token_bytes = 100;
}

Result<std::shared_ptr<core::Credential>> FakePackage::acquire(const core::AcquireInput&) {
  return std::make_shared<FakeCredential>(*this);
}

}  // namespace opensspi::testing
