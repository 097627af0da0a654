#include "ntlm/protection.hpp"

#include <algorithm>

#include "core/buffers.hpp"
#include "ntlm/flags.hpp"

namespace opensspi::ntlm {
namespace {

constexpr std::uint32_t kVersionOfSignature = 1;

// Data passes twice, through the cipher and the hash: pieces of this size stay in the nearest cache between the two.
constexpr std::size_t kPieceBytes = 8192;

void put_u32(MutableBytes out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get_u32(Bytes in) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | in[i];
  return value;
}

enum class Way { hash_then_cipher, cipher_then_hash };

// Calls hash(piece) on the plain text of every DATA buffer in turn, and the cipher on those that may be written to.
template <typename Hash>
void pass_over(std::span<SecBuffer> buffers, crypto::Rc4* cipher, Way way, Hash&& hash) {
  for (SecBuffer& buffer : buffers) {
    if (core::buffer_type(buffer) != SECBUFFER_DATA) continue;
    MutableBytes data = core::buffer_bytes(buffer);
    crypto::Rc4* const used = core::is_read_only(buffer) ? nullptr : cipher;
    while (!data.empty()) {
      const MutableBytes piece = data.first(std::min(data.size(), kPieceBytes));
      if (way == Way::cipher_then_hash && used != nullptr) used->apply(piece);
      hash(Bytes(piece));
      if (way == Way::hash_then_cipher && used != nullptr) used->apply(piece);
      data = data.subspan(piece.size());
    }
  }
}

// A PADDING buffer is not NTLM's: it is left empty.
void empty_padding(std::span<SecBuffer> buffers) {
  if (SecBuffer* padding = core::find_buffer(buffers, SECBUFFER_PADDING)) padding->cbBuffer = 0;
}

std::unexpected<Error> altered(const char* why) { return fail(Status::message_altered, "message signature", why); }

}  // namespace

Protection::Protection(const Key16& exported_session_key, std::uint32_t flags, core::Role role)
    : flags_(flags), has_two_streams_((flags & kExtendedSessionSecurity) != 0) {
  const bool client = role == core::Role::initiator;
  start(streams_[0], exported_session_key, client ? Direction::client_to_server : Direction::server_to_client);
  if (has_two_streams_) {
    start(streams_[1], exported_session_key, client ? Direction::server_to_client : Direction::client_to_server);
  }
}

void Protection::start(Stream& stream, const Key16& exported_session_key, Direction direction) {
  const Secret key = seal_key(exported_session_key, flags_, direction);
  stream.cipher.set_key(key.bytes());
  if (!has(kExtendedSessionSecurity)) return;
  stream.mac.set_key(sign_key(exported_session_key, direction).bytes());
  if (has(kDatagram)) copy_bytes(stream.datagram_key.writable(), key.bytes());
}

std::uint32_t Protection::due_number(const Stream& stream, std::uint32_t given) const {
  return has(kDatagram) ? given : stream.next_number;
}

// 3.4.4.2: a datagram's key is its own, so that messages may be lost and reordered.
crypto::Rc4 Protection::cipher_for(const Stream& stream, std::uint32_t number) const {
  if (!has(kDatagram) || !has(kExtendedSessionSecurity)) return stream.cipher;
  std::uint8_t number_le[4];
  put_u32(number_le, number);
  return crypto::Rc4(crypto::md5({stream.datagram_key.bytes(), number_le}).bytes());
}

void Protection::commit(Stream& stream, const crypto::Rc4& cipher, std::uint32_t number) {
  if (has(kDatagram)) return;
  stream.cipher = cipher;
  stream.next_number = number + 1;
}

void Protection::protect(Stream& stream, crypto::Rc4& cipher, std::uint32_t number, std::span<SecBuffer> buffers,
                         Kind kind, Signature out) {
  crypto::Rc4* const sealing = kind == Kind::seal ? &cipher : nullptr;
  put_u32(out, kVersionOfSignature);
  if (has(kExtendedSessionSecurity)) {  // 3.4.4.2
    const auto number_field = out.subspan<12, 4>();
    put_u32(number_field, number);
    stream.mac.update(number_field);
    pass_over(buffers, sealing, Way::hash_then_cipher, [&](Bytes piece) { stream.mac.update(piece); });
    const auto checksum = out.subspan<4, 8>();
    stream.mac.finish(checksum);
    if (has(kKeyExchange)) cipher.apply(checksum);
    return;
  }
  // 3.4.4.1: RandomPad goes through the cipher and is sent as zero.
  std::uint32_t crc = 0;
  pass_over(buffers, sealing, Way::hash_then_cipher, [&](Bytes piece) { crc = crypto::crc32_update(crc, piece); });
  put_u32(out.subspan<4, 4>(), 0);
  put_u32(out.subspan<8, 4>(), crc);
  put_u32(out.subspan<12, 4>(), 0);
  cipher.apply(out.subspan<4, 12>());
  put_u32(out.subspan<4, 4>(), 0);
  put_u32(out.subspan<12, 4>(), get_u32(out.subspan<12, 4>()) ^ number);
}

Result<void> Protection::check(Stream& stream, crypto::Rc4& cipher, std::uint32_t number, std::span<SecBuffer> buffers,
                               Kind kind, std::span<const std::uint8_t, kSignatureBytes> signature) {
  if (get_u32(signature) != kVersionOfSignature) return altered("its version is not 1");
  if (has(kExtendedSessionSecurity) && get_u32(signature.subspan<12, 4>()) != number) {
    return fail(Status::out_of_sequence, "message number",
                "it is " + std::to_string(get_u32(signature.subspan<12, 4>())) + ", " + std::to_string(number) +
                    " is due: the message was replayed, reordered, or one was lost");
  }
  crypto::Rc4* const sealing = kind == Kind::seal ? &cipher : nullptr;
  std::uint8_t expected[kSignatureBytes];
  if (has(kExtendedSessionSecurity)) {
    stream.mac.update(signature.subspan<12, 4>());
    pass_over(buffers, sealing, Way::cipher_then_hash, [&](Bytes piece) { stream.mac.update(piece); });
    const MutableBytes checksum(expected, 8);
    stream.mac.finish(checksum);
    if (has(kKeyExchange)) cipher.apply(checksum);
    if (!equal_in_constant_time(checksum, signature.subspan<4, 8>())) return altered("the checksum is wrong");
    return {};
  }
  std::uint32_t crc = 0;
  pass_over(buffers, sealing, Way::cipher_then_hash, [&](Bytes piece) { crc = crypto::crc32_update(crc, piece); });
  const MutableBytes own(expected, 12);
  put_u32(own.first(4), 0);
  put_u32(own.subspan(4, 4), crc);
  put_u32(own.subspan(8, 4), 0);
  cipher.apply(own);
  const bool crc_right = equal_in_constant_time(own.subspan(4, 4), signature.subspan<8, 4>());
  const std::uint32_t found = get_u32(own.subspan(8, 4)) ^ get_u32(signature.subspan<12, 4>());
  if (!crc_right) return altered("the checksum is wrong");
  if (found != number) {
    return fail(Status::out_of_sequence, "message number",
                "it is " + std::to_string(found) + ", " + std::to_string(number) + " is due");
  }
  return {};
}

Result<void> Protection::send(std::span<SecBuffer> buffers, std::uint32_t number, Kind kind) {
  auto token = core::token_with_room(buffers, kSignatureBytes);
  if (!token) return fail(token);
  Stream& stream = outgoing();
  const std::uint32_t due = due_number(stream, number);
  crypto::Rc4 cipher = cipher_for(stream, due);
  protect(stream, cipher, due, buffers, kind, token->first<kSignatureBytes>());
  empty_padding(buffers);
  commit(stream, cipher, due);
  return {};
}

Result<void> Protection::receive(std::span<SecBuffer> buffers, std::uint32_t number, Kind kind) {
  auto token = core::message_token(buffers);
  if (!token) return fail(token);
  const Bytes signature = core::buffer_bytes(**token);
  Stream& stream = incoming();
  const std::uint32_t due = due_number(stream, number);
  crypto::Rc4 cipher = cipher_for(stream, due);
  Result<void> checked = signature.size() == kSignatureBytes
                             ? check(stream, cipher, due, buffers, kind, signature.first<kSignatureBytes>())
                             : Result<void>(altered("it does not have 16 bytes"));
  if (!checked) {
    if (kind == Kind::seal) core::zero_data(buffers);
    return checked;
  }
  empty_padding(buffers);
  commit(stream, cipher, due);
  return {};
}

namespace {

// 3.4.4: where nothing was negotiated, a signature is these bytes and says nothing.
constexpr std::uint8_t kDummySignature[kSignatureBytes] = {1};

std::unexpected<Error> not_negotiated(const char* what) {
  return fail(Status::unsupported_function, what,
              "confidentiality was not negotiated; ask for it with ISC_REQ_CONFIDENTIALITY");
}

}  // namespace

Result<void> Protection::sign(std::span<SecBuffer> buffers, std::uint32_t number) {
  if (has(kSign | kSeal)) return send(buffers, number, Kind::sign_only);
  auto token = core::token_with_room(buffers, kSignatureBytes);
  if (!token) return fail(token);
  copy_bytes(*token, kDummySignature);
  return {};
}

Result<void> Protection::verify(std::span<SecBuffer> buffers, std::uint32_t number) {
  if (has(kSign | kSeal)) return receive(buffers, number, Kind::sign_only);
  auto token = core::message_token(buffers);
  if (!token) return fail(token);
  // A constant of the protocol: not secret.
  if (!std::ranges::equal(core::buffer_bytes(**token), kDummySignature)) {
    return altered("signing was not negotiated, and it is not the signature that stands for none");
  }
  return {};
}

Result<void> Protection::seal(std::span<SecBuffer> buffers, std::uint32_t number) {
  if (!has(kSeal)) return not_negotiated("EncryptMessage");
  return send(buffers, number, Kind::seal);
}

Result<void> Protection::unseal(std::span<SecBuffer> buffers, std::uint32_t number) {
  if (!has(kSeal)) return not_negotiated("DecryptMessage");
  return receive(buffers, number, Kind::seal);
}

namespace {

// The bytes as the one buffer of a message; signing only reads them.
SecBuffer as_buffer(Bytes bytes) {
  return {static_cast<ULONG>(bytes.size()), SECBUFFER_DATA | SECBUFFER_READONLY,
          const_cast<std::uint8_t*>(bytes.data())};
}

}  // namespace

void Protection::sign_mech_list(Bytes mech_types, Signature out) {
  SecBuffer message = as_buffer(mech_types);
  Stream& stream = outgoing();
  crypto::Rc4 cipher = stream.cipher;
  protect(stream, cipher, stream.next_number, {&message, 1}, Kind::sign_only, out);
  ++stream.next_number;
}

Result<void> Protection::verify_mech_list(Bytes mech_types, Bytes signature) {
  if (signature.size() != kSignatureBytes) return altered("it does not have 16 bytes");
  SecBuffer message = as_buffer(mech_types);
  Stream& stream = incoming();
  crypto::Rc4 cipher = stream.cipher;
  auto checked =
      check(stream, cipher, stream.next_number, {&message, 1}, Kind::sign_only, signature.first<kSignatureBytes>());
  if (checked) ++stream.next_number;
  return checked;
}

void Protection::save(wire::Writer& w) const {
  for (const Stream& stream : streams_) {
    SecretArray<crypto::Rc4::kStateBytes> state;
    stream.cipher.save(state.writable());
    w.u32le(stream.next_number);
    w.raw(state.bytes());
  }
}

void Protection::restore(wire::Reader& r) {
  for (Stream& stream : streams_) {
    stream.next_number = r.u32le();
    const Bytes state = r.take(crypto::Rc4::kStateBytes);
    if (r.ok()) stream.cipher.restore(state);
  }
}

}  // namespace opensspi::ntlm
