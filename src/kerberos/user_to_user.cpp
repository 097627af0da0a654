#include "kerberos/user_to_user.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "kerberos/authenticator.hpp"
#include "kerberos/names.hpp"
#include "kerberos/status.hpp"
#include "wire/der.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "user-to-user log-on";

constexpr std::uint8_t kOid[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::uint8_t kApReq[] = {0x01, 0x00}, kApRep[] = {0x02, 0x00}, kTgtReq[] = {0x04, 0x00},
                       kTgtRep[] = {0x04, 0x01};
constexpr std::uint8_t kVersion[] = {0x02, 0x01, 5};
constexpr std::uint8_t kTgtReqType[] = {0x02, 0x01, 16}, kTgtRepType[] = {0x02, 0x01, 17};
constexpr std::uint8_t kTicketTag = 0x61;  // RFC 4120: application 1

constexpr krb5_int32 kContextFlags = KRB5_AUTH_CONTEXT_DO_TIME | KRB5_AUTH_CONTEXT_DO_SEQUENCE;
// What the checksum's flags can carry.
constexpr OM_uint32 kFlags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG |
                             GSS_C_INTEG_FLAG | GSS_C_IDENTIFY_FLAG | GSS_C_EXTENDED_ERROR_FLAG;

ByteVector framed(Bytes token_id, Bytes message) {
  return wire::der_element(wire::kDerApplication0, {kOid, token_id, message});
}

// What is behind the frame and TOK_ID; none where it is another token.
std::optional<Bytes> unframed(Bytes token, Bytes token_id) {
  wire::DerReader r(token);
  Bytes content = r.content(wire::kDerApplication0, "token");
  r.finish("token");
  const std::size_t head = sizeof kOid + token_id.size();
  if (!r.ok() || content.size() < head || !std::ranges::equal(content.first(sizeof kOid), kOid)) return std::nullopt;
  const Bytes id = content.subspan(sizeof kOid, token_id.size());
  if (!std::ranges::equal(id, token_id)) return std::nullopt;  // not secret
  return content.subspan(head);
}

// The parts of KERB-TGT-REQUEST and KERB-TGT-REPLY that both have: pvno [0] 5, msg-type [1].
Bytes read_head(wire::DerReader& r, wire::DerReader& sequence, Bytes type) {
  sequence = wire::DerReader(r.content(wire::kDerSequence, "message"));
  const Bytes version = sequence.content(wire::der_context(0), "pvno");
  const Bytes kind = sequence.content(wire::der_context(1), "msg-type");
  const bool right = std::ranges::equal(version, kVersion) && std::ranges::equal(kind, type);  // not secret
  if (sequence.ok() && !right) sequence.fail("its version or type is another");
  return {};
}

ProtocolKey copied(const krb5_keyblock& key) {
  return {static_cast<Enctype>(key.enctype), Secret(Bytes(key.contents, key.length))};
}

using KeyBlock = Krb5Owner<krb5_keyblock*, krb5_free_keyblock>;

std::uint64_t number_of(krb5_int32 number) { return static_cast<std::uint32_t>(number); }

std::array<std::uint8_t, kChecksumBytes> make_checksum(OM_uint32 flags, const Key16& bindings) {
  std::array<std::uint8_t, kChecksumBytes> out{};
  out[0] = kBindingBytes;
  copy_bytes(MutableBytes(out).subspan(4), bindings.bytes());
  for (std::size_t i = 0; i < 4; ++i) out[20 + i] = static_cast<std::uint8_t>(flags >> (8 * i));
  return out;
}

Result<Agreement> agree(SessionKeys keys, OM_uint32 flags, const std::string& client, const std::string& server,
                        krb5_timestamp end) {
  const ProtocolKey& sending = keys.sending_key();
  if (aes_profile(sending.enctype) == nullptr || aes_profile(keys.context_key.enctype) == nullptr) {
    return fail(
        Status::crypto_system_invalid, kCheck,
        "its key is of " + enctype_name(static_cast<std::int32_t>(sending.enctype)) + "; only AES is offered here");
  }
  keys.detects_replay = (flags & GSS_C_REPLAY_FLAG) != 0;
  keys.detects_order = (flags & GSS_C_SEQUENCE_FLAG) != 0;
  auto client_name = text_of_principal(client);
  if (!client_name) return fail(client_name);
  auto server_name = text_of_principal(server);
  if (!server_name) return fail(server_name);
  Details details;
  details.client = std::move(*client_name);
  details.server = std::move(*server_name);
  details.session_key = sending.key.clone();
  details.enctype = sending.enctype;
  const bool initiator = keys.initiator;
  auto session = std::make_unique<Session>(std::move(keys), std::move(details), initiator, flags);
  return Agreement{std::move(session), from_krb5_time(end)};
}

}  // namespace

ByteVector make_tgt_request() {
  return framed(kTgtReq,
                wire::der_element(wire::kDerSequence, {wire::der_element(wire::der_context(0), {kVersion}),
                                                       wire::der_element(wire::der_context(1), {kTgtReqType})}));
}

bool is_tgt_request(Bytes token) {
  const auto message = unframed(token, kTgtReq);
  if (!message) return false;
  wire::DerReader r(*message), sequence(Bytes{});
  read_head(r, sequence, kTgtReqType);
  // server-name and realm may follow: whoever asks, there is one user's ticket to give.
  return r.ok() && sequence.ok();
}

ByteVector make_tgt_reply(Bytes ticket) {
  return framed(kTgtRep, wire::der_element(wire::kDerSequence, {wire::der_element(wire::der_context(0), {kVersion}),
                                                                wire::der_element(wire::der_context(1), {kTgtRepType}),
                                                                wire::der_element(wire::der_context(2), {ticket})}));
}

Result<Bytes> parse_tgt_reply(Bytes token) {
  const auto message = unframed(token, kTgtRep);
  if (!message) return fail(Status::no_tgt_reply, kCheck, "the server does not answer with its ticket (TGT-REP)");
  wire::DerReader r(*message), sequence(Bytes{});
  read_head(r, sequence, kTgtRepType);
  wire::DerReader inner(sequence.content(wire::der_context(2), "ticket"));
  const Bytes ticket = inner.element(kTicketTag, "ticket");
  inner.finish("ticket");
  sequence.join(inner);
  sequence.finish("KERB-TGT-REPLY");
  r.join(sequence);
  r.finish("TGT-REP");
  if (!r.ok()) return fail(Status::invalid_token, "TGT-REP", r.why());
  return ticket;
}

Key16 hash_bindings(const std::optional<Bindings>& bindings) {
  if (!bindings) return {};
  const gss_channel_bindings_struct view = bindings->view();
  wire::Writer w;
  const auto counted = [&w](const gss_buffer_desc& part) {
    w.u32le(static_cast<std::uint32_t>(part.length));
    w.raw({static_cast<const std::uint8_t*>(part.value), part.length});
  };
  w.u32le(view.initiator_addrtype);
  counted(view.initiator_address);
  w.u32le(view.acceptor_addrtype);
  counted(view.acceptor_address);
  counted(view.application_data);
  return crypto::md5({w.bytes()});
}

Result<UserToUserInitiator> UserToUserInitiator::request(Tickets& tickets, const std::string& target,
                                                         Bytes server_ticket, OM_uint32 flags,
                                                         const std::optional<Bindings>& bindings) {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  UserToUserInitiator u2u(std::move(*krb5));
  auto service = tickets.fetch_user_to_user(u2u.krb5_, target, server_ticket);
  if (!service) return fail(service);
  u2u.service_ = std::move(*service);
  u2u.flags_ = (flags & kFlags) | GSS_C_MUTUAL_FLAG;
  const krb5_context k = u2u.krb5_.get();
  krb5_error_code code = krb5_auth_con_init(k, u2u.context_.out());
  if (code == 0) code = krb5_auth_con_setflags(k, u2u.context_.get(), kContextFlags);
  if (code == 0) code = krb5_auth_con_set_req_cksumtype(k, u2u.context_.get(), kGssChecksum);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  auto checksum = make_checksum(u2u.flags_, hash_bindings(bindings));
  krb5_data in{};
  in.length = checksum.size();
  in.data = reinterpret_cast<char*>(checksum.data());
  krb5_data out{};
  krb5_auth_context context = u2u.context_.get();
  code = krb5_mk_req_extended(k, &context, AP_OPTS_MUTUAL_REQUIRED | AP_OPTS_USE_SESSION_KEY | AP_OPTS_USE_SUBKEY, &in,
                              u2u.service_.get(), &out);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  u2u.token_ = framed(kApReq, {reinterpret_cast<const std::uint8_t*>(out.data), out.length});
  krb5_free_data_contents(k, &out);
  KeyBlock subkey(u2u.krb5_);
  code = krb5_auth_con_getsendsubkey(k, u2u.context_.get(), subkey.out());
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  u2u.subkey_ = copied(subkey ? *subkey.get() : u2u.service_->keyblock);
  return u2u;
}

Result<Agreement> UserToUserInitiator::finish(Bytes reply) {
  const krb5_context k = krb5_.get();
  const auto message = unframed(reply, kApRep);
  if (!message) return fail(Status::invalid_token, kCheck, "the server's answer is not an AP-REP");
  krb5_data in{};
  in.length = static_cast<unsigned>(message->size());
  in.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(message->data()));
  krb5_ap_rep_enc_part* part = nullptr;
  krb5_error_code code = krb5_rd_rep(k, context_.get(), &in, &part);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  SessionKeys keys;
  keys.initiator = true;
  keys.context_key = std::move(subkey_);
  if (part->subkey != nullptr) keys.acceptor_subkey = copied(*part->subkey);
  keys.receive_number = number_of(static_cast<krb5_int32>(part->seq_number));
  krb5_free_ap_rep_enc_part(k, part);
  krb5_int32 number = 0;
  code = krb5_auth_con_getlocalseqnumber(k, context_.get(), &number);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  keys.send_number = number_of(number);
  return agree(std::move(keys), flags_, unparse(krb5_, service_->client), unparse(krb5_, service_->server),
               service_->times.endtime);
}

Result<UserToUserAcceptor> UserToUserAcceptor::open(Tickets& tickets) {
  auto krb5 = Krb5::open();
  if (!krb5) return fail(krb5);
  UserToUserAcceptor u2u(std::move(*krb5));
  auto granting = tickets.fetch_granting(u2u.krb5_);
  if (!granting) return fail(granting);
  u2u.granting_ = std::move(*granting);
  return u2u;
}

ByteVector UserToUserAcceptor::reply() const {
  const krb5_data& ticket = granting_->ticket;
  return make_tgt_reply({reinterpret_cast<const std::uint8_t*>(ticket.data), ticket.length});
}

namespace {

// Whether the client sent bindings, and they are these.
Result<bool> compare_bindings(const Key16& theirs, const std::optional<Bindings>& ours, bool only_presence) {
  if (!ours || equal_in_constant_time(theirs.bytes(), Key16{}.bytes())) return false;
  if (only_presence) return true;
  if (equal_in_constant_time(theirs.bytes(), hash_bindings(ours).bytes())) return true;
  return fail(Status::bad_bindings, "channel bindings",
              "the client's are those of another channel: the log-on was relayed, or a proxy stands between");
}

}  // namespace

Result<UserToUserAcceptor::Accepted> UserToUserAcceptor::accept(Bytes request, const std::optional<Bindings>& bindings,
                                                                Policy policy) {
  const krb5_context k = krb5_.get();
  const auto message = unframed(request, kApReq);
  if (!message) return fail(Status::invalid_token, kCheck, "the client's token is not an AP-REQ");
  AuthContext owner(krb5_);
  krb5_error_code code = krb5_auth_con_init(k, owner.out());
  if (code == 0) code = krb5_auth_con_setflags(k, owner.get(), kContextFlags);
  if (code == 0) code = krb5_auth_con_setuseruserkey(k, owner.get(), &granting_->keyblock);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  krb5_data in{};
  in.length = static_cast<unsigned>(message->size());
  in.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(message->data()));
  krb5_flags options = 0;
  Krb5Owner<krb5_ticket*, krb5_free_ticket> ticket(krb5_);
  krb5_auth_context context = owner.get();
  code = krb5_rd_req(k, &context, &in, nullptr, nullptr, &options, ticket.out());
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  if ((options & AP_OPTS_USE_SESSION_KEY) == 0 || (options & AP_OPTS_MUTUAL_REQUIRED) == 0) {
    return fail(Status::invalid_token, kCheck, "the AP-REQ does not ask for user-to-user with mutual authentication");
  }
  Krb5Owner<krb5_authenticator*, krb5_free_authenticator> authenticator(krb5_);
  code = krb5_auth_con_getauthenticator(k, owner.get(), authenticator.out());
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  auto asked = read_checksum(authenticator->checksum);
  if (!asked) return fail(asked);
  asked->flags &= kFlags;
  auto bound = compare_bindings(asked->bindings, bindings, policy.only_presence_of_bindings);
  if (!bound) return fail(bound);

  SessionKeys keys;
  keys.context_key = copied(authenticator->subkey != nullptr ? *authenticator->subkey : *ticket->enc_part2->session);
  keys.receive_number = number_of(static_cast<krb5_int32>(authenticator->seq_number));
  code = krb5_auth_con_setflags(k, owner.get(), kContextFlags | KRB5_AUTH_CONTEXT_USE_SUBKEY);
  krb5_data out{};
  if (code == 0) code = krb5_mk_rep(k, owner.get(), &out);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  Accepted accepted;
  accepted.token = framed(kApRep, {reinterpret_cast<const std::uint8_t*>(out.data), out.length});
  accepted.bound = *bound;
  krb5_free_data_contents(k, &out);
  KeyBlock subkey(krb5_);
  krb5_int32 number = 0;
  code = krb5_auth_con_getsendsubkey(k, owner.get(), subkey.out());
  if (code == 0) code = krb5_auth_con_getlocalseqnumber(k, owner.get(), &number);
  if (code != 0) return std::unexpected(krb5_error(k, code, kCheck));
  if (subkey) keys.acceptor_subkey = copied(*subkey.get());
  keys.send_number = number_of(number);
  auto agreement = agree(std::move(keys), policy.datagram ? without_order(asked->flags) : asked->flags,
                         unparse(krb5_, ticket->enc_part2->client), unparse(krb5_, ticket->server),
                         ticket->enc_part2->times.endtime);
  if (!agreement) return fail(agreement);
  accepted.agreement = std::move(*agreement);
  return accepted;
}

}  // namespace opensspi::kerberos
