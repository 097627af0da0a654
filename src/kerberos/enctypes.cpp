#include "kerberos/enctypes.hpp"

#include <algorithm>
#include <array>

#include "crypto/aes_cts.hpp"

namespace opensspi::kerberos {
namespace {

constexpr AesProfile kAes128Sha1{16, 12, 16, crypto::Hash::sha1, false};
constexpr AesProfile kAes256Sha1{32, 12, 32, crypto::Hash::sha1, false};
constexpr AesProfile kAes128Sha256{16, 16, 16, crypto::Hash::sha256, true};
constexpr AesProfile kAes256Sha384{32, 24, 24, crypto::Hash::sha384, true};

using Constant = std::array<std::uint8_t, 5>;

Constant constant_of(std::uint32_t usage, Derived kind) {
  return {static_cast<std::uint8_t>(usage >> 24), static_cast<std::uint8_t>(usage >> 16),
          static_cast<std::uint8_t>(usage >> 8), static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(kind)};
}

// RFC 3961 section 5.1 for 40 bits to 128: copies of the input, each rotated right by 13 bits more than the one before,
// are laid end to end up to the least common multiple, cut to the size of the output, and added with end-around carry.
crypto::AesBlock fold(const Constant& in) {
  constexpr std::size_t kInBits = 40;
  constexpr std::size_t kAllBytes = 80;  // lcm of 5 and 16
  const auto bit = [&](std::size_t at) { return (in[at / 8] >> (7 - at % 8)) & 1; };
  std::array<std::uint8_t, kAllBytes> all{};
  for (std::size_t i = 0; i < 8 * kAllBytes; ++i) {
    const std::size_t rotated = 13 * (i / kInBits) % kInBits;
    const auto set = bit((i % kInBits + kInBits - rotated) % kInBits);
    all[i / 8] = static_cast<std::uint8_t>(all[i / 8] | (set << (7 - i % 8)));
  }
  crypto::AesBlock sum{};
  unsigned carry = 0;
  for (std::size_t i = sum.size(); i-- > 0;) {
    for (std::size_t at = i; at < all.size(); at += sum.size()) carry += all[at];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  for (std::size_t i = sum.size(); carry != 0; i = i == 0 ? sum.size() : i) {
    carry += sum[--i];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return sum;
}

// RFC 3961 section 5.1 DR, with AES.
Secret derive_rfc3961(Bytes protocol_key, const Constant& constant) {
  Secret out(protocol_key.size());
  crypto::AesBlock block = fold(constant);
  for (std::size_t at = 0; at < out.size(); at += block.size()) {
    block = crypto::aes_encrypt_block(protocol_key, block);
    copy_bytes(out.writable().subspan(at), block);
  }
  wipe(block.data(), block.size());
  return out;
}

// RFC 8009 section 3 KDF-HMAC-SHA2.
Secret derive_rfc8009(const AesProfile& profile, Bytes protocol_key, const Constant& constant, std::size_t bytes) {
  static constexpr std::uint8_t kOne[] = {0, 0, 0, 1};
  const auto bits = static_cast<std::uint16_t>(8 * bytes);
  const std::uint8_t separator_and_bits[] = {0, 0, 0, static_cast<std::uint8_t>(bits >> 8),
                                             static_cast<std::uint8_t>(bits)};
  crypto::HmacSha mac(profile.hash, protocol_key);
  mac.update(kOne);
  mac.update(constant);
  mac.update(separator_and_bits);
  Secret out(bytes);
  mac.finish(out.writable());
  return out;
}

}  // namespace

std::string enctype_name(std::int32_t number) {
  switch (static_cast<Enctype>(number)) {
    case Enctype::aes128_sha1:
      return "aes128-cts-hmac-sha1-96";
    case Enctype::aes256_sha1:
      return "aes256-cts-hmac-sha1-96";
    case Enctype::aes128_sha256:
      return "aes128-cts-hmac-sha256-128";
    case Enctype::aes256_sha384:
      return "aes256-cts-hmac-sha384-192";
    case Enctype::rc4:
      return "arcfour-hmac";
    case Enctype::none:
      break;
  }
  return "encryption type " + std::to_string(number);
}

const AesProfile* aes_profile(Enctype enctype) {
  switch (enctype) {
    case Enctype::aes128_sha1:
      return &kAes128Sha1;
    case Enctype::aes256_sha1:
      return &kAes256Sha1;
    case Enctype::aes128_sha256:
      return &kAes128Sha256;
    case Enctype::aes256_sha384:
      return &kAes256Sha384;
    case Enctype::rc4:
    case Enctype::none:
      break;
  }
  return nullptr;
}

Secret derive_key(Enctype enctype, Bytes protocol_key, std::uint32_t usage, Derived kind) {
  const AesProfile& profile = *aes_profile(enctype);
  const Constant constant = constant_of(usage, kind);
  if (!profile.encrypts_then_macs) return derive_rfc3961(protocol_key, constant);
  const bool encryption = kind == Derived::encryption;
  return derive_rfc8009(profile, protocol_key, constant, encryption ? profile.key_bytes : profile.mac_key_bytes);
}

}  // namespace opensspi::kerberos
