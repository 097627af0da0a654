#include "kerberos/initiator.hpp"

#include "base/text.hpp"
#include "core/handshake_step.hpp"
#include "kerberos/describe.hpp"
#include "kerberos/package.hpp"
#include "kerberos/status.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "Kerberos initiator";

struct RequestBit {
  std::uint32_t request;
  OM_uint32 gss;
};
// DELEG_POLICY: only to services that the KDC trusts with it, as Windows has it.
constexpr RequestBit kRequests[] = {
    {ISC_REQ_DELEGATE, GSS_C_DELEG_POLICY_FLAG},
    {ISC_REQ_MUTUAL_AUTH, GSS_C_MUTUAL_FLAG},
    {ISC_REQ_REPLAY_DETECT, GSS_C_REPLAY_FLAG},
    {ISC_REQ_SEQUENCE_DETECT, GSS_C_SEQUENCE_FLAG},
    {ISC_REQ_CONFIDENTIALITY, GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG},
    {ISC_REQ_INTEGRITY, GSS_C_INTEG_FLAG},
    {ISC_REQ_USE_DCE_STYLE, GSS_C_DCE_STYLE | GSS_C_MUTUAL_FLAG},
    {ISC_REQ_IDENTIFY, GSS_C_IDENTIFY_FLAG},
    {ISC_REQ_EXTENDED_ERROR, GSS_C_EXTENDED_ERROR_FLAG},
};

// ISC_REQ_DELEGATE works with ISC_REQ_MUTUAL_AUTH only: no credential for a server that proves nothing. DCE style is
// mutual.
bool delegates(std::uint32_t requested) {
  return (requested & ISC_REQ_DELEGATE) != 0 && (requested & (ISC_REQ_MUTUAL_AUTH | ISC_REQ_USE_DCE_STYLE)) != 0;
}

OM_uint32 gss_flags(std::uint32_t requested) {
  OM_uint32 flags = 0;
  for (const RequestBit& bit : kRequests) {
    if ((requested & bit.request) != 0) flags |= bit.gss;
  }
  if (!delegates(requested)) flags &= ~static_cast<OM_uint32>(GSS_C_DELEG_POLICY_FLAG);
  // Windows' default, which NO_INTEGRITY takes back. Who asks for integrity alone gets that: servers like those of
  // Active Directory take confidentiality in the flags for the promise that every message will be encrypted.
  if ((requested & ISC_REQ_NO_INTEGRITY) == 0) {
    flags |= (requested & ISC_REQ_INTEGRITY) != 0 ? GSS_C_INTEG_FLAG : GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  }
  return (requested & ISC_REQ_DATAGRAM) != 0 ? without_order(flags) : flags;
}

constexpr std::uint32_t kNeedsIntegrity =
    ISC_REQ_INTEGRITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT | ISC_REQ_CONFIDENTIALITY;

}  // namespace

Initiator::Initiator(const KerberosPackage& package, std::shared_ptr<Tickets> tickets)
    : KerberosContext(package, core::Role::initiator), handshake_(std::make_unique<Handshake>()) {
  handshake_->tickets = std::move(tickets);
}

Result<core::Step> Initiator::step(const core::StepInput& input) {
  trace_token("received", input.token);
  auto step = core::handshake_step(state_, kCheck, [&](State before) -> Result<core::Step> {
    switch (before) {
      case State::start:
        return begin(input);
      case State::awaiting_reply:
        return on_reply(input);
      case State::awaiting_tgt:
        return on_tgt(input);
      case State::awaiting_user_reply:
        return on_user_reply(input);
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

Result<void> Initiator::check_request(const core::StepInput& input) const {
  if (!input.token.empty()) {
    return fail(
        Status::invalid_token, kCheck,
        "a token of " + std::to_string(input.token.size()) + " bytes is given, but the client begins: none is due");
  }
  if ((input.flags & ISC_REQ_NO_INTEGRITY) != 0 && (input.flags & kNeedsIntegrity) != 0) {
    return fail(Status::unsupported_function, kCheck,
                "ISC_REQ_NO_INTEGRITY contradicts the integrity or confidentiality that is asked for too");
  }
  if (input.target.empty()) {
    return fail(Status::target_unknown, kCheck,
                "the target is empty: Kerberos needs the service's principal name, like HTTP/www.example.com");
  }
  return {};
}

// What is at hand costs no thread; what may need the KDC has one.
Result<std::shared_ptr<const Ticket>> Initiator::ticket(const TicketRequest& request) const {
  const std::shared_ptr<Tickets>& tickets = handshake_->tickets;
  if (auto known = tickets->known(request, package_.host().now())) return known;
  return within<std::shared_ptr<const Ticket>>(tickets->sources().deadline, "a ticket for " + request.target,
                                               [tickets, request] { return tickets->fetch(request); });
}

Result<core::Step> Initiator::begin(const core::StepInput& input) {
  auto checked = check_request(input);
  if (!checked) return fail(checked);
  requested_ = input.flags;
  Handshake& h = *handshake_;
  h.target = input.target;
  h.flags = gss_flags(input.flags);
  if (input.bindings) h.bindings.emplace(*input.bindings);
  if ((input.flags & ISC_REQ_USE_SESSION_KEY) != 0) {
    state_ = State::awaiting_tgt;
    return core::Step{.status = Status::continue_needed, .output = make_tgt_request()};
  }
  auto found = ticket({.target = to_utf8(input.target),
                       .delegate = delegates(input.flags),
                       .only_asked_flags = (h.flags & GSS_C_CONF_FLAG) == 0});
  if (!found) return fail(found);
  h.ticket = std::move(*found);
  Leg leg;
  leg.ticket = h.ticket;
  leg.flags = h.flags;
  leg.bindings = h.bindings;
  auto done = run(std::move(leg));
  if (!done) return fail(done);
  return finish(std::move(*done));
}

Result<core::Step> Initiator::on_reply(const core::StepInput& input) {
  Handshake& h = *handshake_;
  // Of a bare token MIT would not see what stands behind its end.
  const TokenKind kind = kind_of_token(input.token);
  if (kind != TokenKind::ap_rep && kind != TokenKind::krb_error) {
    return fail(Status::invalid_token, kCheck,
                "it is " + describe_token(input.token) + "; the server's AP-REP or KRB-ERROR is due");
  }
  Leg leg;
  leg.ticket = h.ticket;
  leg.context = std::move(h.context);
  leg.flags = h.flags;
  leg.bindings = std::move(h.bindings);
  leg.input.assign(input.token.begin(), input.token.end());
  leg.run();
  return finish(std::move(leg));
}

void Initiator::Leg::run() {
  gss_buffer_desc token = gss_view(input);
  gss_channel_bindings_struct view{};
  if (bindings) view = bindings->view();
  GssBuffer made;
  major = gss_init_sec_context(&minor, ticket->credential(), context.out(), ticket->target(), gss_mech_krb5, flags, 0,
                               bindings ? &view : GSS_C_NO_CHANNEL_BINDINGS, input.empty() ? GSS_C_NO_BUFFER : &token,
                               nullptr, made.out(), &granted, &seconds);
  output.assign(made.bytes().begin(), made.bytes().end());
}

// A forwarded ticket comes from the KDC; without delegation the ticket's cache has nothing to ask one with.
Result<Initiator::Leg> Initiator::run(Leg leg) const {
  if (!delegates(requested_)) {
    leg.run();
    return leg;
  }
  return within<Leg>(handshake_->tickets->sources().deadline, "a ticket to forward",
                     [leg = std::move(leg)]() mutable -> Result<Leg> {
                       leg.run();
                       return std::move(leg);
                     });
}

Result<core::Step> Initiator::finish(Leg leg) {
  if (GSS_ERROR(leg.major)) {
    return std::unexpected(gss_error(leg.major, leg.minor, kCheck, to_utf8(handshake_->target)));
  }
  if ((leg.major & GSS_S_CONTINUE_NEEDED) != 0) {
    handshake_->context = std::move(leg.context);
    handshake_->bindings = std::move(leg.bindings);
    state_ = State::awaiting_reply;
    return core::Step{.status = Status::continue_needed, .output = std::move(leg.output)};
  }
  Outcome outcome;
  outcome.session = std::make_unique<Session>(std::move(leg.context), GssName{}, true, leg.granted);
  outcome.expiry = expiry_after(package_.host().now(), leg.seconds);
  outcome.target = std::move(handshake_->target);
  establish(std::move(outcome));
  handshake_.reset();
  state_ = State::established;
  return core::Step{.status = Status::ok, .output = std::move(leg.output)};
}

Result<core::Step> Initiator::on_tgt(const core::StepInput& input) {
  auto server_ticket = parse_tgt_reply(input.token);
  if (!server_ticket) return fail(server_ticket);
  Handshake& h = *handshake_;
  const std::string target = to_utf8(h.target);
  // All by value: the worker may outlive this call.
  auto requested = within<UserToUserInitiator>(
      h.tickets->sources().deadline, "a ticket for " + target + ", user-to-user",
      [tickets = h.tickets, target, ticket = ByteVector(server_ticket->begin(), server_ticket->end()), flags = h.flags,
       bindings = h.bindings] { return UserToUserInitiator::request(*tickets, target, ticket, flags, bindings); });
  if (!requested) return fail(requested);
  h.user_to_user.emplace(std::move(*requested));
  state_ = State::awaiting_user_reply;
  return core::Step{.status = Status::continue_needed, .output = h.user_to_user->token()};
}

Result<core::Step> Initiator::on_user_reply(const core::StepInput& input) {
  auto agreement = handshake_->user_to_user->finish(input.token);
  if (!agreement) return fail(agreement);
  Outcome outcome;
  outcome.session = std::move(agreement->session);
  outcome.expiry = agreement->expiry;
  outcome.target = std::move(handshake_->target);
  outcome.user_to_user = true;
  establish(std::move(outcome));
  handshake_.reset();
  state_ = State::established;
  return core::Step{.status = Status::ok};
}

}  // namespace opensspi::kerberos
