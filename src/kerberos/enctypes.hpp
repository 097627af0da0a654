// The encryption types whose messages we make and read, and how keys are derived for them.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "crypto/hmac_sha.hpp"

namespace opensspi::kerberos {

// The numbers of the IANA registry.
enum class Enctype : std::int32_t {
  none = 0,
  aes128_sha1 = 17,
  aes256_sha1 = 18,
  aes128_sha256 = 19,
  aes256_sha384 = 20,
  rc4 = 23,
};

// "aes256-cts-hmac-sha1-96"; the number where the type is unknown here.
std::string enctype_name(std::int32_t number);

// RFC 3962 and RFC 8009.
struct AesProfile {
  std::size_t key_bytes;
  std::size_t mac_bytes;
  std::size_t mac_key_bytes;
  crypto::Hash hash;
  // RFC 8009 authenticates the ciphertext, RFC 3962 the plaintext.
  bool encrypts_then_macs;
};

// nullptr where the type is not one of AES.
const AesProfile* aes_profile(Enctype enctype);

// RFC 3961 section 5.3: the octet behind the usage.
enum class Derived : std::uint8_t { checksum = 0x99, encryption = 0xAA, integrity = 0x55 };

// The key of a usage (RFC 4121 section 2), from a key of the protocol.
Secret derive_key(Enctype enctype, Bytes protocol_key, std::uint32_t usage, Derived kind);

}  // namespace opensspi::kerberos
