// AES in CBC mode with ciphertext stealing, the form CS3 that Kerberos has (RFC 3962 section 5, RFC 8009 section 5).
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "crypto/hmac_sha.hpp"

namespace opensspi::crypto {

inline constexpr std::size_t kAesBlockBytes = 16;
using AesBlock = std::array<std::uint8_t, kAesBlockBytes>;

// One block under a key of 16 or 32 bytes.
AesBlock aes_encrypt_block(Bytes key, const AesBlock& block);

// One way under one key, from a vector of zeros for each message. The message lies in pieces that together have more
// than one block, and is worked on in place, without allocation.
class AesCts {
 public:
  enum class Way { encrypt, decrypt };
  // Which form of the message a MAC covers: that before this way's work, or that after it.
  enum class Covers { before, after };
  AesCts(Bytes key, Way way);

  void apply(std::span<const MutableBytes> pieces) { work(pieces, {}); }
  // Both at once: every block of CBC waits for the one before it and so does every block of a hash, but neither for the
  // other. Taken in turn by single blocks of the hash, they share the processor's time.
  void apply(std::span<const MutableBytes> pieces, HmacSha& mac, Covers covers) { work(pieces, {&mac, covers}); }

 private:
  struct Authentication {
    HmacSha* mac = nullptr;
    Covers covers = Covers::before;

    void feed(Bytes part, Covers now) const {
      if (mac != nullptr && covers == now) mac->update(part);
    }
    // How much of a run is taken at a time.
    std::size_t stride(std::size_t run) const;
  };
  struct Freer {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  void work(std::span<const MutableBytes> pieces, const Authentication& authentication);
  void cbc(std::uint8_t* data, std::size_t bytes);
  void last_blocks(MutableBytes blocks, const AesBlock& before);

  std::unique_ptr<EVP_CIPHER_CTX, Freer> context_;
  Way way_;
};

}  // namespace opensspi::crypto
