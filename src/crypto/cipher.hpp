// RC4 and DES, from nettle. NTLM needs them; nothing else does.
#pragma once

#include <nettle/arcfour.h>

#include <array>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::crypto {

// A running RC4 stream. A copy is made where a message may have to be taken back; every copy is wiped when it ends.
class Rc4 {
 public:
  static constexpr std::size_t kStateBytes = 258;

  Rc4() = default;
  explicit Rc4(Bytes key) { set_key(key); }
  Rc4(const Rc4&) = default;
  Rc4& operator=(const Rc4&) = default;
  ~Rc4() { wipe(&context_, sizeof context_); }

  void set_key(Bytes key) { arcfour_set_key(&context_, key.size(), key.data()); }
  void apply(MutableBytes data) { arcfour_crypt(&context_, data.size(), data.data(), data.data()); }

  // The state as bytes and back, for contexts that are exported.
  void save(MutableBytes out) const;
  void restore(Bytes state);

 private:
  arcfour_ctx context_{};
};

// One-shot, in place.
void rc4(Bytes key, MutableBytes data);

// One block under a key of 7 bytes, spread over 8 as MS-NLMP's DES() has it.
std::array<std::uint8_t, 8> des(std::span<const std::uint8_t, 7> key, std::span<const std::uint8_t, 8> block);

}  // namespace opensspi::crypto
