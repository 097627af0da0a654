#include "ntlm/initiator.hpp"

#include "accounts/owf.hpp"
#include "base/text.hpp"
#include "core/handshake_step.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/describe.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/authenticate.hpp"
#include "ntlm/messages/negotiate.hpp"
#include "ntlm/package.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "NTLM initiator";

constexpr std::uint32_t kAlwaysOffered =
    kUnicode | kOem | kRequestTarget | kNtlm | kAlwaysSign | kExtendedSessionSecurity | kVersion | k128 | k56;
constexpr std::uint32_t kSigning = ISC_REQ_INTEGRITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;

std::uint32_t offered_flags(std::uint32_t requested, bool allow_weak) {
  std::uint32_t flags = kAlwaysOffered;
  if ((requested & (kSigning | ISC_REQ_CONFIDENTIALITY)) != 0) flags |= kSign | kKeyExchange;
  if ((requested & ISC_REQ_CONFIDENTIALITY) != 0) flags |= kSeal;
  if ((requested & ISC_REQ_IDENTIFY) != 0) flags |= kIdentify;
  if ((requested & ISC_REQ_DATAGRAM) != 0) flags |= kDatagram | kKeyExchange;
  if (allow_weak && (flags & (kSign | kSeal)) != 0) flags |= kLmKey;
  return flags;
}

ByteVector utf16le_bytes(std::u16string_view text) {
  ByteVector bytes;
  append_utf16le(bytes, text);
  return bytes;
}

std::shared_ptr<const Account> nobody() {
  auto account = std::make_shared<Account>();
  account->anonymous = true;
  return account;
}

std::unexpected<Error> weak(const std::string& what, std::uint32_t flags) {
  return fail(Status::unsupported_function, "CHALLENGE_MESSAGE NegotiateFlags",
              "the server does not offer " + what + ", which this policy requires: " + describe_flags(flags));
}

}  // namespace

Initiator::Initiator(const NtlmPackage& package, std::shared_ptr<const Account> account, const Policy& policy)
    : NtlmContext(package, core::Role::initiator), handshake_(std::make_unique<Handshake>()) {
  handshake_->account = std::move(account);
  handshake_->policy = policy;
}

const Host& Initiator::host() const { return package_.host(); }

Result<core::Step> Initiator::step(const core::StepInput& input) {
  trace_token("received", input.token);
  auto step = core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
        return begin(input);
      case State::awaiting_challenge:
        return on_challenge(input);
      case State::established:
      case State::failed:
        break;
    }
    std::unreachable();
  });
  if (step) trace_token("sent", step->output);
  if (state_ == State::failed) handshake_.reset();
  return step;
}

// Bindings and the target may be given with any step; the latest count.
void Initiator::take_request(const core::StepInput& input) {
  if (input.bindings) handshake_->bindings = hash_bindings(*input.bindings);
  if (!input.target.empty()) handshake_->target = input.target;
}

Result<core::Step> Initiator::begin(const core::StepInput& input) {
  if (!input.token.empty()) {
    return fail(
        Status::invalid_token, kCheck,
        "a token of " + std::to_string(input.token.size()) + " bytes is given, but the client begins: none is due");
  }
  if ((input.flags & ISC_REQ_NO_INTEGRITY) != 0 && (input.flags & (kSigning | ISC_REQ_CONFIDENTIALITY)) != 0) {
    return fail(Status::unsupported_function, kCheck,
                "ISC_REQ_NO_INTEGRITY contradicts the integrity or confidentiality that is asked for too");
  }
  requested_ = input.flags;
  take_request(input);
  // A null session is nobody's, whoever the credential is.
  if ((input.flags & ISC_REQ_NULL_SESSION) != 0) handshake_->account = nobody();
  handshake_->offered = offered_flags(input.flags, handshake_->policy.allow_weak);
  core::Step step{.status = Status::continue_needed};
  // 3.1.5.2: without a connection it is the server that begins.
  if ((input.flags & ISC_REQ_DATAGRAM) == 0) {
    handshake_->negotiate = NegotiateMessage{handshake_->offered}.serialize();
    step.output = handshake_->negotiate;
  }
  state_ = State::awaiting_challenge;
  return step;
}

Result<core::Step> Initiator::on_challenge(const core::StepInput& input) {
  take_request(input);
  auto challenge = ChallengeMessage::parse(input.token);
  if (!challenge) return fail(challenge);
  auto reply = answer(*challenge, input.token);
  if (!reply) return fail(reply);
  establish(std::move(reply->outcome));
  handshake_.reset();
  state_ = State::established;
  return core::Step{.status = Status::ok, .output = std::move(reply->token)};
}

// 3.1.5.1.2. What the server set and was not offered is not taken over; what was asked for must be there.
Result<std::uint32_t> Initiator::agreed_flags(const ChallengeMessage& challenge) const {
  const std::uint32_t offered = handshake_->offered;
  std::uint32_t flags = challenge.flags & (offered | kTargetInfo);
  if ((flags & kUnicode) != 0) flags &= ~static_cast<std::uint32_t>(kOem);
  const std::uint32_t missing = offered & (kSign | kSeal | kDatagram) & ~flags;
  if (missing != 0) return weak(describe_flags(missing), challenge.flags);
  if ((flags & (kSign | kSeal | kDatagram)) == 0) return flags;
  if ((flags & kDatagram) != 0 &&
      (flags & (kExtendedSessionSecurity | kKeyExchange)) != (kExtendedSessionSecurity | kKeyExchange)) {
    return weak("what datagrams need, EXTENDED_SESSIONSECURITY and KEY_EXCH", challenge.flags);
  }
  if ((flags & kExtendedSessionSecurity) != 0) flags &= ~static_cast<std::uint32_t>(kLmKey);
  if (handshake_->policy.allow_weak) return flags;
  if ((flags & kExtendedSessionSecurity) == 0) return weak("EXTENDED_SESSIONSECURITY", challenge.flags);
  if ((flags & k128) == 0) return weak("keys of 128 bits", challenge.flags);
  return flags;
}

Result<void> Initiator::check_target(const ChallengeMessage& challenge) const {
  const AvPairs& info = challenge.target_info;
  const Account& account = *handshake_->account;
  // The same-user default is for this host: nobody else is given a response to guess at.
  if (account.self && !equal_ignoring_case(info.text(AvId::nb_computer_name), host().names().netbios_computer)) {
    return fail(Status::no_credentials, "default credentials",
                "the server names itself \"" + to_utf8(info.text(AvId::nb_computer_name)) + "\", not \"" +
                    to_utf8(host().names().netbios_computer) +
                    "\": the default credentials are for this computer only; give user, domain and password");
  }
  // 3.1.5.1.2: a server that hides its names, or all of TargetInfo, may have a log-on's key from elsewhere.
  const bool protects = (handshake_->offered & (kSign | kSeal)) != 0;
  const bool ntlm_v2 = !account.anonymous && handshake_->policy.lm_level >= 3;
  if (protects && ntlm_v2 && !info.find(AvId::nb_computer_name) && !info.find(AvId::nb_domain_name)) {
    return fail(Status::logon_denied, "CHALLENGE_MESSAGE TargetInfo",
                "it names neither computer nor domain, as a server must where messages are protected");
  }
  return {};
}

Initiator::Responses Initiator::respond_anonymously() {
  Responses responses;
  responses.lm.assign(1, 0);  // 3.2.5.1.2: one zero byte stands for nobody
  return responses;
}

Result<Initiator::Responses> Initiator::respond(const ChallengeMessage& challenge, std::uint32_t flags) const {
  if (handshake_->account->anonymous) return respond_anonymously();
  if (handshake_->policy.lm_level >= 3) return respond_v2(challenge);
  return respond_v1(challenge, flags);
}

// 3.3.2 and 3.1.5.1.2.
Result<Initiator::Responses> Initiator::respond_v2(const ChallengeMessage& challenge) const {
  const Account& account = *handshake_->account;
  Responses responses;
  const auto timestamp = challenge.target_info.timestamp();
  responses.with_mic = timestamp.has_value();

  AvPairs pairs = challenge.target_info;
  // These two are the client's to say; a server that says them would choose what the response binds.
  pairs.remove(AvId::target_name);
  pairs.remove(AvId::channel_bindings);
  // So are two bits of MsvAvFlags: whoever adds them on the way would have a promise broken, or the target ignored.
  std::uint32_t av_flags = pairs.flags() & ~(kAvFlagMicPresent | kAvFlagUntrustedTarget);
  if (responses.with_mic) av_flags |= kAvFlagMicPresent;
  if ((requested_ & ISC_REQ_UNVERIFIED_TARGET_NAME) != 0) av_flags |= kAvFlagUntrustedTarget;
  wire::Writer flags_value(4);
  flags_value.u32le(av_flags);
  const ByteVector target = utf16le_bytes(handshake_->target);
  if (challenge.has_target_info) {
    if (target.size() > 0xFFFF) {
      return fail(Status::invalid_parameter, "pszTargetName", "it has more than 32767 characters");
    }
    if (av_flags != 0 || pairs.find(AvId::flags)) pairs.set(AvId::flags, flags_value.bytes());
    pairs.set(AvId::channel_bindings, handshake_->bindings);
    pairs.set(AvId::target_name, target);
  }
  Challenge8 client_challenge;
  host().random(client_challenge);
  const ByteVector temp =
      Ntlmv2Response::serialize_temp(timestamp.value_or(host().now()), client_challenge, pairs.serialize());
  const Key16 proof = accounts::nt_proof(account.ntowf_v2, challenge.server_challenge, temp);
  responses.nt.reserve(proof.bytes().size() + temp.size());
  append(responses.nt, proof.bytes());
  append(responses.nt, temp);
  if (timestamp) {
    responses.lm.assign(24, 0);
  } else if ((handshake_->offered & kDatagram) == 0 || !challenge.has_target_info) {
    const Key16 lm_proof = accounts::nt_proof(account.ntowf_v2, challenge.server_challenge, client_challenge);
    append(responses.lm, lm_proof.bytes());
    append(responses.lm, client_challenge);
  }
  // 3.3.2: the SessionBaseKey, which with NTLMv2 is the KeyExchangeKey too.
  responses.key_exchange_key = crypto::hmac_md5(account.ntowf_v2.bytes(), {proof.bytes()});
  return responses;
}

// 3.3.1. Levels 0 and 1 send the LM response, 2 the NT response twice.
Result<Initiator::Responses> Initiator::respond_v1(const ChallengeMessage& challenge, std::uint32_t flags) const {
  const Account& account = *handshake_->account;
  Responses responses;
  if ((flags & kExtendedSessionSecurity) != 0) {
    Challenge8 client_challenge;
    host().random(client_challenge);
    const auto session = accounts::session_challenge(challenge.server_challenge, client_challenge);
    const auto nt = accounts::desl(account.nt_hash, session);
    responses.nt.assign(nt.begin(), nt.end());
    responses.lm.assign(client_challenge.begin(), client_challenge.end());
    responses.lm.resize(24);
  } else {
    const auto nt = accounts::desl(account.nt_hash, challenge.server_challenge);
    responses.nt.assign(nt.begin(), nt.end());
    responses.lm = responses.nt;
    if (handshake_->policy.lm_level < 2 && account.has_lmowf_v1) {
      const auto lm = accounts::desl(account.lmowf_v1, challenge.server_challenge);
      responses.lm.assign(lm.begin(), lm.end());
    }
  }
  const Key16 session_base_key = crypto::md4(account.nt_hash.bytes());
  const ExchangeInput input{flags, true, challenge.server_challenge, responses.lm,
                            account.has_lmowf_v1 ? &account.lmowf_v1 : nullptr};
  if (!key_exchange_key(session_base_key, input, responses.key_exchange_key)) {
    return fail(Status::unsupported_function, kCheck, "the server chose LM_KEY, and this account has no LM hash");
  }
  return responses;
}

Result<Initiator::Reply> Initiator::answer(const ChallengeMessage& challenge, Bytes challenge_token) const {
  auto flags = agreed_flags(challenge);
  if (!flags) return fail(flags);
  auto target = check_target(challenge);
  if (!target) return fail(target);
  auto responses = respond(challenge, *flags);
  if (!responses) return fail(responses);

  const Account& account = *handshake_->account;
  Reply reply;
  Outcome& outcome = reply.outcome;
  outcome.flags = *flags | (account.anonymous ? static_cast<std::uint32_t>(kAnonymous) : 0U);
  outcome.exported_session_key = responses->key_exchange_key.clone();
  AuthenticateMessage message;
  std::array<std::uint8_t, 16> encrypted_key{};
  if (exchanges_key(*flags)) {
    host().random(outcome.exported_session_key.writable());
    copy_bytes(encrypted_key, outcome.exported_session_key.bytes());
    crypto::rc4(responses->key_exchange_key.bytes(), encrypted_key);
    message.encrypted_random_session_key = encrypted_key;
  }
  message.flags = outcome.flags;
  message.lm_response = responses->lm;
  message.nt_response = responses->nt;
  message.domain = account.domain;
  message.user = account.user;
  message.workstation = host().names().netbios_computer;
  auto token = message.serialize();
  if (!token) return fail(token);
  if (responses->with_mic) {
    const Key16 mic =
        message_integrity_code(outcome.exported_session_key, handshake_->negotiate, challenge_token, *token);
    copy_bytes(MutableBytes(*token).subspan(kMicOffset, kMicBytes), mic.bytes());
  }
  reply.token = std::move(*token);
  outcome.user = account.user;
  outcome.domain = account.domain;
  outcome.target = handshake_->target;
  outcome.anonymous = account.anonymous;
  outcome.with_mic = responses->with_mic;
  return reply;
}

}  // namespace opensspi::ntlm
