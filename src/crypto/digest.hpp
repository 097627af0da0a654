// MD4, MD5, HMAC-MD5 and CRC-32, from nettle and zlib. NTLM needs them; nothing else does.
#pragma once

#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>

#include <initializer_list>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::crypto {

Key16 md4(Bytes message);
Key16 md5(std::initializer_list<Bytes> parts);

// HMAC-MD5 with its key set up once. Holds the key: wiped when it ends.
class HmacMd5 {
 public:
  HmacMd5() = default;
  explicit HmacMd5(Bytes key) { hmac_md5_set_key(&context_, key.size(), key.data()); }
  HmacMd5(const HmacMd5&) = delete;
  HmacMd5& operator=(const HmacMd5&) = delete;
  ~HmacMd5() { wipe(&context_, sizeof context_); }

  void set_key(Bytes key) { hmac_md5_set_key(&context_, key.size(), key.data()); }
  void update(Bytes part) { hmac_md5_update(&context_, part.size(), part.data()); }
  // Up to 16 bytes; ready for the next message under the same key.
  void finish(MutableBytes out) { hmac_md5_digest(&context_, out.size(), out.data()); }

 private:
  hmac_md5_ctx context_{};
};

Key16 hmac_md5(Bytes key, std::initializer_list<Bytes> parts);

// The first 16 bytes of HMAC-SHA-256.
Key16 hmac_sha256_128(Bytes key, std::initializer_list<Bytes> parts);

// The CRC-32 of zlib, over several parts in turn; start with 0.
std::uint32_t crc32_update(std::uint32_t crc, Bytes part);

}  // namespace opensspi::crypto
