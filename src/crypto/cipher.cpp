#include "crypto/cipher.hpp"

#include <nettle/des.h>

namespace opensspi::crypto {

static_assert(sizeof(arcfour_ctx) == Rc4::kStateBytes);

void Rc4::save(MutableBytes out) const {
  copy_bytes(out, {reinterpret_cast<const std::uint8_t*>(&context_), sizeof context_});
}

void Rc4::restore(Bytes state) { copy_bytes({reinterpret_cast<std::uint8_t*>(&context_), sizeof context_}, state); }

void rc4(Bytes key, MutableBytes data) {
  Rc4 stream(key);
  stream.apply(data);
}

std::array<std::uint8_t, 8> des(std::span<const std::uint8_t, 7> key, std::span<const std::uint8_t, 8> block) {
  // 56 bits in groups of seven, each above an unused parity bit.
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : key) bits = (bits << 8) | byte;
  std::array<std::uint8_t, 8> spread;
  for (std::size_t i = 0; i < 8; ++i) spread[i] = static_cast<std::uint8_t>(((bits >> (49 - 7 * i)) & 0x7F) << 1);
  des_ctx context;
  des_set_key(&context, spread.data());  // weak keys work too: a password may make one
  std::array<std::uint8_t, 8> out;
  des_encrypt(&context, out.size(), out.data(), block.data());
  wipe(&context, sizeof context);
  wipe(spread.data(), spread.size());
  return out;
}

}  // namespace opensspi::crypto
