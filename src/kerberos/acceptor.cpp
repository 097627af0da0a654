#include "kerberos/acceptor.hpp"

#include "base/text.hpp"
#include "core/handshake_step.hpp"
#include "kerberos/authenticator.hpp"
#include "kerberos/credential.hpp"
#include "kerberos/enctypes.hpp"
#include "kerberos/package.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "Kerberos acceptor";

}  // namespace

Acceptor::Acceptor(const KerberosPackage& package, std::shared_ptr<const KerberosCredential> credential)
    : KerberosContext(package, core::Role::acceptor), credential_(std::move(credential)) {}

Result<core::Step> Acceptor::step(const core::StepInput& input) {
  trace_token("received", input.token);
  auto step = is_spelled_as_windows(input.token) ? step_respelled(input) : dispatch(input);
  ByteVector& output = step ? step->output : step.error().output;
  if (spelled_as_windows_) respell(output);
  trace_token("sent", output);
  if (state_ == State::failed) context_.reset();
  if (state_ == State::failed || state_ == State::established) {
    user_to_user_.reset();
    key_.reset();
    credential_.reset();
  }
  return step;
}

Result<core::Step> Acceptor::step_respelled(const core::StepInput& input) {
  ByteVector token(input.token.begin(), input.token.end());
  respell(token);
  core::StepInput respelled = input;
  respelled.token = token;
  spelled_as_windows_ = true;
  return dispatch(respelled);
}

Result<core::Step> Acceptor::dispatch(const core::StepInput& input) {
  return core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
        return is_tgt_request(input.token) ? on_tgt_request(input) : on_token(input, TokenKind::ap_req);
      case State::awaiting_third_leg:
        return on_token(input, TokenKind::ap_rep);
      case State::awaiting_user_request:
        return on_user_request(input);
      case State::established:
      case State::failed:
        break;
    }
    std::unreachable();
  });
}

Result<core::Step> Acceptor::on_token(const core::StepInput& input, TokenKind due) {
  requested_ = input.flags;
  // MIT would answer another kind of token with a KRB-ERROR, and wait for the right one.
  if (kind_of_token(input.token) != due) {
    return fail(Status::invalid_token, kCheck,
                "it is " + describe_token(input.token) + "; an " + (due == TokenKind::ap_req ? "AP-REQ" : "AP-REP") +
                    " is due");
  }
  if (!key_) {
    auto key = credential_->service_key();
    if (!key) return fail(key);
    key_ = std::move(*key);
  }
  if (due == TokenKind::ap_req) {
    auto checked = check_ticket(input.token);
    if (!checked) return fail(checked);
  }
  std::optional<Bindings> bindings;
  if (input.bindings) bindings.emplace(*input.bindings);
  // Behind a proxy that ends the channel only their presence can be checked.
  const bool proxied = bindings && (input.flags & ASC_REQ_PROXY_BINDINGS) != 0;
  Leg leg;
  leg.run(context_, key_->credential(), input.token, proxied ? std::nullopt : bindings);
  if (GSS_ERROR(leg.major)) {
    Error error = gss_error(leg.major, leg.minor, kCheck);
    // MS-KILE 3.4.5: a KRB-ERROR goes back where it was asked for.
    if ((input.flags & ASC_REQ_EXTENDED_ERROR) != 0) error.output = std::move(leg.output);
    return std::unexpected(std::move(error));
  }
  if (bindings && due == TokenKind::ap_req) {
    auto checked = check_bindings(input, (leg.flags & GSS_C_CHANNEL_BOUND_FLAG) != 0 || sends_bindings(input.token));
    if (!checked) return fail(checked);
  }
  if ((leg.major & GSS_S_CONTINUE_NEEDED) != 0) {
    state_ = State::awaiting_third_leg;
    return core::Step{.status = Status::continue_needed, .output = std::move(leg.output)};
  }
  return finish(std::move(leg));
}

// GSSAPI has a word for the types of session keys only. Who knows a service's weak key can make tickets for anybody.
Result<void> Acceptor::check_ticket(Bytes token) const {
  const auto number = ticket_enctype(token);
  if (!number) return fail(Status::invalid_token, kCheck, "the ticket of the AP-REQ cannot be read");
  const auto type = static_cast<Enctype>(*number);
  if (aes_profile(type) != nullptr || (type == Enctype::rc4 && key_->sources().allow_rc4)) return {};
  return fail(Status::crypto_system_invalid, kCheck,
              "the ticket is encrypted with " + enctype_name(*number) +
                  ", which is off unless chosen; give the service's account a key of AES (in Active Directory "
                  "msDS-SupportedEncryptionTypes) and renew the keytab, or allow RC4 (allow_rc4 in [kerberos])");
}

void Acceptor::Leg::run(GssContext& context, gss_cred_id_t key, Bytes token, const std::optional<Bindings>& bindings) {
  gss_buffer_desc in = gss_view(token);
  gss_channel_bindings_struct view{};
  if (bindings) view = bindings->view();
  GssBuffer made;
  major = gss_accept_sec_context(&minor, context.out(), key, &in, bindings ? &view : GSS_C_NO_CHANNEL_BINDINGS,
                                 peer.out(), nullptr, made.out(), &flags, &seconds, delegated.out());
  output.assign(made.bytes().begin(), made.bytes().end());
}

// MIT tells that a client sent bindings only where it compared them, and in DCE style not before the third leg.
bool Acceptor::sends_bindings(Bytes token) const {
  auto krb5 = Krb5::open();
  if (!krb5) return false;
  const auto asked = look_into(*krb5, token, key_->keytab_name());
  return asked && !equal_in_constant_time(asked->bindings.bytes(), Key16{}.bytes());
}

core::Step Acceptor::finish(Leg leg) {
  Outcome outcome;
  if (leg.delegated && (leg.flags & GSS_C_DELEG_FLAG) != 0) {
    outcome.delegated =
        delegated_credential(package_, std::move(leg.delegated), text_of(leg.peer.get()), key_->sources());
  }
  const OM_uint32 flags = is_datagram() ? without_order(leg.flags) : leg.flags;
  outcome.session = std::make_unique<Session>(std::move(context_), std::move(leg.peer), false, flags);
  outcome.expiry = expiry_after(package_.host().now(), leg.seconds);
  establish(std::move(outcome));
  state_ = State::established;
  return core::Step{.status = Status::ok, .output = std::move(leg.output)};
}

Result<core::Step> Acceptor::on_tgt_request(const core::StepInput& input) {
  requested_ = input.flags;
  const std::shared_ptr<Tickets> tickets = credential_->tickets();
  auto opened = within<UserToUserAcceptor>(tickets->sources().deadline, "a ticket-granting ticket",
                                           [tickets] { return UserToUserAcceptor::open(*tickets); });
  if (!opened) return fail(opened);
  user_to_user_.emplace(std::move(*opened));
  state_ = State::awaiting_user_request;
  return core::Step{.status = Status::continue_needed, .output = user_to_user_->reply()};
}

Result<core::Step> Acceptor::on_user_request(const core::StepInput& input) {
  requested_ = input.flags;
  std::optional<Bindings> bindings;
  if (input.bindings) bindings.emplace(*input.bindings);
  auto accepted = user_to_user_->accept(
      input.token, bindings,
      {.only_presence_of_bindings = (input.flags & ASC_REQ_PROXY_BINDINGS) != 0, .datagram = is_datagram()});
  if (!accepted) return fail(accepted);
  auto checked = check_bindings(input, accepted->bound);
  if (!checked) return fail(checked);
  Outcome outcome;
  outcome.session = std::move(accepted->agreement.session);
  outcome.expiry = accepted->agreement.expiry;
  outcome.user_to_user = true;
  establish(std::move(outcome));
  state_ = State::established;
  return core::Step{.status = Status::ok, .output = std::move(accepted->token)};
}

// MIT compares bindings where both sides have them, and lets a client pass that has none. MS-KILE 3.4.5: who requires
// them must not.
Result<void> Acceptor::check_bindings(const core::StepInput& input, bool bound) const {
  if (!input.bindings || bound) return {};
  if ((input.flags & ASC_REQ_ALLOW_MISSING_BINDINGS) != 0) return {};
  return fail(Status::bad_bindings, "channel bindings",
              "the client sent none; this server requires them (ASC_REQ_ALLOW_MISSING_BINDINGS would tolerate it)");
}

}  // namespace opensspi::kerberos
