#include "negotiate/initiator.hpp"

#include <algorithm>
#include <ranges>

#include "base/text.hpp"
#include "core/handshake_step.hpp"

namespace opensspi::negotiate {
namespace {

constexpr const char* kCheck = "SPNEGO initiator";

// Failures of a mechanism's first token that another one may make up for: no way to the service, not a wrong answer.
bool allows_another(Status status) {
  return status == Status::target_unknown || status == Status::no_authenticating_authority ||
         status == Status::no_credentials;
}

bool is_offered(const core::Package& package, const std::optional<NegTokenInit>& hint) {
  if (!hint) return true;
  return std::ranges::any_of(hint->mech_types, [&](Bytes oid) { return has_oid(package, oid); });
}

}  // namespace

Result<core::Step> Initiator::step(const core::StepInput& input) {
  return core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
        return begin(input);
      case State::awaiting_first_reply:
      case State::awaiting_reply:
        return on_reply(input, before == State::awaiting_first_reply);
      case State::established:
      case State::failed:
        break;
    }
    std::unreachable();
  });
}

// The first mechanism that has a token for the target; why not the others is kept.
Result<core::Step> Initiator::choose(const core::StepInput& input, const std::optional<NegTokenInit>& hint) {
  const auto& mechanisms = credential_->mechanisms();
  Status last = Status::no_credentials;
  for (chosen_ = 0; chosen_ < mechanisms.size(); ++chosen_) {
    const Mechanism& mechanism = mechanisms[chosen_];
    const auto pass_over = [&](const std::string& why) { add_reason(*mechanism.package, why); };
    if (!mechanism.credential) {
      pass_over(mechanism.why_not);
      continue;
    }
    if (!is_offered(*mechanism.package, hint)) {
      pass_over("the server does not offer it");
      continue;
    }
    const core::Reach reach = mechanism.credential->reach(input.target);
    if (!reach.reachable) {
      pass_over(reach.why_not);
      continue;
    }
    auto started = start_mechanism(mechanism, core::Role::initiator);
    auto step = started ? mech_step(input, {}) : Result<core::Step>(std::unexpected(started.error()));
    if (step) return step;
    if (!allows_another(step.error().status)) return step;
    last = step.error().status;
    pass_over(step.error().detail);
  }
  return fail(last, "choice of a package", "none can be used. " + fallback());
}

// The object identifiers of the NegTokenInit: those of the chosen one; of others only where the caller named them.
std::vector<Bytes> Initiator::offer(std::size_t chosen, const std::optional<NegTokenInit>& hint) const {
  std::vector<Bytes> oids;
  const auto& mechanisms = credential_->mechanisms();
  for (std::size_t i = chosen; i < mechanisms.size(); ++i) {
    if (!mechanisms[i].credential || (i != chosen && !credential_->acceptor_may_choose())) continue;
    if (!is_offered(*mechanisms[i].package, hint)) continue;
    std::ranges::copy(mechanisms[i].package->oids(), std::back_inserter(oids));
  }
  return oids;
}

Result<core::Step> Initiator::begin(const core::StepInput& input) {
  std::optional<NegTokenInit> hint;
  if (!input.token.empty()) {
    auto parsed = NegTokenInit::parse(input.token);
    if (!parsed) return fail(parsed);
    hint = std::move(*parsed);
  }
  requested_ = input.flags;
  auto step = choose(input, hint);
  if (!step) return fail(step);
  const std::vector<Bytes> oids = offer(chosen_, hint);
  // As Windows does: where there is nothing to negotiate, and nobody spoke SPNEGO before, NTLM goes as it is.
  raw_ = !hint && oids.size() == 1 && mech_package_->info().name == u"NTLM";
  state_ = State::awaiting_first_reply;
  if (raw_) return step;
  mech_types_ = mech_type_list(oids);
  const std::optional<Bytes> token = step->output.empty() ? std::nullopt : std::optional<Bytes>(step->output);
  return core::Step{.status = Status::continue_needed, .output = NegTokenInit::serialize(mech_types_, token)};
}

// RFC 4178 4.2.2: which mechanism the acceptor chose; its first reply says so.
Result<void> Initiator::take_choice(const NegTokenResp& reply) {
  if (reply.state == NegState::request_mic) mic_.required = true;
  if (!reply.supported_mech || has_oid(*mech_package_, *reply.supported_mech)) return {};
  const auto& mechanisms = credential_->mechanisms();
  const auto found = std::ranges::find_if(mechanisms, [&](const Mechanism& mechanism) {
    return mechanism.credential && has_oid(*mechanism.package, *reply.supported_mech);
  });
  if (!credential_->acceptor_may_choose() || found == mechanisms.end()) {
    return fail(
        Status::invalid_token, "supportedMech",
        "the server chose a mechanism that was not offered, in place of " + to_utf8(mech_package_->info().name));
  }
  // Section 5: else who changed the list on its way would choose. A MIC needs integrity, whoever else has a use for it.
  if ((requested_ & ISC_REQ_NO_INTEGRITY) != 0) {
    return fail(Status::unsupported_function, "supportedMech",
                "the server chose another package than " + to_utf8(mech_package_->info().name) +
                    ", which only integrity can prove to be its own choice; ISC_REQ_NO_INTEGRITY forbids it");
  }
  add_reason(*mech_package_, "the server chose " + to_utf8(found->package->info().name));
  chosen_ = static_cast<std::size_t>(found - mechanisms.begin());
  mic_.required = chose_another_ = restarted_ = true;
  more_flags_ = ISC_REQ_INTEGRITY;
  return start_mechanism(*found, core::Role::initiator);
}

// A reject may bring the mechanism's own reason, such as a KRB-ERROR. Nobody vouches for either: the log-on fails in
// any case.
std::unexpected<Error> Initiator::rejected(const core::StepInput& input, const NegTokenResp& reply) {
  if (reply.response_token && !mech_->established()) {
    auto reason = mech_step(input, *reply.response_token);
    if (!reason && reason.error().status != Status::invalid_token) {
      Error error = std::move(reason.error());
      error.detail = "the server rejected the log-on: " + error.detail;
      error.output.clear();
      return std::unexpected(std::move(error));
    }
  }
  return fail(Status::logon_denied, "negState", "the server rejected the log-on; its own log tells why");
}

Result<core::Step> Initiator::on_reply(const core::StepInput& input, bool first) {
  if (raw_) {
    auto step = raw_step(input);
    if (step) state_ = established() ? State::established : State::awaiting_reply;
    return step;
  }
  auto reply = NegTokenResp::parse(input.token);
  if (!reply) return fail(reply);
  if (reply->state == NegState::reject) return rejected(input, *reply);
  if (first) {
    auto choice = take_choice(*reply);
    if (!choice) return fail(choice);
  } else if (reply->state == NegState::request_mic) {
    return fail(Status::invalid_token, "negState", "request-mic came in a later reply than the first");
  } else if (reply->supported_mech && !has_oid(*mech_package_, *reply->supported_mech)) {
    return fail(Status::invalid_token, "supportedMech",
                "a later reply names another mechanism than the first one chose");
  }
  // A fault of Windows 2000: a copy of the token where the MIC should be. Both are from the wire: not secret.
  if (reply->mech_list_mic && reply->response_token &&
      std::ranges::equal(*reply->mech_list_mic, *reply->response_token)) {  // not secret
    reply->mech_list_mic.reset();
  }
  auto step = advance(input, *reply);
  if (step) state_ = established() ? State::established : State::awaiting_reply;
  return step;
}

Result<core::Step> Initiator::advance(const core::StepInput& input, const NegTokenResp& reply) {
  ByteVector output;
  const bool token_due = !mech_->established();
  if (token_due && (reply.response_token || restarted_)) {
    auto step = mech_step(input, reply.response_token.value_or(Bytes{}));
    restarted_ = false;
    if (!step) return fail(step);
    output = std::move(step->output);
  } else if (!token_due && reply.response_token && !reply.response_token->empty()) {
    return fail(Status::invalid_token, "responseToken", "it came though the mechanism is finished");
  }
  const bool claims_completion = reply.state == NegState::accept_completed;
  if (claims_completion && (!mech_->established() || !output.empty())) {
    return fail(Status::invalid_token, "negState",
                "the server claims completion, but the mechanism is not finished; the reply was changed on its way");
  }
  auto taken = take_mic(reply.mech_list_mic);
  if (!taken) return fail(taken);
  if (!claims_completion) return reply_with(output);
  auto vouched = require_mic();
  if (!vouched) return fail(vouched);
  auto finished = finish_negotiation();
  if (!finished) return fail(finished);
  return core::Step{.status = Status::ok};
}

// Where a MIC is due and the mechanism can make one, the server must have had ours and sent its own. One that it sends
// unasked with its last reply was verified, and is not answered: nobody waits for it, and it would take a number.
Result<void> Initiator::require_mic() {
  if (!mic_.sent && !mic_.required && !mech_->mech_list_mic_due()) return {};
  if (mic_.sent && mic_.verified) return {};
  auto own = make_mic();
  if (!own) return fail(own);
  if (!mic_.sent && !chose_another_) return {};
  return fail(Status::message_altered, "mechListMIC",
              "the server completed without its own or without ours, and both are due: the list of mechanisms may have "
              "been changed on its way");
}

// What protects messages is required where it was asked for; the rest is a wish unless the configuration is strict.
Result<void> Initiator::check_granted() const {
  struct Wish {
    std::uint32_t request, returned;
    bool required;
    const char* name;
  };
  const bool strict = credential_->strict();
  const Wish wishes[] = {{ISC_REQ_INTEGRITY, ISC_RET_INTEGRITY, true, "integrity"},
                         {ISC_REQ_CONFIDENTIALITY, ISC_RET_CONFIDENTIALITY, true, "confidentiality"},
                         {ISC_REQ_MUTUAL_AUTH, ISC_RET_MUTUAL_AUTH, strict, "mutual authentication"},
                         {ISC_REQ_DELEGATE, ISC_RET_DELEGATE, strict, "delegation"}};
  for (const Wish& wish : wishes) {
    if (!wish.required || (requested_ & wish.request) == 0 || (attributes() & wish.returned) != 0) continue;
    return fail(Status::security_qos_failed, "features of the context",
                std::string(wish.name) + " was asked for, and " + to_utf8(mech_package_->info().name) +
                    " does not give it here");
  }
  return {};
}

Result<core::Step> Initiator::reply_with(Bytes response_token) {
  NegTokenResp reply;
  ByteVector mic;
  if (mech_->established()) {
    auto made = make_mic();
    if (!made) return fail(made);
    mic = std::move(*made);
  }
  if (response_token.empty() && mic.empty()) {
    return fail(Status::invalid_token, kCheck, "the server waits for a token, and none is due");
  }
  reply.state = response_token.empty() ? NegState::accept_completed : NegState::accept_incomplete;
  if (!response_token.empty()) reply.response_token = response_token;
  if (!mic.empty()) reply.mech_list_mic = mic;
  core::Step step{.status = Status::continue_needed, .output = reply.serialize()};
  // RFC 4178 section 5 (IV): the acceptor's MIC came first, with the mechanism's last token, and ours is the end.
  if (response_token.empty() && mic_.verified) {
    auto finished = finish_negotiation();
    if (!finished) return fail(finished);
    step.status = Status::ok;
  }
  return step;
}

}  // namespace opensspi::negotiate
