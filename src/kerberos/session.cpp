#include "kerberos/session.hpp"

#include "base/text.hpp"
#include "kerberos/pac.hpp"
#include "kerberos/status.hpp"
#include "wire/counted_text.hpp"

namespace opensspi::kerberos {
namespace {

struct LucidOwner {
  void* memory = nullptr;
  LucidOwner() = default;
  LucidOwner(const LucidOwner&) = delete;
  LucidOwner& operator=(const LucidOwner&) = delete;
  ~LucidOwner() {
    OM_uint32 minor = 0;
    if (memory != nullptr) gss_krb5_free_lucid_sec_context(&minor, memory);
  }
};

ProtocolKey copied(const gss_krb5_lucid_key_t& key) {
  return {static_cast<Enctype>(key.type), Secret(Bytes(static_cast<const std::uint8_t*>(key.data), key.length))};
}

// One attribute of a name, where MIT vouches for it.
std::optional<ByteVector> vouched_attribute(gss_name_t name, const char* attribute) {
  gss_buffer_desc wanted = gss_view(bytes_of(attribute));
  GssBuffer value, display;
  int authenticated = 0, complete = 0, more = -1;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_get_name_attribute(&minor, name, &wanted, &authenticated, &complete, value.out(), display.out(), &more);
  if (GSS_ERROR(major) || authenticated == 0) return std::nullopt;
  return ByteVector(value.bytes().begin(), value.bytes().end());
}

void take_pac(gss_name_t peer, Details& details) {
  const auto logon = vouched_attribute(peer, "urn:mspac:logon-info");
  if (!logon) return;
  details.has_pac = true;
  auto info = parse_logon_info(*logon);
  if (!info) return;  // the ticket is good; without these names the principal's stands
  details.account = std::move(info->account);
  details.domain = std::move(info->domain);
  details.sids = std::move(info->sids);
}

}  // namespace

Result<std::u16string> text_of_principal(const std::string& principal) {
  auto text = to_utf16(principal);
  if (text && !text->empty()) return text;
  return fail(Status::unsupported_function, "name of a principal",
              "it is not UTF-8, and has no other form here: " + to_hex(bytes_of(principal)) + " (hexadecimal)");
}

OM_uint32 without_order(OM_uint32 flags) {
  if ((flags & GSS_C_SEQUENCE_FLAG) == 0) return flags;
  return (flags & ~static_cast<OM_uint32>(GSS_C_SEQUENCE_FLAG)) | GSS_C_REPLAY_FLAG;
}

Result<void> Session::take_names(Details& details) const {
  GssName source, target;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_context(&minor, context_.get(), source.out(), target.out(), nullptr, nullptr,
                                              nullptr, nullptr, nullptr);
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "names of the context"));
  auto client = text_of_principal(text_of(source.get()));
  if (!client) return fail(client);
  auto server = text_of_principal(text_of(target.get()));
  if (!server) return fail(server);
  details.client = std::move(*client);
  details.server = std::move(*server);
  return {};
}

Result<void> Session::take_session_key(Details& details) const {
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, context_.get(), GSS_C_INQ_SSPI_SESSION_KEY, &set);
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "session key of the context"));
  const auto wipe_and_release = [&minor](gss_buffer_set_t given) {
    if (given->count != 0) wipe(given->elements[0].value, given->elements[0].length);
    gss_release_buffer_set(&minor, &given);
  };
  const std::unique_ptr<gss_buffer_set_desc, decltype(wipe_and_release)> owner(set, wipe_and_release);
  if (set != GSS_C_NO_BUFFER_SET && set->count != 0) {
    const gss_buffer_desc& key = set->elements[0];
    details.session_key = Secret(Bytes(static_cast<const std::uint8_t*>(key.value), key.length));
  }
  return {};
}

Result<SessionKeys> Session::take_keys() {
  LucidOwner owner;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_krb5_export_lucid_sec_context(&minor, context_.out(), 1, &owner.memory);
  if (GSS_ERROR(major)) return std::unexpected(gss_error(major, minor, "keys of the context"));
  const auto& lucid = *static_cast<const gss_krb5_lucid_context_v1_t*>(owner.memory);
  SessionKeys keys;
  keys.initiator = initiator_;
  keys.dce_style = (flags_ & GSS_C_DCE_STYLE) != 0;
  keys.detects_replay = (flags_ & GSS_C_REPLAY_FLAG) != 0;
  keys.detects_order = (flags_ & GSS_C_SEQUENCE_FLAG) != 0;
  keys.send_number = lucid.send_seq;
  keys.receive_number = lucid.recv_seq;
  if (lucid.protocol == 0) {
    keys.context_key = copied(lucid.rfc1964_kd.ctx_key);
  } else {
    keys.context_key = copied(lucid.cfx_kd.ctx_key);
    if (lucid.cfx_kd.have_acceptor_subkey != 0) keys.acceptor_subkey = copied(lucid.cfx_kd.acceptor_subkey);
  }
  return keys;
}

Result<void> Session::take_over() {
  Details details;
  auto names = take_names(details);
  if (!names) return names;
  auto key = take_session_key(details);
  if (!key) return key;
  if (peer_) take_pac(peer_.get(), details);
  auto keys = take_keys();
  if (!keys) return fail(keys);
  details.enctype = keys->sending_key().enctype;
  keys_ = std::move(*keys);
  details_ = std::move(details);
  peer_.reset();
  return {};
}

Result<const Details*> Session::details() {
  if (!details_) {
    auto taken = take_over();
    if (!taken) return fail(taken);
  }
  return &*details_;
}

Result<Protection*> Session::protection() {
  if (protection_) return protection_.get();
  auto known = details();
  if (!known) return fail(known);
  auto made = make_protection(keys_);
  if (!made) return fail(made);
  protection_ = std::move(*made);
  return protection_.get();
}

namespace {

void put_key(wire::Writer& w, Enctype enctype, Bytes key) {
  w.u32le(static_cast<std::uint32_t>(enctype));
  w.u32le(static_cast<std::uint32_t>(key.size()));
  w.raw(key);
}

ProtocolKey get_key(wire::Reader& r) {
  const auto enctype = static_cast<Enctype>(r.u32le());
  const std::size_t size = r.u32le();
  const Bytes key = r.take(r.ok() ? size : 0);
  const AesProfile* const profile = aes_profile(enctype);
  const std::size_t due = profile != nullptr ? profile->key_bytes : (enctype == Enctype::rc4 ? 16 : 0);
  if (r.ok() && key.size() != due) r.fail("a key has " + std::to_string(key.size()) + " bytes");
  return {enctype, Secret(r.ok() ? key : Bytes{})};
}

constexpr std::size_t kMostSids = 4096;

}  // namespace

Result<std::size_t> Session::most_saved_bytes() {
  auto known = details();
  if (!known) return fail(known);
  const Details& d = **known;
  std::size_t bytes = 256;  // keys, numbers and lengths, and more
  for (const auto* text : {&d.client, &d.server, &d.account, &d.domain}) bytes += 4 + 2 * text->size();
  for (const auto& sid : d.sids) bytes += 4 + 2 * sid.size();
  return bytes;
}

Result<void> Session::save(wire::Writer& w, bool reset) {
  auto known = details();
  if (!known) return fail(known);
  const Details& d = **known;
  for (const auto* text : {&d.client, &d.server, &d.account, &d.domain}) wire::put_text(w, *text);
  w.u32le(static_cast<std::uint32_t>(d.sids.size()));
  for (const auto& sid : d.sids) wire::put_text(w, sid);
  w.u8(d.has_pac ? 1 : 0);
  put_key(w, d.enctype, d.session_key.bytes());
  put_key(w, keys_.context_key.enctype, keys_.context_key.key.bytes());
  put_key(w, keys_.acceptor_subkey.enctype, keys_.acceptor_subkey.key.bytes());
  w.u64le(keys_.send_number);
  w.u64le(keys_.receive_number);
  // With `reset` the copy counts from the numbers of the handshake, which is where both ends began.
  const bool with_state = protection_ != nullptr && !reset;
  w.u8(with_state ? 1 : 0);
  if (with_state) protection_->save(w);
  return {};
}

Result<std::unique_ptr<Session>> Session::restore(wire::Reader& r, bool initiator, OM_uint32 flags) {
  auto session = std::make_unique<Session>(GssContext{}, GssName{}, initiator, flags);
  Details& d = session->details_.emplace();
  for (auto* text : {&d.client, &d.server, &d.account, &d.domain}) *text = wire::get_text(r);
  const std::size_t sids = r.u32le();
  if (sids > kMostSids) r.fail("it has " + std::to_string(sids) + " SIDs");
  for (std::size_t i = 0; r.ok() && i < sids; ++i) d.sids.push_back(wire::get_text(r));
  d.has_pac = r.u8() == 1;
  ProtocolKey session_key = get_key(r);
  d.enctype = session_key.enctype;
  d.session_key = std::move(session_key.key);
  SessionKeys& keys = session->keys_;
  keys.initiator = initiator;
  keys.dce_style = (flags & GSS_C_DCE_STYLE) != 0;
  keys.detects_replay = (flags & GSS_C_REPLAY_FLAG) != 0;
  keys.detects_order = (flags & GSS_C_SEQUENCE_FLAG) != 0;
  keys.context_key = get_key(r);
  keys.acceptor_subkey = get_key(r);
  keys.send_number = r.u64le();
  keys.receive_number = r.u64le();
  const std::uint8_t with_state = r.u8();
  if (r.ok() && with_state > 1) r.fail("a truth value is " + std::to_string(with_state));
  if (!r.ok()) return fail(Status::invalid_token, "packed context", r.why());
  if (with_state == 1) {
    auto protection = session->protection();
    if (!protection) return fail(protection);
    (*protection)->restore(r);
  }
  if (r.ok() && r.remaining() != 0) r.fail(std::to_string(r.remaining()) + " bytes follow its end");
  if (!r.ok()) return fail(Status::invalid_token, "packed context", r.why());
  return session;
}

}  // namespace opensspi::kerberos
