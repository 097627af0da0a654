// HMAC with SHA-1, SHA-256 and SHA-384. Kerberos needs them.
//
// On OpenSSL's own functions of the hash, not on EVP: EVP_MAC copies its state through the heap for every message, at
// twice the cost of the hash itself for a short one.
#pragma once

#include <cstdint>
#include <variant>

#include <openssl/sha.h>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::crypto {

enum class Hash { sha1, sha256, sha384 };

// A running HMAC with its key set up once. Holds the key: wiped when it ends.
class HmacSha {
 public:
  HmacSha(Hash hash, Bytes key);
  HmacSha(const HmacSha&) = delete;
  HmacSha& operator=(const HmacSha&) = delete;
  ~HmacSha() { wipe(&state_, sizeof state_); }

  void update(Bytes part);
  // The first bytes of the result, as many as `out` has; ready for the next message under the same key.
  void finish(MutableBytes out);
  // A block of the hash, and how much completes the one that is begun.
  std::size_t block_bytes() const;
  std::size_t bytes_to_block_end() const;
  // Forgets what was hashed so far.
  void restart();

 private:
  struct Sha1 {
    using Context = SHA_CTX;
    static constexpr std::size_t kBlockBytes = 64, kDigestBytes = 20;
    static void init(Context& c);
    static void update(Context& c, Bytes part);
    static void finish(std::uint8_t* out, Context& c);
  };
  struct Sha256 {
    using Context = SHA256_CTX;
    static constexpr std::size_t kBlockBytes = 64, kDigestBytes = 32;
    static void init(Context& c);
    static void update(Context& c, Bytes part);
    static void finish(std::uint8_t* out, Context& c);
  };
  struct Sha384 {
    using Context = SHA512_CTX;
    static constexpr std::size_t kBlockBytes = 128, kDigestBytes = 48;
    static void init(Context& c);
    static void update(Context& c, Bytes part);
    static void finish(std::uint8_t* out, Context& c);
  };
  // The state after the padded key, for both passes of RFC 2104, and the running one.
  template <typename H>
  struct State {
    using Function = H;
    typename H::Context inner, outer, running;
  };

  std::variant<State<Sha1>, State<Sha256>, State<Sha384>> state_;
};

}  // namespace opensspi::crypto
