// Wrap tokens made, RFC 4121 sections 4.2.4 and 4.2.6.2, in the layout of MS-KILE 3.4.5.4.1: rotated so that the TOKEN
// buffer has all that is not data.
#include "core/buffers.hpp"
#include "crypto/random.hpp"
#include "kerberos/cfx.hpp"

namespace opensspi::kerberos {
namespace {

constexpr std::uint8_t kFiller = 0xFF;

void empty_padding(std::span<SecBuffer> buffers) {
  if (SecBuffer* padding = core::find_buffer(buffers, SECBUFFER_PADDING)) padding->cbBuffer = 0;
}

}  // namespace

Result<void> Cfx::wrap(std::span<SecBuffer> buffers, bool encrypt) {
  auto wrapped = encrypt ? wrap_sealed(buffers) : wrap_signed(buffers);
  if (wrapped) empty_padding(buffers);
  return wrapped;
}

Result<void> Cfx::wrap_sealed(std::span<SecBuffer> buffers) {
  const std::size_t filler = filler_bytes();
  const std::size_t mac_size = mac_bytes();
  auto room = core::token_with_room(buffers, sizes().trailer);
  if (!room) return fail(room);
  // TOKEN: header, then encrypted filler, copy of the header, MAC, encrypted confounder.
  const MutableBytes token = room->first(sizes().trailer);
  const MutableBytes trailer = token.subspan(kCfxHeaderBytes, filler + kCfxHeaderBytes);
  const MutableBytes mac_field = token.subspan(kCfxHeaderBytes + trailer.size(), mac_size);
  const MutableBytes confounder = token.last(crypto::kAesBlockBytes);

  CfxHeader header;
  header.flags = static_cast<std::uint8_t>(sending_flags() | kSealed);
  header.extra_count = static_cast<std::uint16_t>(filler);
  header.number = send_number_;
  std::fill_n(trailer.data(), filler, kFiller);
  copy_bytes(trailer.subspan(filler), header.serialize());  // the copy has RRC 0
  header.rotation_count = static_cast<std::uint16_t>(kCfxHeaderBytes + mac_size);
  copy_bytes(token, header.serialize());
  crypto::random_bytes(confounder);

  CfxKeys::Seal& seal = sending_.seal();
  const Sealed parts{.confounder = confounder, .buffers = buffers, .trailer = trailer, .mac = mac_field};
  if (sending_.profile().encrypts_then_macs) {
    static constexpr crypto::AesBlock kCipherState{};  // RFC 8009 section 5: it is under the MAC too
    seal.mac.update(kCipherState);
    cipher_and_mac(seal, parts, crypto::AesCts::Covers::after);
  } else {
    cipher_and_mac(seal, parts, crypto::AesCts::Covers::before);
  }
  seal.mac.finish(mac_field);
  ++send_number_;
  return {};
}

Result<void> Cfx::wrap_signed(std::span<SecBuffer> buffers) {
  auto room = core::token_with_room(buffers, sizes().max_signature);
  if (!room) return fail(room);
  const MutableBytes token = room->first(sizes().max_signature);
  CfxHeader header;
  header.flags = sending_flags();
  header.number = send_number_;
  crypto::HmacSha& mac = sending_.wrap_mac();
  mac_buffers(mac, buffers);
  mac.update(header.serialize());  // section 4.2.4: with EC and RRC 0
  mac.finish(token.subspan(kCfxHeaderBytes));
  header.extra_count = header.rotation_count = static_cast<std::uint16_t>(mac_bytes());
  copy_bytes(token, header.serialize());
  ++send_number_;
  return {};
}

}  // namespace opensspi::kerberos
