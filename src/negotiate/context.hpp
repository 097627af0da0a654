// NegotiateContext: what both roles share. Once complete, everything is the chosen mechanism's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/context.hpp"
#include "negotiate/credential.hpp"
#include "negotiate/messages/tokens.hpp"

namespace opensspi::negotiate {

class NegotiateContext : public core::Context {
 public:
  std::uint32_t attributes() const override { return mech_ ? mech_->attributes() : 0; }
  FileTime expiry() const override { return mech_ ? mech_->expiry() : kNever; }
  bool established() const override { return complete_; }

  Result<void> sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<std::uint32_t> verify(std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<void> encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<Decrypted> decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<core::Attribute> query(std::uint32_t id) const override;
  Result<void> set(std::uint32_t id, Bytes value) override;
  Result<Secret> pack(bool reset) const override;
  static Result<std::unique_ptr<core::Context>> unpack(const NegotiatePackage& package, Bytes packed);

 protected:
  explicit NegotiateContext(std::shared_ptr<const NegotiateCredential> credential)
      : credential_(std::move(credential)) {}

  // Starts a mechanism; what was begun with another is given up.
  Result<void> start_mechanism(const Mechanism& mechanism, core::Role role);
  // A step of the mechanism with its own token, all else as the caller gave it, and more_flags_.
  Result<core::Step> mech_step(const core::StepInput& input, Bytes token);
  // The mechanism's tokens go without SPNEGO around them: its steps are this context's.
  Result<core::Step> raw_step(const core::StepInput& input);
  // A mechanism's context that was established elsewhere.
  void take(std::unique_ptr<core::Context> mech, const core::Package& package) {
    mech_ = std::move(mech);
    mech_package_ = &package;
    complete_ = true;
  }
  // Why a package was passed over, for OPENSSPI_ATTR_FALLBACK and for errors.
  void add_reason(const core::Package& package, std::string why) {
    reasons_.push_back({&package, std::move(why), nullptr});
  }
  // The same of a mechanism of the credential that nobody asked whether it takes log-ons here. It is asked when the
  // reason is (Kerberos looks for its keytab, which takes longer than a whole log-on by NTLM); `why` is for one that
  // does.
  void add_reason_unasked(const Mechanism& mechanism, std::string why) {
    reasons_.push_back({mechanism.package, std::move(why), &mechanism});
  }
  std::string fallback() const;
  // The last thing of a negotiation: from here on messages are protected.
  Result<void> finish_negotiation();
  // Whether the mechanism gives what the caller cannot do without.
  virtual Result<void> check_granted() const { return {}; }

  // RFC 4178 section 5. Both MICs cover the initiator's list exactly as it was sent.
  struct MicExchange {
    bool required = false;  // request-mic, or another mechanism than the initiator's first
    bool sent = false;
    bool verified = false;
  };
  // The other side's, if it sent one: verified, or the context fails.
  Result<void> take_mic(const std::optional<Bytes>& mic);
  // Our own, where one is due and was not sent yet; empty where the mechanism has no integrity.
  Result<ByteVector> make_mic();
  bool mic_due() const { return mic_.required || mic_.verified || mech_->mech_list_mic_due(); }

  std::shared_ptr<const NegotiateCredential> credential_;
  std::unique_ptr<core::Context> mech_;
  const core::Package* mech_package_ = nullptr;
  std::uint32_t more_flags_ = 0;  // asked of the mechanism beside what the caller asks for
  ByteVector mech_types_;         // DER, as sent by the initiator
  MicExchange mic_;
  bool raw_ = false;

  struct Reason {
    const core::Package* package;
    std::string why;
    const Mechanism* unasked;  // nullptr: `why` is the reason
  };
  std::vector<Reason> reasons_;  // why not the packages that would have been better

 private:
  Result<core::Context*> ready() const;

  bool complete_ = false;
};

}  // namespace opensspi::negotiate
