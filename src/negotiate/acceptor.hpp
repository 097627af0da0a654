// Acceptor: the server's side of SPNEGO, RFC 4178 and MS-SPNG 3.2.5; raw NTLM and raw Kerberos are accepted too.
#pragma once

#include "negotiate/context.hpp"

namespace opensspi::negotiate {

class Acceptor final : public NegotiateContext {
 public:
  explicit Acceptor(std::shared_ptr<const NegotiateCredential> credential) : NegotiateContext(std::move(credential)) {}
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, hinted, negotiating, raw, awaiting_mic, established, failed };

  Result<core::Step> on_first(const core::StepInput& input, bool hinted);
  Result<core::Step> hint();
  Result<core::Step> begin_raw(const core::StepInput& input, Kind kind);
  Result<core::Step> on_init(const core::StepInput& input);
  Result<core::Step> on_resp(const core::StepInput& input);
  Result<core::Step> on_mic(const core::StepInput& input);
  Result<core::Step> on_raw(const core::StepInput& input);

  struct Choice {
    const Mechanism* mechanism = nullptr;  // nullptr: none
    std::size_t index = 0;                 // in the client's list
  };
  Choice choose(const NegTokenInit& init);
  // Whether the mechanism takes a log-on that begins with this token; if not, the reason is kept.
  bool may_use(const Mechanism& mechanism, Bytes first_token);
  template <typename Absent>
  void tell_why_not_better(const Mechanism& chosen, std::span<const Mechanism* const> told, Absent absent);

  // A step of the mechanism, and the reply to it.
  Result<core::Step> advance(const core::StepInput& input, Bytes token, const std::optional<Bytes>& mic);
  Result<core::Step> finish(Bytes response_token, const std::optional<Bytes>& mic);
  core::Step reply(NegState state, Bytes response_token, Bytes mic);

  State state_ = State::start;
  ByteVector chosen_oid_;  // as the initiator spells it
  bool first_reply_ = true;
  bool in_init_ = false;  // the step at hand began with a NegTokenInit
};

}  // namespace opensspi::negotiate
