// Initiator: the client's side of the handshake, MS-NLMP 3.1.5.
#pragma once

#include <memory>

#include "base/host.hpp"
#include "ntlm/channel_bindings.hpp"
#include "ntlm/context.hpp"
#include "ntlm/credential.hpp"
#include "ntlm/messages/challenge.hpp"

namespace opensspi::ntlm {

class Initiator final : public NtlmContext {
 public:
  Initiator(const NtlmPackage& package, std::shared_ptr<const Account> account, const Policy& policy);
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_challenge, established, failed };
  // What is needed between the first step and the last, and then freed.
  struct Handshake {
    std::shared_ptr<const Account> account;
    Policy policy;
    std::uint32_t offered = 0;  // NegotiateFlags of the NEGOTIATE_MESSAGE
    ByteVector negotiate;       // as sent, for the MIC
    BindingsHash bindings{};    // zeros where the caller gave none
    std::u16string target;
  };
  // The AUTHENTICATE_MESSAGE's parts that depend on the version of NTLM.
  struct Responses {
    ByteVector nt, lm;
    Key16 key_exchange_key;
    bool with_mic = false;
  };
  struct Reply {
    ByteVector token;
    Outcome outcome;
  };

  Result<core::Step> begin(const core::StepInput& input);
  Result<core::Step> on_challenge(const core::StepInput& input);
  void take_request(const core::StepInput& input);

  Result<std::uint32_t> agreed_flags(const ChallengeMessage& challenge) const;
  Result<void> check_target(const ChallengeMessage& challenge) const;
  Result<Responses> respond(const ChallengeMessage& challenge, std::uint32_t flags) const;
  Result<Responses> respond_v2(const ChallengeMessage& challenge) const;
  Result<Responses> respond_v1(const ChallengeMessage& challenge, std::uint32_t flags) const;
  static Responses respond_anonymously();
  Result<Reply> answer(const ChallengeMessage& challenge, Bytes challenge_token) const;

  const Host& host() const;

  State state_ = State::start;
  std::unique_ptr<Handshake> handshake_;
};

}  // namespace opensspi::ntlm
