#include "kerberos/cfx.hpp"

#include "base/text.hpp"
#include "core/buffers.hpp"

namespace opensspi::kerberos {
namespace {

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};

// RFC 4121 section 2.
constexpr std::uint32_t kAcceptorSeal = 22, kAcceptorSign = 23, kInitiatorSeal = 24, kInitiatorSign = 25;

std::uint16_t get_u16be(Bytes in) { return static_cast<std::uint16_t>((in[0] << 8) | in[1]); }

std::unexpected<Error> bad_token(std::string why) {
  return fail(Status::invalid_token, "token of RFC 4121", std::move(why));
}

// The whole of the DATA of a signature, READONLY or not.
void mac_signed(crypto::HmacSha& mac, std::span<const SecBuffer> buffers) {
  for (const SecBuffer& buffer : buffers) {
    if (core::buffer_type(buffer) == SECBUFFER_DATA) mac.update(core::buffer_bytes(buffer));
  }
}

SecBuffer as_data(Bytes bytes) {
  return {static_cast<ULONG>(bytes.size()), SECBUFFER_DATA | SECBUFFER_READONLY,
          const_cast<std::uint8_t*>(bytes.data())};
}

}  // namespace

std::unexpected<Error> message_altered(std::string why) {
  return fail(Status::message_altered, "message of Kerberos", std::move(why));
}

void mac_buffers(crypto::HmacSha& mac, std::span<const SecBuffer> buffers) {
  for (const SecBuffer& buffer : buffers) {
    if (is_wrapped(buffer)) mac.update(core::buffer_bytes(buffer));
  }
}

std::array<std::uint8_t, kCfxHeaderBytes> CfxHeader::serialize() const {
  std::array<std::uint8_t, kCfxHeaderBytes> out;
  out.fill(0xFF);
  out[0] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(kind) >> 8);
  out[1] = static_cast<std::uint8_t>(kind);
  out[2] = flags;
  if (kind == Kind::wrap) {
    out[4] = static_cast<std::uint8_t>(extra_count >> 8);
    out[5] = static_cast<std::uint8_t>(extra_count);
    out[6] = static_cast<std::uint8_t>(rotation_count >> 8);
    out[7] = static_cast<std::uint8_t>(rotation_count);
  }
  for (std::size_t i = 0; i < 8; ++i) out[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return out;
}

Result<CfxHeader> CfxHeader::parse(Bytes token, Kind kind) {
  if (token.size() < kCfxHeaderBytes) {
    return bad_token("it has " + std::to_string(token.size()) + " bytes, its header alone 16");
  }
  if (get_u16be(token) != static_cast<std::uint16_t>(kind)) {
    return bad_token("it begins with " + to_hex(token.first(2)) +
                     (kind == Kind::mic ? ", a MIC token with 0404" : ", a Wrap token with 0504"));
  }
  const std::size_t fillers = kind == Kind::mic ? 5 : 1;
  for (std::size_t i = 0; i < fillers; ++i) {
    if (token[3 + i] != 0xFF) return bad_token("byte " + std::to_string(3 + i) + " of its header is not FF");
  }
  CfxHeader header;
  header.kind = kind;
  header.flags = token[2];
  if (kind == Kind::wrap) {
    header.extra_count = get_u16be(token.subspan(4));
    header.rotation_count = get_u16be(token.subspan(6));
  }
  for (std::size_t i = 0; i < 8; ++i) header.number = (header.number << 8) | token[8 + i];
  return header;
}

CfxKeys::Seal& CfxKeys::seal() {
  if (!seal_) {
    const std::uint32_t usage = of_initiator_ ? kInitiatorSeal : kAcceptorSeal;
    const Secret encryption = derive_key(enctype_, key_.bytes(), usage, Derived::encryption);
    const Secret integrity = derive_key(enctype_, key_.bytes(), usage, Derived::integrity);
    seal_ = std::make_unique<Seal>(encryption.bytes(), integrity.bytes(), profile().hash, way_);
  }
  return *seal_;
}

crypto::HmacSha& CfxKeys::wrap_mac() {
  if (!wrap_mac_) {
    const Secret key =
        derive_key(enctype_, key_.bytes(), of_initiator_ ? kInitiatorSeal : kAcceptorSeal, Derived::checksum);
    wrap_mac_ = std::make_unique<crypto::HmacSha>(profile().hash, key.bytes());
  }
  return *wrap_mac_;
}

crypto::HmacSha& CfxKeys::mic_mac() {
  if (!mic_mac_) {
    const Secret key =
        derive_key(enctype_, key_.bytes(), of_initiator_ ? kInitiatorSign : kAcceptorSign, Derived::checksum);
    mic_mac_ = std::make_unique<crypto::HmacSha>(profile().hash, key.bytes());
  }
  return *mic_mac_;
}

Cfx::Cfx(const SessionKeys& keys)
    : initiator_(keys.initiator),
      dce_style_(keys.dce_style),
      has_acceptor_subkey_(keys.acceptor_subkey.enctype != Enctype::none),
      sending_(keys.sending_key(), keys.initiator, crypto::AesCts::Way::encrypt),
      send_number_(keys.send_number),
      sequence_(keys.receive_number, kAllBits, keys.detects_replay, keys.detects_order) {
  const auto receiver = [&](const ProtocolKey& key) {
    return aes_profile(key.enctype) == nullptr
               ? nullptr
               : std::make_unique<CfxKeys>(key, !keys.initiator, crypto::AesCts::Way::decrypt);
  };
  receiving_[0] = receiver(keys.context_key);
  receiving_[1] = receiver(keys.acceptor_subkey);
}

std::uint8_t Cfx::sending_flags() const {
  return static_cast<std::uint8_t>((initiator_ ? 0 : kSentByAcceptor) | (has_acceptor_subkey_ ? kAcceptorSubkey : 0));
}

// An initiator may have sent messages before it had the acceptor's subkey: the token says which key it was.
Result<CfxKeys*> Cfx::receiving_keys(const CfxHeader& header) {
  const bool by_acceptor = (header.flags & kSentByAcceptor) != 0;
  if (by_acceptor != initiator_) {
    return message_altered(initiator_ ? "an initiator sent it: our own message was sent back"
                                      : "an acceptor sent it: our own message was sent back");
  }
  CfxKeys* const keys = receiving_[(header.flags & kAcceptorSubkey) != 0 ? 1 : 0].get();
  if (keys == nullptr) return message_altered("it is under a key that this context does not have");
  return keys;
}

core::Sizes Cfx::sizes() const {
  const std::size_t trailer = kCfxHeaderBytes + filler_bytes() + kCfxHeaderBytes + mac_bytes() + crypto::kAesBlockBytes;
  return {kMaxTokenBytes, static_cast<std::uint32_t>(kCfxHeaderBytes + mac_bytes()), 1,
          static_cast<std::uint32_t>(trailer)};
}

// RFC 4121 section 4.2.6.1: the header follows what is signed.
void Cfx::make_mic(std::span<SecBuffer> buffers, MutableBytes token) {
  const auto header =
      CfxHeader{.kind = CfxHeader::Kind::mic, .flags = sending_flags(), .number = send_number_}.serialize();
  crypto::HmacSha& mac = sending_.mic_mac();
  mac_signed(mac, buffers);
  mac.update(header);
  copy_bytes(token, header);
  mac.finish(token.subspan(kCfxHeaderBytes));
  ++send_number_;
}

Result<void> Cfx::check_mic(std::span<SecBuffer> buffers, Bytes token) {
  auto header = CfxHeader::parse(token, CfxHeader::Kind::mic);
  if (!header) return fail(header);
  auto keys = receiving_keys(*header);
  if (!keys) return fail(keys);
  const Bytes given = token.subspan(kCfxHeaderBytes);
  if (given.size() != (*keys)->profile().mac_bytes) {
    return bad_token("its checksum has " + std::to_string(given.size()) + " bytes, " +
                     std::to_string((*keys)->profile().mac_bytes) + " are due");
  }
  crypto::HmacSha& mac = (*keys)->mic_mac();
  mac_signed(mac, buffers);
  mac.update(token.first(kCfxHeaderBytes));
  std::array<std::uint8_t, 32> own;
  const MutableBytes expected = MutableBytes(own).first(given.size());
  mac.finish(expected);
  if (!equal_in_constant_time(expected, given)) return message_altered("the checksum of its signature is wrong");
  return sequence_.take(header->number);
}

Result<void> Cfx::sign(std::span<SecBuffer> buffers) {
  auto token = core::token_with_room(buffers, sizes().max_signature);
  if (!token) return fail(token);
  make_mic(buffers, token->first(sizes().max_signature));
  return {};
}

Result<void> Cfx::verify(std::span<SecBuffer> buffers) {
  auto token = core::message_token(buffers);
  if (!token) return fail(token);
  return check_mic(buffers, core::buffer_bytes(**token));
}

ByteVector Cfx::sign_bytes(Bytes message) {
  SecBuffer data = as_data(message);
  ByteVector token(sizes().max_signature);
  make_mic({&data, 1}, token);
  return token;
}

Result<void> Cfx::verify_bytes(Bytes message, Bytes token) {
  SecBuffer data = as_data(message);
  return check_mic({&data, 1}, token);
}

Pieces Cfx::enciphered(const Sealed& parts) {
  Pieces pieces;
  pieces.add(parts.confounder);
  for (const SecBuffer& buffer : parts.buffers) {
    if (is_encrypted(buffer)) pieces.add(core::buffer_bytes(buffer));
  }
  pieces.add(parts.trailer);
  return pieces;
}

void Cfx::mac_sealed(crypto::HmacSha& mac, const Sealed& parts) {
  mac.update(parts.confounder);
  mac_buffers(mac, parts.buffers);
  mac.update(parts.trailer);
}

void Cfx::cipher_and_mac(CfxKeys::Seal& seal, const Sealed& parts, crypto::AesCts::Covers covers) {
  const Pieces pieces = enciphered(parts);
  if (!has_signed_only(parts.buffers)) {
    seal.cipher.apply(pieces.all(), seal.mac, covers);
    return;
  }
  if (covers == crypto::AesCts::Covers::before) mac_sealed(seal.mac, parts);
  seal.cipher.apply(pieces.all());
  if (covers == crypto::AesCts::Covers::after) mac_sealed(seal.mac, parts);
}

void Cfx::save(wire::Writer& w) const {
  w.u64le(send_number_);
  sequence_.save(w);
}

void Cfx::restore(wire::Reader& r) {
  send_number_ = r.u64le();
  sequence_.restore(r);
}

}  // namespace opensspi::kerberos
