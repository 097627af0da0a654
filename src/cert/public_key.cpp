// A key that stands in CERT_INFO: put together again as the SubjectPublicKeyInfo it came from, RFC 5280 4.1.
#include <openssl/err.h>

#include "cert/properties.hpp"

namespace opensspi::cert {
namespace {

constexpr std::uint8_t kSequence = 0x30, kBitString = 0x03;
constexpr std::size_t kMostBytes = 0xFFFF;

// Tag, length and content; contents here are below 64 KiB.
ByteVector der_value(std::uint8_t tag, Bytes content) {
  ByteVector out{tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    out.insert(out.end(),
               {0x82, static_cast<std::uint8_t>(content.size() >> 8), static_cast<std::uint8_t>(content.size())});
  }
  append(out, content);
  return out;
}

Bytes blob(DWORD size, const BYTE* data) { return data == nullptr ? Bytes{} : Bytes{data, size}; }

}  // namespace

Result<KeyPtr> public_key_of(const CERT_PUBLIC_KEY_INFO& info) {
  const auto refused = [](const std::string& why) {
    ERR_clear_error();
    return fail(Status::invalid_parameter, "CERT_PUBLIC_KEY_INFO", why);
  };
  const ObjectPtr object(info.Algorithm.pszObjId == nullptr ? nullptr : OBJ_txt2obj(info.Algorithm.pszObjId, 1));
  const Bytes parameters = blob(info.Algorithm.Parameters.cbData, info.Algorithm.Parameters.pbData);
  const Bytes key = blob(info.PublicKey.cbData, info.PublicKey.pbData);
  if (!object) return refused("its algorithm is no object identifier");
  if (parameters.size() + key.size() > kMostBytes - 256) return refused("it is longer than 64 KiB");
  ByteVector algorithm = der_of<ASN1_OBJECT, i2d_ASN1_OBJECT>(object.get());
  append(algorithm, parameters);
  ByteVector bits{static_cast<std::uint8_t>(info.PublicKey.cUnusedBits)};
  append(bits, key);
  ByteVector content = der_value(kSequence, algorithm);
  append(content, der_value(kBitString, bits));
  const ByteVector der = der_value(kSequence, content);
  const unsigned char* at = der.data();
  KeyPtr decoded(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!decoded) return refused("it is no public key that is known here: " + take_reason());
  return decoded;
}

std::uint32_t public_key_bits(const CERT_PUBLIC_KEY_INFO& info) {
  const auto key = public_key_of(info);
  return key ? static_cast<std::uint32_t>(EVP_PKEY_get_bits(key->get())) : 0;
}

}  // namespace opensspi::cert
