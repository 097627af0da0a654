#include "kerberos/rc4.hpp"

#include <algorithm>

#include "core/buffers.hpp"
#include "crypto/md5.hpp"
#include "crypto/random.hpp"
#include "kerberos/message_buffers.hpp"
#include "wire/reader.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "token of RFC 4757";

constexpr std::uint64_t k32Bits = 0xFFFFFFFF;
// RFC 4757 section 3: key usages of a MIC and of a Wrap token.
constexpr std::uint32_t kMicUsage = 15, kWrapUsage = 13;

// 1.2.840.113554.1.2.2 as DER has it.
constexpr std::array<std::uint8_t, 11> kOid = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};

using HeadBytes = std::array<std::uint8_t, 8>;
constexpr HeadBytes kMicHead = {0x01, 0x01, 0x11, 0x00, 0xFF, 0xFF, 0xFF, 0xFF};
constexpr HeadBytes kSealedHead = {0x02, 0x01, 0x11, 0x00, 0x10, 0x00, 0xFF, 0xFF};
constexpr HeadBytes kSignedHead = {0x02, 0x01, 0x11, 0x00, 0xFF, 0xFF, 0xFF, 0xFF};

constexpr std::size_t kFieldBytes = 8;
constexpr std::size_t kMicBytes = 2 + kOid.size() + 3 * kFieldBytes;
constexpr std::size_t kWrapBodyBytes = kOid.size() + 4 * kFieldBytes;
constexpr std::size_t kMostLengthBytes = 5;
constexpr std::uint8_t kPadding = 1;

std::unexpected<Error> bad_token(std::string why) { return fail(Status::invalid_token, kCheck, std::move(why)); }
std::unexpected<Error> altered(std::string why) {
  return fail(Status::message_altered, "message of Kerberos", std::move(why));
}

std::size_t length_bytes(std::size_t length) {
  if (length < 0x80) return 1;
  std::size_t bytes = 1;
  for (; length != 0; length >>= 8) ++bytes;
  return bytes;
}

// "60 length OID"; returns its size.
std::size_t put_frame(MutableBytes out, std::size_t length) {
  out[0] = 0x60;
  const std::size_t bytes = length_bytes(length);
  if (bytes == 1) {
    out[1] = static_cast<std::uint8_t>(length);
  } else {
    out[1] = static_cast<std::uint8_t>(0x80 + bytes - 1);
    for (std::size_t i = 1; i < bytes; ++i) out[1 + i] = static_cast<std::uint8_t>(length >> (8 * (bytes - 1 - i)));
  }
  copy_bytes(out.subspan(1 + bytes), kOid);
  return 1 + bytes + kOid.size();
}

// What is behind "60 length OID", and the length that it claims for all behind itself.
struct Framed {
  std::size_t claimed = 0;
  std::size_t body_at = 0;
};

Result<Framed> read_frame(Bytes token) {
  wire::Reader r{token};
  static constexpr std::uint8_t kTag[] = {0x60};
  r.expect(kTag, "the tag 60");
  Framed framed;
  const std::uint8_t first = r.u8();
  framed.claimed = first;
  if (first >= 0x80) {
    const std::size_t bytes = first & 0x7FU;
    if (bytes == 0 || bytes > kMostLengthBytes - 1) r.fail("its length has " + std::to_string(bytes) + " bytes");
    framed.claimed = 0;
    for (const std::uint8_t byte : r.take(r.ok() ? bytes : 0)) framed.claimed = (framed.claimed << 8) | byte;
    if (r.ok() && length_bytes(framed.claimed) != bytes + 1) r.fail("its length is not in the shortest form");
  }
  framed.claimed += 1 + (r.position() - 1);
  r.expect(kOid, "the object identifier of Kerberos");
  framed.body_at = r.position();
  if (!r.ok()) return bad_token(r.why());
  return framed;
}

void put_u32be(MutableBytes out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

Key16 flipped(Bytes key) {  // RFC 4757 section 7.3: Klocal
  Key16 out;
  for (std::size_t i = 0; i < key.size(); ++i) out.writable()[i] = static_cast<std::uint8_t>(key[i] ^ 0xF0);
  return out;
}

constexpr std::uint8_t kFourZeros[4] = {};

SecBuffer as_data(Bytes bytes) {
  return {static_cast<ULONG>(bytes.size()), SECBUFFER_DATA | SECBUFFER_READONLY,
          const_cast<std::uint8_t*>(bytes.data())};
}

}  // namespace

Rc4Protection::Rc4Protection(const SessionKeys& keys)
    : initiator_(keys.initiator),
      dce_style_(keys.dce_style),
      send_number_(static_cast<std::uint32_t>(keys.send_number)),
      sequence_(keys.receive_number & k32Bits, k32Bits, keys.detects_replay, keys.detects_order) {
  static constexpr std::uint8_t kSignatureKey[] = {'s', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', 'k', 'e', 'y', 0};
  const Bytes key = keys.sending_key().key.bytes();
  sign_mac_.set_key(crypto::hmac_md5(key, {kSignatureKey}).bytes());
  number_mac_.set_key(crypto::hmac_md5(key, {kFourZeros}).bytes());
  message_mac_.set_key(crypto::hmac_md5(flipped(key).bytes(), {kFourZeros}).bytes());
}

core::Sizes Rc4Protection::sizes() const {
  const std::size_t most = 1 + (dce_style_ ? 1 : kMostLengthBytes) + kWrapBodyBytes;
  return {kMaxTokenBytes, kMicBytes, 1, static_cast<std::uint32_t>(most)};
}

// RFC 4757 section 7.3 and 7.2. `all_data`: of a signature, where READONLY is signed too.
Rc4Protection::Checksum Rc4Protection::checksum_of(std::uint32_t usage, const Head& head, Bytes confounder,
                                                   std::span<const SecBuffer> buffers, Bytes padding, bool all_data) {
  const std::uint8_t usage_le[4] = {static_cast<std::uint8_t>(usage), 0, 0, 0};
  crypto::Md5 digest;
  digest.update(usage_le);
  digest.update(head);
  digest.update(confounder);
  for (const SecBuffer& buffer : buffers) {
    const bool counts = all_data ? core::buffer_type(buffer) == SECBUFFER_DATA : is_wrapped(buffer);
    if (counts) digest.update(core::buffer_bytes(buffer));
  }
  digest.update(padding);
  sign_mac_.update(digest.finish().bytes());
  Checksum checksum;
  sign_mac_.finish(checksum);
  return checksum;
}

crypto::Rc4 Rc4Protection::number_cipher(Bytes checksum) {
  Key16 key;
  number_mac_.update(checksum);
  number_mac_.finish(key.writable());
  return crypto::Rc4(key.bytes());
}

crypto::Rc4 Rc4Protection::message_cipher(std::uint32_t number) {
  std::uint8_t number_be[4];
  put_u32be(number_be, number);
  Key16 key;
  message_mac_.update(number_be);
  message_mac_.finish(key.writable());
  return crypto::Rc4(key.bytes());
}

void Rc4Protection::put_number(MutableBytes out, Bytes checksum) {
  put_u32be(out, send_number_);
  std::fill_n(out.data() + 4, 4, static_cast<std::uint8_t>(initiator_ ? 0 : 0xFF));
  number_cipher(checksum).apply(out);
}

Result<std::uint32_t> Rc4Protection::get_number(Bytes field, Bytes checksum) {
  std::array<std::uint8_t, kFieldBytes> plain;
  copy_bytes(plain, field);
  number_cipher(checksum).apply(plain);
  const std::uint8_t expected = initiator_ ? 0xFF : 0;
  const bool from_peer =
      std::ranges::all_of(Bytes(plain).subspan(4), [&](std::uint8_t byte) { return byte == expected; });
  if (!from_peer) return altered("its number does not decrypt to one of the peer's: it was changed, or is our own");
  return (static_cast<std::uint32_t>(plain[0]) << 24) | (static_cast<std::uint32_t>(plain[1]) << 16) |
         (static_cast<std::uint32_t>(plain[2]) << 8) | plain[3];
}

void Rc4Protection::make_mic(std::span<const SecBuffer> buffers, MutableBytes token) {
  const std::size_t at = put_frame(token, kMicBytes - 2);
  const Checksum checksum = checksum_of(kMicUsage, kMicHead, {}, buffers, {}, true);
  copy_bytes(token.subspan(at), kMicHead);
  copy_bytes(token.subspan(at + 2 * kFieldBytes), checksum);
  put_number(token.subspan(at + kFieldBytes, kFieldBytes), checksum);
  ++send_number_;
}

Result<void> Rc4Protection::check_mic(std::span<const SecBuffer> buffers, Bytes token) {
  auto framed = read_frame(token);
  if (!framed) return fail(framed);
  if (token.size() != kMicBytes || framed->claimed != token.size()) {
    return bad_token("it has " + std::to_string(token.size()) + " bytes, a MIC token has " + std::to_string(kMicBytes));
  }
  const Bytes body = token.subspan(framed->body_at);
  if (!std::ranges::equal(body.first(kFieldBytes), kMicHead)) {
    return bad_token("its algorithms are " + to_hex(body.first(kFieldBytes)) + ", those of a MIC are 01011100ffffffff");
  }
  const Bytes given = body.subspan(2 * kFieldBytes);
  const Checksum own = checksum_of(kMicUsage, kMicHead, {}, buffers, {}, true);
  if (!equal_in_constant_time(own, given)) return altered("the checksum of its signature is wrong");
  auto number = get_number(body.subspan(kFieldBytes, kFieldBytes), given);
  if (!number) return fail(number);
  return sequence_.take_unvouched(*number);
}

Result<void> Rc4Protection::sign(std::span<SecBuffer> buffers) {
  auto token = core::token_with_room(buffers, kMicBytes);
  if (!token) return fail(token);
  make_mic(buffers, token->first(kMicBytes));
  return {};
}

Result<void> Rc4Protection::verify(std::span<SecBuffer> buffers) {
  auto token = core::message_token(buffers);
  if (!token) return fail(token);
  return check_mic(buffers, core::buffer_bytes(**token));
}

ByteVector Rc4Protection::sign_bytes(Bytes message) {
  const SecBuffer data = as_data(message);
  ByteVector token(kMicBytes);
  make_mic({&data, 1}, token);
  return token;
}

Result<void> Rc4Protection::verify_bytes(Bytes message, Bytes token) {
  const SecBuffer data = as_data(message);
  return check_mic({&data, 1}, token);
}

Result<void> Rc4Protection::wrap(std::span<SecBuffer> buffers, bool encrypt) {
  MutableBytes padding;
  SecBuffer* const padding_buffer = core::find_buffer(buffers, SECBUFFER_PADDING);
  if (!dce_style_) {
    // RFC 4757 section 7.3: one byte of padding, which has its place behind the data.
    if (padding_buffer == nullptr) return bad_token("a PADDING buffer of one byte is needed beside TOKEN and DATA");
    if (core::buffer_bytes(*padding_buffer).empty()) {
      padding_buffer->cbBuffer = 1;
      return fail(Status::buffer_too_small, "PADDING buffer of the message", "it has no byte, 1 is needed");
    }
    padding = core::buffer_bytes(*padding_buffer).first(1);
  }
  std::size_t data_bytes = 0;
  for (const SecBuffer& buffer : buffers) data_bytes += is_wrapped(buffer) ? core::buffer_bytes(buffer).size() : 0;
  // MS-KILE 3.4.5.4.1: in DCE style the frame does not count the data.
  const std::size_t length = kWrapBodyBytes + (dce_style_ ? 0 : data_bytes + padding.size());
  const auto size = static_cast<std::uint32_t>(1 + length_bytes(length) + kWrapBodyBytes);
  auto room = core::token_with_room(buffers, size);
  if (!room) return fail(room);
  const MutableBytes token = room->first(size);
  const std::size_t at = put_frame(token, length);
  const Head& head = encrypt ? kSealedHead : kSignedHead;
  const MutableBytes confounder = token.last(kFieldBytes);
  crypto::random_bytes(confounder);
  std::ranges::fill(padding, kPadding);
  const Checksum checksum = checksum_of(kWrapUsage, head, confounder, buffers, padding, false);
  copy_bytes(token.subspan(at), head);
  copy_bytes(token.subspan(at + 2 * kFieldBytes), checksum);
  put_number(token.subspan(at + kFieldBytes, kFieldBytes), checksum);
  if (encrypt) {
    crypto::Rc4 cipher = message_cipher(send_number_);
    cipher.apply(confounder);
    for (const SecBuffer& buffer : buffers) {
      if (is_encrypted(buffer)) cipher.apply(core::buffer_bytes(buffer));
    }
    cipher.apply(padding);
  }
  if (padding_buffer != nullptr) padding_buffer->cbBuffer = static_cast<ULONG>(padding.size());
  ++send_number_;
  return {};
}

Result<bool> Rc4Protection::unwrap(std::span<SecBuffer> buffers) {
  SecBuffer* const stream = core::find_buffer(buffers, SECBUFFER_STREAM);
  auto unwrapped = stream != nullptr ? unwrap_stream(buffers, *stream) : unwrap_token(buffers);
  if (unwrapped) return unwrapped;
  if (stream != nullptr) {
    wipe(core::buffer_bytes(*stream).data(), core::buffer_bytes(*stream).size());
    (void)core::point_data_at(buffers, {});
  } else {
    core::zero_data(buffers);
  }
  return unwrapped;
}

Result<bool> Rc4Protection::unwrap_stream(std::span<SecBuffer> buffers, SecBuffer& stream) {
  const MutableBytes all = core::buffer_bytes(stream);
  auto framed = read_frame(all);
  if (!framed) return fail(framed);
  const std::size_t head = framed->body_at + 4 * kFieldBytes;
  // GSS_Wrap makes the usual form in DCE style too: a frame that counts the data, and a byte of padding.
  const std::size_t padding = dce_style_ && framed->claimed == head ? 0 : 1;
  if (all.size() < head + padding) return bad_token("it has " + std::to_string(all.size()) + " bytes and is cut off");
  const MutableBytes content = all.subspan(head, all.size() - head - padding);
  SecBuffer data{static_cast<ULONG>(content.size()), SECBUFFER_DATA, content.data()};
  auto opened = open({&data, 1}, all.first(head), all.last(padding), content.size());
  if (!opened) return fail(opened);
  auto pointed = core::point_data_at(buffers, content);
  if (!pointed) return fail(pointed);
  return opened;
}

Result<bool> Rc4Protection::unwrap_token(std::span<SecBuffer> buffers) {
  auto token = core::message_token(buffers);
  if (!token) return fail(token);
  SecBuffer* const padding_buffer = core::find_buffer(buffers, SECBUFFER_PADDING);
  MutableBytes padding = padding_buffer == nullptr ? MutableBytes{} : core::buffer_bytes(*padding_buffer);
  SecBuffer* shortened = nullptr;
  if (padding.empty() && !dce_style_) {
    // The byte of padding was left at the end of the data.
    for (SecBuffer& buffer : buffers) {
      if (is_encrypted(buffer) && buffer.cbBuffer != 0) shortened = &buffer;
    }
    if (shortened == nullptr) return bad_token("its byte of padding is missing");
    padding = core::buffer_bytes(*shortened).last(1);
    --shortened->cbBuffer;
  }
  std::size_t content = 0;
  for (const SecBuffer& buffer : buffers) content += is_wrapped(buffer) ? core::buffer_bytes(buffer).size() : 0;
  auto opened = open(buffers, core::buffer_bytes(**token), padding, content);
  if (!opened) {
    if (shortened != nullptr) ++shortened->cbBuffer;  // all of it is wiped
    return fail(opened);
  }
  if (padding_buffer != nullptr) padding_buffer->cbBuffer = 0;
  return opened;
}

// Opens the data where it lies; whether it was encrypted.
Result<bool> Rc4Protection::open(std::span<SecBuffer> buffers, MutableBytes token, MutableBytes padding,
                                 std::size_t content_bytes) {
  auto framed = read_frame(token);
  if (!framed) return fail(framed);
  const bool padded = padding.size() == 1;
  if (token.size() != framed->body_at + 4 * kFieldBytes || (!padded && (!padding.empty() || !dce_style_))) {
    return bad_token("TOKEN has " + std::to_string(token.size()) + " bytes, " +
                     std::to_string(framed->body_at + 4 * kFieldBytes) + " are due, and 1 of padding; it has " +
                     std::to_string(padding.size()));
  }
  const std::size_t whole = token.size() + (padded ? content_bytes + 1 : 0);
  if (framed->claimed != whole) {
    return bad_token("its frame claims " + std::to_string(framed->claimed) + " bytes, it has " + std::to_string(whole));
  }
  const MutableBytes body = token.subspan(framed->body_at);
  Head head;
  copy_bytes(head, body.first(kFieldBytes));
  const bool sealed = head == kSealedHead;
  if (!sealed && head != kSignedHead) {
    return bad_token("its algorithms are " + to_hex(head) + ", those of RC4 are 020111001000ffff and 02011100ffffffff");
  }
  const Bytes given = body.subspan(2 * kFieldBytes, kFieldBytes);
  const MutableBytes confounder = body.last(kFieldBytes);
  auto number = get_number(body.subspan(kFieldBytes, kFieldBytes), given);
  if (!number) return fail(number);
  if (sealed) {
    crypto::Rc4 cipher = message_cipher(*number);
    cipher.apply(confounder);
    for (const SecBuffer& buffer : buffers) {
      if (is_encrypted(buffer)) cipher.apply(core::buffer_bytes(buffer));
    }
    cipher.apply(padding);
  }
  const Checksum own = checksum_of(kWrapUsage, head, confounder, buffers, padding, false);
  if (!equal_in_constant_time(own, given))
    return altered("its checksum is wrong: it was changed, or is under another key");
  if (!padding.empty() && padding[0] != kPadding) return altered("its byte of padding is not 1");
  // The key of an encrypted message comes from its number: a changed one does not open.
  auto in_order = sealed ? sequence_.take(*number) : sequence_.take_unvouched(*number);
  if (!in_order) return fail(in_order);
  return sealed;
}

void Rc4Protection::save(wire::Writer& w) const {
  w.u64le(send_number_);
  sequence_.save(w);
}

void Rc4Protection::restore(wire::Reader& r) {
  send_number_ = static_cast<std::uint32_t>(r.u64le());
  sequence_.restore(r);
}

}  // namespace opensspi::kerberos
