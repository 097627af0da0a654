#include "crypto/digest.hpp"

#include <zlib.h>

#include <algorithm>

namespace opensspi::crypto {

Key16 md4(Bytes message) {
  md4_ctx context;
  md4_init(&context);
  md4_update(&context, message.size(), message.data());
  Key16 digest;
  md4_digest(&context, digest.writable().size(), digest.writable().data());
  wipe(&context, sizeof context);
  return digest;
}

Key16 md5(std::initializer_list<Bytes> parts) {
  md5_ctx context;
  md5_init(&context);
  for (const Bytes part : parts) md5_update(&context, part.size(), part.data());
  Key16 digest;
  md5_digest(&context, digest.writable().size(), digest.writable().data());
  wipe(&context, sizeof context);
  return digest;
}

Key16 hmac_md5(Bytes key, std::initializer_list<Bytes> parts) {
  HmacMd5 mac(key);
  for (const Bytes part : parts) mac.update(part);
  Key16 digest;
  mac.finish(digest.writable());
  return digest;
}

Key16 hmac_sha256_128(Bytes key, std::initializer_list<Bytes> parts) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), key.data());
  for (const Bytes part : parts) hmac_sha256_update(&context, part.size(), part.data());
  Key16 digest;
  hmac_sha256_digest(&context, digest.writable().size(), digest.writable().data());
  wipe(&context, sizeof context);
  return digest;
}

std::uint32_t crc32_update(std::uint32_t crc, Bytes part) {
  static constexpr std::size_t kMost = 1U << 30;  // zlib counts in an unsigned int
  while (!part.empty()) {
    const std::size_t taken = std::min(part.size(), kMost);
    crc = static_cast<std::uint32_t>(::crc32(crc, part.data(), static_cast<uInt>(taken)));
    part = part.subspan(taken);
  }
  return crc;
}

}  // namespace opensspi::crypto
