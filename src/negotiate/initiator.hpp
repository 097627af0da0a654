// Initiator: the client's side of SPNEGO, RFC 4178 and MS-SPNG 3.1.5.
//
// It offers what it has a token for, and nothing that would be a step down from it: once a better mechanism's token was
// sent, NTLM is not tried any more, whatever the other side says. Only a caller who names several packages in a
// PackageList lets the acceptor choose among them.
#pragma once

#include <optional>

#include "negotiate/context.hpp"

namespace opensspi::negotiate {

class Initiator final : public NegotiateContext {
 public:
  using NegotiateContext::NegotiateContext;
  explicit Initiator(std::shared_ptr<const NegotiateCredential> credential) : NegotiateContext(std::move(credential)) {}
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_first_reply, awaiting_reply, established, failed };

  Result<core::Step> begin(const core::StepInput& input);
  Result<core::Step> choose(const core::StepInput& input, const std::optional<NegTokenInit>& hint);
  std::vector<Bytes> offer(std::size_t chosen, const std::optional<NegTokenInit>& hint) const;
  Result<core::Step> on_reply(const core::StepInput& input, bool first);
  Result<void> take_choice(const NegTokenResp& reply);
  std::unexpected<Error> rejected(const core::StepInput& input, const NegTokenResp& reply);
  Result<core::Step> advance(const core::StepInput& input, const NegTokenResp& reply);
  Result<void> require_mic();
  Result<void> check_granted() const override;
  Result<core::Step> reply_with(Bytes response_token);

  State state_ = State::start;
  std::size_t chosen_ = 0;       // index among the credential's mechanisms
  std::uint32_t requested_ = 0;  // ISC_REQ_x of the first step
  bool chose_another_ = false;   // the acceptor, than the first
  bool restarted_ = false;       // the one that it chose has not had a token yet
};

}  // namespace opensspi::negotiate
