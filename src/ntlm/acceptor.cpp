#include "ntlm/acceptor.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/handshake_step.hpp"
#include "crypto/cipher.hpp"
#include "ntlm/describe.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/challenge.hpp"
#include "ntlm/messages/negotiate.hpp"
#include "ntlm/package.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "NTLM acceptor";

constexpr std::uint32_t kSupported = kUnicode | kOem | kSign | kSeal | kDatagram | kExtendedSessionSecurity |
                                     kIdentify | kVersion | k128 | kKeyExchange | k56;
constexpr std::uint32_t kAlwaysSet = kRequestTarget | kNtlm | kAlwaysSign | kTargetInfo;

// What a server that begins a conversation without a connection offers, 3.2.5.1.1.
constexpr std::uint32_t kDatagramOffer =
    kUnicode | kDatagram | kSign | kSeal | kExtendedSessionSecurity | k128 | kKeyExchange | kVersion;

// The pairs that the client must hand back as they were sent.
constexpr AvId kEchoed[] = {AvId::nb_computer_name, AvId::nb_domain_name, AvId::dns_computer_name,
                            AvId::dns_domain_name,  AvId::dns_tree_name,  AvId::timestamp};

std::unexpected<Error> weak(const char* what, std::uint32_t flags) {
  return fail(Status::unsupported_function, "NegotiateFlags",
              std::string("the client wants protected messages without ") + what +
                  ", which this policy requires: " + describe_flags(flags));
}

bool is_ntlm_v2(const AuthenticateMessage& message) { return message.nt_response.size() > 24; }

bool is_anonymous(const AuthenticateMessage& message) {
  return message.user.empty() && message.nt_response.empty() && message.lm_response.size() <= 1;
}

}  // namespace

Acceptor::Acceptor(const NtlmPackage& package, std::shared_ptr<const accounts::AccountSource> source,
                   const Policy& policy)
    : NtlmContext(package, core::Role::acceptor), handshake_(std::make_unique<Handshake>()) {
  handshake_->source = std::move(source);
  handshake_->policy = policy;
}

const Host& Acceptor::host() const { return package_.host(); }

Result<core::Step> Acceptor::step(const core::StepInput& input) {
  trace_token("received", input.token);
  auto step = core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
        return on_negotiate(input);
      case State::awaiting_authenticate:
        return on_authenticate(input);
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

void Acceptor::take_request(const core::StepInput& input) {
  requested_ = input.flags;
  if (input.bindings) handshake_->bindings = hash_bindings(*input.bindings);
}

Result<core::Step> Acceptor::on_negotiate(const core::StepInput& input) {
  take_request(input);
  Handshake& h = *handshake_;
  std::uint32_t offered = kDatagramOffer;
  // 3.2.5.1.1: without a connection there is no NEGOTIATE_MESSAGE.
  if ((input.flags & ASC_REQ_DATAGRAM) == 0 || !input.token.empty()) {
    auto negotiate = NegotiateMessage::parse(input.token);
    if (!negotiate) return fail(negotiate);
    offered = negotiate->flags;
  }
  auto flags = choose_flags(offered);
  if (!flags) return fail(flags);
  host().random(h.server_challenge);
  ByteVector storage;
  h.target_info = make_target_info(storage).serialize();
  const HostNames& names = host().names();
  auto challenge = ChallengeMessage::serialize(
      *flags, h.server_challenge, names.domain_member ? names.netbios_domain : names.netbios_computer, h.target_info);
  if (!challenge) return fail(challenge);
  h.flags = *flags;
  h.negotiate.assign(input.token.begin(), input.token.end());
  h.challenge = std::move(*challenge);
  state_ = State::awaiting_authenticate;
  return core::Step{.status = Status::continue_needed, .output = h.challenge};
}

// 3.2.5.1.1: of what the client offers, what is supported, and never UNICODE and OEM together, nor LM_KEY beside
// extended session security.
Result<std::uint32_t> Acceptor::choose_flags(std::uint32_t offered) const {
  const bool allow_weak = handshake_->policy.allow_weak;
  std::uint32_t flags = (offered & (kSupported | (allow_weak ? static_cast<std::uint32_t>(kLmKey) : 0U))) | kAlwaysSet;
  if ((flags & kUnicode) != 0) flags &= ~static_cast<std::uint32_t>(kOem);
  if ((flags & kExtendedSessionSecurity) != 0) flags &= ~static_cast<std::uint32_t>(kLmKey);
  // Sealing without signing does not exist.
  if ((flags & kSeal) != 0) flags |= kSign;
  // Where nothing is protected no key is exchanged (3.2.5.1.2), and some clients send one for the flag alone: with it
  // the two ends would have two session keys. As Windows does; datagrams have the flag always (2.2.2.5, D).
  if ((flags & (kSign | kSeal | kDatagram)) == 0) flags &= ~static_cast<std::uint32_t>(kKeyExchange);
  flags |= host().names().domain_member ? kTargetTypeDomain : kTargetTypeServer;
  if ((flags & kDatagram) != 0 && (flags & kExtendedSessionSecurity) == 0) {
    return weak("EXTENDED_SESSIONSECURITY in datagram mode", offered);
  }
  if ((flags & (kSign | kSeal)) == 0 || allow_weak) return flags;
  if ((flags & kExtendedSessionSecurity) == 0) return weak("EXTENDED_SESSIONSECURITY", offered);
  if ((flags & k128) == 0) return weak("keys of 128 bits", offered);
  return flags;
}

// 2.2.2.1, in Windows' order; always with the time, so that the client sends a MIC. The views are into `storage`.
AvPairs Acceptor::make_target_info(ByteVector& storage) const {
  const HostNames& names = host().names();
  struct Text {
    AvId id;
    const std::u16string& text;
  };
  const Text texts[] = {{AvId::nb_domain_name, names.netbios_domain},
                        {AvId::nb_computer_name, names.netbios_computer},
                        {AvId::dns_domain_name, names.dns_domain},
                        {AvId::dns_computer_name, names.dns_computer},
                        {AvId::dns_tree_name, names.dns_tree}};
  for (const Text& t : texts) append_utf16le(storage, t.text);
  // Asked once: bytes of different instants would make a time that never was.
  const std::uint64_t now = host().now().ticks;
  for (std::size_t i = 0; i < 8; ++i) storage.push_back(static_cast<std::uint8_t>(now >> (8 * i)));
  Bytes rest(storage);
  AvPairs pairs;
  for (const Text& t : texts) {
    const std::size_t bytes = 2 * t.text.size();
    if (bytes != 0) pairs.set(t.id, rest.first(bytes));
    rest = rest.subspan(bytes);
  }
  pairs.set(AvId::timestamp, rest);
  return pairs;
}

Result<core::Step> Acceptor::on_authenticate(const core::StepInput& input) {
  take_request(input);
  auto message = AuthenticateMessage::parse(input.token);
  if (!message) return fail(message);
  auto outcome = is_anonymous(*message) ? accept_anonymous(*message) : authenticate(*message, input.token);
  if (!outcome) return fail(outcome);
  establish(std::move(*outcome));
  handshake_.reset();
  state_ = State::established;
  return core::Step{.status = Status::ok};
}

// 3.2.5.1.2. Nobody is let in only where the caller asked for it, and never as somebody.
Result<NtlmContext::Outcome> Acceptor::accept_anonymous(const AuthenticateMessage& message) const {
  if ((requested_ & ASC_REQ_ALLOW_NULL_SESSION) == 0) {
    return fail(Status::logon_denied, "anonymous log-on",
                "the client gives no name, and ASC_REQ_ALLOW_NULL_SESSION is not set");
  }
  auto bindings = check_bindings(nullptr);
  if (!bindings) return fail(bindings);
  auto flags = agreed_flags(message, false);
  if (!flags) return fail(flags);
  Outcome outcome;
  outcome.flags = *flags;
  outcome.anonymous = true;
  const accounts::Verdict nobody;  // its SessionBaseKey is Z(16)
  auto keys = take_keys(message, nobody, outcome);
  if (!keys) return fail(keys);
  return outcome;
}

Result<NtlmContext::Outcome> Acceptor::authenticate(const AuthenticateMessage& message, Bytes token) const {
  const Handshake& h = *handshake_;
  std::optional<Ntlmv2Response> response;
  if (is_ntlm_v2(message)) {
    auto parsed = Ntlmv2Response::parse(message.nt_response);
    if (!parsed) return fail(parsed);
    response = std::move(*parsed);
  }
  const bool with_mic = response && (response->pairs.flags() & kAvFlagMicPresent) != 0;
  auto flags = agreed_flags(message, with_mic);
  if (!flags) return fail(flags);

  accounts::LogonRequest request;
  request.server_challenge = h.server_challenge;
  request.nt_response = message.nt_response;
  request.lm_response = message.lm_response;
  request.user = message.user;
  request.domain = message.domain;
  request.workstation = message.workstation;
  request.extended_session_security = (*flags & kExtendedSessionSecurity) != 0;
  request.allow_ntlm_v1 = h.policy.allow_weak;
  auto verdict = h.source->verify(request);
  if (!verdict) return fail(verdict);

  // From here on the response, and the pairs in it, are the account's own words.
  Outcome outcome;
  outcome.flags = *flags;
  outcome.guest = verdict->guest;
  outcome.with_mic = with_mic;
  if (response) {
    auto checked = check_response(*response);
    if (!checked) return fail(checked);
    if ((response->pairs.flags() & kAvFlagUntrustedTarget) == 0) {
      outcome.target = response->pairs.text(AvId::target_name);
    }
  }
  auto bindings = check_bindings(response ? &response->pairs : nullptr);
  if (!bindings) return fail(bindings);
  auto keys = take_keys(message, *verdict, outcome);
  if (!keys) return fail(keys);
  if (with_mic) {
    auto mic = check_mic(message, token, outcome);
    if (!mic) return fail(mic);
  } else if (h.policy.require_mic) {
    return fail(Status::logon_denied, "AUTHENTICATE_MESSAGE MIC", "there is none, and this policy requires one");
  }
  outcome.user = std::move(verdict->account);
  outcome.domain = std::move(verdict->domain);
  outcome.sids = std::move(verdict->sids);
  auto source = to_utf16(h.source->name());
  outcome.source = source ? std::move(*source) : std::u16string{};
  return outcome;
}

// 3.2.5.1.2: nothing that was not offered. Without a MIC nobody vouches for a flag that changed on the way.
Result<std::uint32_t> Acceptor::agreed_flags(const AuthenticateMessage& message, bool with_mic) const {
  const std::uint32_t sent = handshake_->flags;
  std::uint32_t changed = (message.flags ^ sent) & kProtectionFlags;
  // KEY_EXCH by itself is nothing: a client that names it though it was not granted changes no key.
  if (((message.flags | sent) & (kSign | kSeal)) == 0) changed &= ~static_cast<std::uint32_t>(kKeyExchange);
  if (!with_mic && changed != 0 && !handshake_->policy.allow_weak) {
    return fail(Status::logon_denied, "AUTHENTICATE_MESSAGE NegotiateFlags",
                "without a MIC these must be as in the CHALLENGE_MESSAGE and are not: " + describe_flags(changed));
  }
  std::uint32_t flags = message.flags & (sent | kAnonymous);
  if ((flags & kSeal) != 0) flags |= kSign;
  if ((sent & kDatagram & ~flags) != 0) {
    return fail(Status::logon_denied, "AUTHENTICATE_MESSAGE NegotiateFlags", "DATAGRAM is missing");
  }
  if ((flags & (kSign | kSeal)) == 0 || handshake_->policy.allow_weak) return flags;
  if ((flags & kExtendedSessionSecurity) == 0) return weak("EXTENDED_SESSIONSECURITY", message.flags);
  if ((flags & k128) == 0) return weak("keys of 128 bits", message.flags);
  return flags;
}

Result<void> Acceptor::check_response(const Ntlmv2Response& response) const {
  auto time = check_time(response);
  if (!time) return time;
  return check_echo(response.pairs);
}

Result<void> Acceptor::check_time(const Ntlmv2Response& response) const {
  const std::uint64_t now = host().now().ticks;
  const std::uint64_t then = response.time.ticks;
  const std::uint64_t apart = (now > then ? now - then : then - now) / kTicksPerSecond;
  if (apart <= handshake_->policy.max_lifetime_seconds) return {};
  return fail(Status::time_skew, "NTLMv2_RESPONSE time",
              "the client's time is " + std::to_string(apart) + " seconds from this host's, at most " +
                  std::to_string(handshake_->policy.max_lifetime_seconds) + " are accepted; set the clocks");
}

// Stops who edits the server's names or its time on the way to the client, and with them the MIC away.
Result<void> Acceptor::check_echo(const AvPairs& echoed) const {
  auto sent = AvPairs::parse(handshake_->target_info, "own TargetInfo");
  if (!sent) return fail(sent);
  for (const AvId id : kEchoed) {
    const auto own = sent->find(id);
    const auto theirs = echoed.find(id);
    // Both went over the wire in the clear: not secret.
    if (own.has_value() == theirs.has_value() && (!own || std::ranges::equal(*own, *theirs))) continue;
    return fail(Status::logon_denied, "NTLMv2_RESPONSE AvPairs",
                "AV_PAIR " + std::to_string(static_cast<unsigned>(id)) +
                    " is not as this server sent it; the CHALLENGE_MESSAGE was changed on its way");
  }
  return {};
}

// 3.2.5.1.2. `pairs` is nullptr where the response can carry none (NTLMv1, anonymous).
Result<void> Acceptor::check_bindings(const AvPairs* pairs) const {
  static constexpr const char* kBindings = "channel bindings";
  if (!handshake_->bindings) return {};
  static constexpr BindingsHash kNone{};
  const auto given = pairs == nullptr ? std::nullopt : pairs->find(AvId::channel_bindings);
  if (!given || equal_in_constant_time(*given, kNone)) {
    if ((requested_ & ASC_REQ_ALLOW_MISSING_BINDINGS) != 0) return {};
    return fail(Status::bad_bindings, kBindings,
                "the client sent none; this server requires them (ASC_REQ_ALLOW_MISSING_BINDINGS would tolerate it)");
  }
  // Behind a proxy that ends the channel only their presence can be checked.
  if ((requested_ & ASC_REQ_PROXY_BINDINGS) != 0) return {};
  if (equal_in_constant_time(*given, *handshake_->bindings)) return {};
  return fail(Status::bad_bindings, kBindings,
              "the client's (" + to_hex(*given) + ") are those of another channel than this server's (" +
                  to_hex(*handshake_->bindings) + "): the log-on was relayed, or a proxy stands between");
}

Result<void> Acceptor::take_keys(const AuthenticateMessage& message, const accounts::Verdict& verdict,
                                 Outcome& outcome) const {
  Key16 exchange_key;
  const ExchangeInput input{outcome.flags, !outcome.anonymous && !is_ntlm_v2(message), handshake_->server_challenge,
                            message.lm_response, verdict.has_lmowf_v1 ? &verdict.lmowf_v1 : nullptr};
  if (!key_exchange_key(verdict.session_base_key, input, exchange_key)) {
    return fail(Status::unsupported_function, kCheck, "LM_KEY is in force, and the account's source has no LM hash");
  }
  if (!exchanges_key(outcome.flags)) {
    outcome.exported_session_key = std::move(exchange_key);
    return {};
  }
  if (message.encrypted_random_session_key.size() != outcome.exported_session_key.bytes().size()) {
    return fail(Status::invalid_token, "AUTHENTICATE_MESSAGE EncryptedRandomSessionKey",
                "it has " + std::to_string(message.encrypted_random_session_key.size()) + " bytes, 16 are due");
  }
  copy_bytes(outcome.exported_session_key.writable(), message.encrypted_random_session_key);
  crypto::rc4(exchange_key.bytes(), outcome.exported_session_key.writable());
  return {};
}

Result<void> Acceptor::check_mic(const AuthenticateMessage& message, Bytes token, const Outcome& outcome) const {
  static constexpr const char* kMic = "AUTHENTICATE_MESSAGE MIC";
  if (!message.has_room_for_mic) {
    return fail(Status::logon_denied, kMic, "MsvAvFlags says that there is one, and it was taken out");
  }
  const Key16 mic =
      message_integrity_code(outcome.exported_session_key, handshake_->negotiate, handshake_->challenge, token);
  if (equal_in_constant_time(mic.bytes(), message.mic(token))) return {};
  return fail(Status::logon_denied, kMic, "it does not match: one of the three messages was changed on its way");
}

}  // namespace opensspi::ntlm
