// Wrap tokens read, RFC 4121 section 4.2: with any rotation, as one STREAM or as TOKEN, DATA and PADDING.
#include <algorithm>

#include "core/buffers.hpp"
#include "kerberos/cfx.hpp"

namespace opensspi::kerberos {
namespace {

constexpr const char* kCheck = "Wrap token of RFC 4121";

// What lies in TOKEN before the data in the layout that we and Windows make, beside header, filler and MAC.
constexpr std::size_t kFixedBytes = 2 * kCfxHeaderBytes + crypto::kAesBlockBytes;

std::size_t total_bytes(std::span<const SecBuffer> buffers) {
  std::size_t total = 0;
  for (const SecBuffer& buffer : buffers) {
    const bool counts = is_encrypted(buffer) || core::buffer_type(buffer) == SECBUFFER_PADDING;
    total += counts ? core::buffer_bytes(buffer).size() : 0;
  }
  return total;
}

SecBuffer as_data(MutableBytes run) { return {static_cast<ULONG>(run.size()), SECBUFFER_DATA, run.data()}; }

}  // namespace

// How far the body was rotated to the right. MS-KILE 3.4.5.4.1: in DCE style by EC more than RRC says.
std::size_t Cfx::rotation(const CfxHeader& header) const {
  const bool adds_filler = dce_style_ && (header.flags & kSealed) != 0;
  return std::size_t{header.rotation_count} + (adds_filler ? header.extra_count : 0U);
}

Result<bool> Cfx::unwrap(std::span<SecBuffer> buffers) {
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

Result<bool> Cfx::unwrap_stream(std::span<SecBuffer> buffers, SecBuffer& stream) {
  const MutableBytes token = core::buffer_bytes(stream);
  auto header = CfxHeader::parse(token, CfxHeader::Kind::wrap);
  if (!header) return fail(header);
  auto keys = receiving_keys(*header);
  if (!keys) return fail(keys);
  auto content = unwrap_run(*header, **keys, token.subspan(kCfxHeaderBytes));
  if (!content) return fail(content);
  auto pointed = core::point_data_at(buffers, *content);
  if (!pointed) return fail(pointed);
  return (header->flags & kSealed) != 0;
}

// The body of a token as one run of bytes; what is left of it is the content.
Result<MutableBytes> Cfx::unwrap_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body) {
  if (!body.empty()) {
    std::ranges::rotate(body, body.begin() + static_cast<std::ptrdiff_t>(rotation(header) % body.size()));
  }
  return (header.flags & kSealed) != 0 ? open_sealed_run(header, keys, body) : open_signed_run(header, keys, body);
}

Result<MutableBytes> Cfx::open_sealed_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body) {
  const std::size_t mac_size = keys.profile().mac_bytes;
  const std::size_t trailer_size = header.extra_count + kCfxHeaderBytes;
  const std::size_t overhead = crypto::kAesBlockBytes + trailer_size + mac_size;
  if (body.size() < overhead) {
    return fail(Status::invalid_token, kCheck,
                "behind its header it has " + std::to_string(body.size()) + " bytes, at least " +
                    std::to_string(overhead) + " are due");
  }
  const MutableBytes content = body.subspan(crypto::kAesBlockBytes, body.size() - overhead);
  SecBuffer data = as_data(content);
  const MutableBytes rest = body.subspan(crypto::kAesBlockBytes + content.size());
  auto opened = open_sealed(header, keys,
                            {.confounder = body.first(crypto::kAesBlockBytes),
                             .buffers = {&data, 1},
                             .trailer = rest.first(trailer_size),
                             .mac = rest.subspan(trailer_size)});
  if (!opened) return fail(opened);
  return content;
}

Result<MutableBytes> Cfx::open_signed_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body) {
  const std::size_t mac_size = keys.profile().mac_bytes;
  // Section 4.2.3: EC is the length of the checksum.
  if (header.extra_count != mac_size || body.size() < mac_size) {
    return fail(Status::invalid_token, kCheck,
                "its EC is " + std::to_string(header.extra_count) + " with " + std::to_string(body.size()) +
                    " bytes behind its header; its checksum has " + std::to_string(mac_size));
  }
  const MutableBytes content = body.first(body.size() - mac_size);
  SecBuffer data = as_data(content);
  auto opened = open_signed(header, keys, {&data, 1}, body.last(mac_size));
  if (!opened) return fail(opened);
  return content;
}

Result<bool> Cfx::unwrap_token(std::span<SecBuffer> buffers) {
  auto found = core::message_token(buffers);
  if (!found) return fail(found);
  const MutableBytes token = core::buffer_bytes(**found);
  auto header = CfxHeader::parse(token, CfxHeader::Kind::wrap);
  if (!header) return fail(header);
  auto found_keys = receiving_keys(*header);
  if (!found_keys) return fail(found_keys);
  CfxKeys& keys = **found_keys;
  const bool sealed = (header->flags & kSealed) != 0;
  const std::size_t mac_size = keys.profile().mac_bytes;
  SecBuffer* const padding = core::find_buffer(buffers, SECBUFFER_PADDING);
  const bool padded = padding != nullptr && !core::buffer_bytes(*padding).empty();

  // The layout that we and Windows make: everything but the data is in TOKEN, and is opened where it lies.
  const std::size_t usual_size = sealed ? kFixedBytes + header->extra_count + mac_size : kCfxHeaderBytes + mac_size;
  const std::size_t usual_rotation = sealed ? header->extra_count + kCfxHeaderBytes + mac_size : mac_size;
  if (padded || token.size() != usual_size || rotation(*header) != usual_rotation ||
      (!sealed && header->extra_count != mac_size)) {
    return open_gathered(*header, keys, buffers, token.subspan(kCfxHeaderBytes));
  }
  if (!sealed) {
    auto opened = open_signed(*header, keys, buffers, token.subspan(kCfxHeaderBytes));
    if (!opened) return fail(opened);
    return false;
  }
  const std::size_t trailer_size = header->extra_count + kCfxHeaderBytes;
  auto opened = open_sealed(*header, keys,
                            {.confounder = token.last(crypto::kAesBlockBytes),
                             .buffers = buffers,
                             .trailer = token.subspan(kCfxHeaderBytes, trailer_size),
                             .mac = token.subspan(kCfxHeaderBytes + trailer_size, mac_size)});
  if (!opened) return fail(opened);
  return true;
}

// A token of another rotation, cut anywhere into TOKEN, DATA and PADDING: put together in memory of its own.
Result<bool> Cfx::open_gathered(const CfxHeader& header, CfxKeys& keys, std::span<SecBuffer> buffers,
                                MutableBytes rest) {
  if (has_signed_only(buffers)) {
    return fail(Status::invalid_token, kCheck,
                "READONLY_WITH_CHECKSUM buffers need the layout of EncryptMessage, with RRC " +
                    std::to_string(kCfxHeaderBytes + keys.profile().mac_bytes) + "; it is " +
                    std::to_string(header.rotation_count));
  }
  Secret body(rest.size() + total_bytes(buffers));
  copy_bytes(body.writable(), rest);
  std::size_t at = rest.size();
  for (const SecBuffer& buffer : buffers) {
    if (!is_encrypted(buffer) && core::buffer_type(buffer) != SECBUFFER_PADDING) continue;
    copy_bytes(body.writable().subspan(at), core::buffer_bytes(buffer));
    at += core::buffer_bytes(buffer).size();
  }
  auto content = unwrap_run(header, keys, body.writable());
  if (!content) return fail(content);
  auto copied = copy_into_data(buffers, *content);
  if (!copied) return fail(copied);
  if (SecBuffer* padding = core::find_buffer(buffers, SECBUFFER_PADDING)) padding->cbBuffer = 0;
  return (header.flags & kSealed) != 0;
}

Result<void> Cfx::open_sealed(const CfxHeader& header, CfxKeys& keys, const Sealed& parts) {
  CfxKeys::Seal& seal = keys.seal();
  std::array<std::uint8_t, 32> own;
  const MutableBytes expected = MutableBytes(own).first(keys.profile().mac_bytes);
  const auto is_authentic = [&] {
    seal.mac.finish(expected);
    return equal_in_constant_time(expected, parts.mac);
  };
  bool authentic = false;
  if (keys.profile().encrypts_then_macs) {
    static constexpr crypto::AesBlock kCipherState{};
    seal.mac.update(kCipherState);
    mac_sealed(seal.mac, parts);
    authentic = is_authentic();  // what is not is not deciphered
    if (authentic) seal.cipher.apply(enciphered(parts).all());
  } else {
    cipher_and_mac(seal, parts, crypto::AesCts::Covers::after);
    authentic = is_authentic();
  }
  if (!authentic) return message_altered("its MAC is wrong: it was changed, or made under another key");
  // Section 4.2.4: the copy under the MAC vouches for the header in front, but for RRC.
  CfxHeader vouched = header;
  vouched.rotation_count = 0;
  const Bytes copy = parts.trailer.last(kCfxHeaderBytes);
  auto inner = CfxHeader::parse(copy, CfxHeader::Kind::wrap);
  if (inner) inner->rotation_count = 0;
  if (!inner || inner->flags != vouched.flags || inner->extra_count != vouched.extra_count ||
      inner->number != vouched.number) {
    return message_altered("its header is not the one that was encrypted with it");
  }
  return sequence_.take(header.number);
}

Result<void> Cfx::open_signed(const CfxHeader& header, CfxKeys& keys, std::span<SecBuffer> buffers, Bytes given) {
  CfxHeader bare = header;
  bare.extra_count = bare.rotation_count = 0;
  crypto::HmacSha& mac = keys.wrap_mac();
  mac_buffers(mac, buffers);
  mac.update(bare.serialize());
  std::array<std::uint8_t, 32> own;
  const MutableBytes expected = MutableBytes(own).first(given.size());
  mac.finish(expected);
  if (!equal_in_constant_time(expected, given)) return message_altered("its checksum is wrong: it was changed");
  return sequence_.take(header.number);
}

}  // namespace opensspi::kerberos
