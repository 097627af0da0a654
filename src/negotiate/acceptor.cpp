#include "negotiate/acceptor.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/handshake_step.hpp"

namespace opensspi::negotiate {
namespace {

constexpr const char* kCheck = "SPNEGO acceptor";

// What is owed to the initiator with a failure: reject, and the mechanism's own words.
std::unexpected<Error> rejected(Error error) {
  NegTokenResp reply;
  reply.state = NegState::reject;
  const ByteVector token = std::move(error.output);
  if (!token.empty()) reply.response_token = token;
  error.output = reply.serialize();
  return std::unexpected(std::move(error));
}

template <typename T>
std::unexpected<Error> rejected(Result<T>& result) {
  return rejected(std::move(result.error()));
}

bool is_offered(const NegTokenInit& init, const Mechanism& mechanism) {
  return std::ranges::any_of(init.mech_types, [&](Bytes oid) { return has_oid(*mechanism.package, oid); });
}

}  // namespace

Result<core::Step> Acceptor::step(const core::StepInput& input) {
  return core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
      case State::hinted:
        return on_first(input, before == State::hinted);
      case State::negotiating:
        return on_resp(input);
      case State::raw:
        return on_raw(input);
      case State::awaiting_mic:
        return on_mic(input);
      case State::established:
      case State::failed:
        break;
    }
    std::unreachable();
  });
}

Result<core::Step> Acceptor::on_first(const core::StepInput& input, bool hinted) {
  if (input.token.empty() && !hinted) return hint();
  reasons_.clear();  // what the hint left out is told again, where it matters
  switch (const Kind kind = kind_of(input.token)) {
    case Kind::spnego_init:
      return on_init(input);
    case Kind::raw_ntlm:
    case Kind::raw_kerberos:
      return begin_raw(input, kind);
    case Kind::spnego_resp:
      return fail(Status::invalid_token, kCheck, "a NegTokenResp came before any NegTokenInit");
    case Kind::unknown:
      break;
  }
  return fail(
      Status::invalid_token, kCheck,
      "the first token is none of SPNEGO, Kerberos or NTLM; it has " + std::to_string(input.token.size()) + " bytes");
}

// MS-SPNG 3.2.5.2: asked without a token, the acceptor says what it has.
Result<core::Step> Acceptor::hint() {
  std::vector<Bytes> oids;
  for (const Mechanism& mechanism : credential_->mechanisms()) {
    if (may_use(mechanism, {})) std::ranges::copy(mechanism.package->oids(), std::back_inserter(oids));
  }
  if (oids.empty()) return fail(Status::no_credentials, kCheck, "no package can take a log-on. " + fallback());
  state_ = State::hinted;
  return core::Step{.status = Status::continue_needed, .output = NegTokenInit::serialize_hint(mech_type_list(oids))};
}

// Of the packages that are better than the chosen one: why it is not one of them. Those in `told` have said it;
// `absent` says it for those that could be used here.
template <typename Absent>
void Acceptor::tell_why_not_better(const Mechanism& chosen, std::span<const Mechanism* const> told, Absent absent) {
  for (const Mechanism& better : credential_->mechanisms()) {
    if (&better == &chosen) return;
    if (std::ranges::find(told, &better) != told.end()) continue;
    add_reason_unasked(better, absent(better));
  }
}

Result<core::Step> Acceptor::begin_raw(const core::StepInput& input, Kind kind) {
  const std::u16string_view wanted = kind == Kind::raw_ntlm ? u"NTLM" : u"Kerberos";
  const auto& mechanisms = credential_->mechanisms();
  const auto found = std::ranges::find_if(
      mechanisms, [&](const Mechanism& mechanism) { return mechanism.package->info().name == wanted; });
  if (found == mechanisms.end() || !found->credential) {
    return fail(Status::unsupported_function, kCheck,
                "the client speaks " + to_utf8(wanted) + ", which cannot be used here: " +
                    (found == mechanisms.end() ? "the list of packages leaves it out" : found->why_not));
  }
  raw_ = true;
  tell_why_not_better(*found, {}, [&](const Mechanism&) {
    return "the client speaks " + to_utf8(wanted) + " without SPNEGO, in which no other can be offered";
  });
  auto started = start_mechanism(*found, core::Role::acceptor);
  if (!started) return fail(started);
  return on_raw(input);
}

Result<core::Step> Acceptor::on_raw(const core::StepInput& input) {
  auto step = raw_step(input);
  if (step) state_ = established() ? State::established : State::raw;
  return step;
}

bool Acceptor::may_use(const Mechanism& mechanism, Bytes first_token) {
  std::string why = why_not(mechanism, first_token);
  if (why.empty()) return true;
  add_reason(*mechanism.package, std::move(why));
  return false;
}

// The client's first mechanism that can be used here. The optimistic token is for the client's first.
Acceptor::Choice Acceptor::choose(const NegTokenInit& init) {
  const auto& own = credential_->mechanisms();
  std::vector<const Mechanism*> passed_over;
  for (std::size_t i = 0; i < init.mech_types.size(); ++i) {
    const auto found = std::ranges::find_if(
        own, [&](const Mechanism& mechanism) { return has_oid(*mechanism.package, init.mech_types[i]); });
    if (found == own.end() || std::ranges::find(passed_over, &*found) != passed_over.end()) continue;
    if (may_use(*found, i == 0 ? init.mech_token.value_or(Bytes{}) : Bytes{})) {
      tell_why_not_better(*found, passed_over, [&](const Mechanism& better) {
        return is_offered(init, better) ? "the client prefers another" : "the client does not offer it";
      });
      return {&*found, i};
    }
    passed_over.push_back(&*found);
  }
  for (const Mechanism& mechanism : own) {
    const bool told = std::ranges::find(passed_over, &mechanism) != passed_over.end();
    if (!told) add_reason(*mechanism.package, "not offered by the client");
  }
  return {};
}

Result<core::Step> Acceptor::on_init(const core::StepInput& input) {
  auto init = NegTokenInit::parse(input.token);
  if (!init) return fail(init);
  if (init->has_hints) return fail(Status::invalid_token, "NegTokenInit", "an initiator has no negHints to give");
  if (init->mech_list_mic)
    return fail(Status::invalid_token, "mechListMIC", "it came before the mechanism was finished");
  mech_types_.assign(init->mech_types_der.begin(), init->mech_types_der.end());

  const Choice choice = choose(*init);
  if (choice.mechanism == nullptr) {
    return rejected(Error{Status::unsupported_function,
                          "mechTypes",
                          "the client offers no mechanism that can be used here. " + fallback(),
                          {}});
  }
  const Bytes oid = init->mech_types[choice.index];
  chosen_oid_.assign(oid.begin(), oid.end());
  auto started = start_mechanism(*choice.mechanism, core::Role::acceptor);
  if (!started) return rejected(started);
  const bool first_choice = choice.index == 0;
  if (first_choice && init->mech_token) {
    in_init_ = true;
    auto step = advance(input, *init->mech_token, std::nullopt);
    in_init_ = false;
    return step;
  }
  // The optimistic token was for another mechanism: it is not looked at, and the list must be vouched for.
  mic_.required = !first_choice;
  state_ = State::negotiating;
  return reply(first_choice ? NegState::accept_incomplete : NegState::request_mic, {}, {});
}

Result<core::Step> Acceptor::on_resp(const core::StepInput& input) {
  auto resp = NegTokenResp::parse(input.token);
  if (!resp) return fail(resp);
  if (resp->state == NegState::reject) {
    return fail(Status::logon_denied, "negState", "the client gave the negotiation up");
  }
  if (!resp->response_token) return fail(Status::invalid_token, "responseToken", "there is none, and one is due");
  // A fault of Windows 2000: a copy of the token where the MIC should be. Both are from the wire: not secret.
  if (resp->mech_list_mic && std::ranges::equal(*resp->mech_list_mic, *resp->response_token)) {
    resp->mech_list_mic.reset();
  }
  return advance(input, *resp->response_token, resp->mech_list_mic);
}

Result<core::Step> Acceptor::on_mic(const core::StepInput& input) {
  auto resp = NegTokenResp::parse(input.token);
  if (!resp) return fail(resp);
  if (resp->state == NegState::reject) {
    return fail(Status::logon_denied, "negState", "the client gave the negotiation up");
  }
  if (resp->response_token && !resp->response_token->empty()) {
    return fail(Status::invalid_token, "responseToken", "it came though the mechanism is finished");
  }
  if (!resp->mech_list_mic) {
    return rejected(Error{Status::message_altered, "mechListMIC", "the client sent none, and one is due", {}});
  }
  auto taken = take_mic(resp->mech_list_mic);
  if (!taken) return rejected(taken);
  auto finished = finish_negotiation();
  if (!finished) return rejected(finished);
  state_ = State::established;
  // RFC 4178 section 5 (IV): the client was complete with its MIC, and reads no more.
  core::Step step;
  if (resp->state != NegState::accept_completed) step = reply(NegState::accept_completed, {}, {});
  step.status = Status::ok;
  return step;
}

Result<core::Step> Acceptor::advance(const core::StepInput& input, Bytes token, const std::optional<Bytes>& mic) {
  auto step = mech_step(input, token);
  if (!step) return rejected(step);
  if (mech_->established()) return finish(step->output, mic);
  if (mic)
    return rejected(Error{Status::invalid_token, "mechListMIC", "it came before the mechanism was finished", {}});
  state_ = State::negotiating;
  return reply(NegState::accept_incomplete, step->output, {});
}

// RFC 4178 section 5, the acceptor's side: who sends the mechanism's last token sends its MIC with it.
Result<core::Step> Acceptor::finish(Bytes response_token, const std::optional<Bytes>& mic) {
  auto taken = take_mic(mic);
  if (!taken) return rejected(taken);
  auto own = make_mic();
  if (!own) return rejected(own);
  if (mic_.sent && !mic_.verified) {
    if (response_token.empty() && !in_init_) {
      return rejected(Error{Status::message_altered,
                            "mechListMIC",
                            "the client sent none with its last token, and one is due: the list of mechanisms may have "
                            "been changed on its way",
                            {}});
    }
    state_ = State::awaiting_mic;
    return reply(NegState::accept_incomplete, response_token, *own);
  }
  auto finished = finish_negotiation();
  if (!finished) return rejected(finished);
  state_ = State::established;
  core::Step step = reply(NegState::accept_completed, response_token, *own);
  step.status = Status::ok;
  return step;
}

core::Step Acceptor::reply(NegState state, Bytes response_token, Bytes mic) {
  NegTokenResp resp;
  resp.state = state;
  if (std::exchange(first_reply_, false)) resp.supported_mech = chosen_oid_;
  if (!response_token.empty()) resp.response_token = response_token;
  if (!mic.empty()) resp.mech_list_mic = mic;
  return core::Step{.status = Status::continue_needed, .output = resp.serialize()};
}

}  // namespace opensspi::negotiate
