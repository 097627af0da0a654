#include <openssl/err.h>

#include "cert/properties.hpp"

namespace opensspi::cert {

std::uint32_t public_key_bits(const CERT_PUBLIC_KEY_INFO& info) {
  const std::unique_ptr<X509_PUBKEY, Freer<X509_PUBKEY_free>> key(X509_PUBKEY_new());
  ASN1_OBJECT* object = info.Algorithm.pszObjId == nullptr ? nullptr : OBJ_txt2obj(info.Algorithm.pszObjId, 1);
  const unsigned char* at = info.Algorithm.Parameters.pbData;
  ASN1_TYPE* parameters = at == nullptr ? nullptr : d2i_ASN1_TYPE(nullptr, &at, info.Algorithm.Parameters.cbData);
  auto* bits = static_cast<unsigned char*>(OPENSSL_memdup(info.PublicKey.pbData, info.PublicKey.cbData));
  const int type = parameters == nullptr ? V_ASN1_UNDEF : ASN1_TYPE_get(parameters);
  ASN1_STRING* value = nullptr;
  if (type == V_ASN1_SEQUENCE) value = ASN1_STRING_dup(parameters->value.sequence);
  void* given = type == V_ASN1_OBJECT ? static_cast<void*>(OBJ_dup(parameters->value.object)) : value;
  ASN1_TYPE_free(parameters);
  if (object == nullptr ||
      X509_PUBKEY_set0_param(key.get(), object, type, given, bits, static_cast<int>(info.PublicKey.cbData)) != 1) {
    ASN1_OBJECT_free(object);
    OPENSSL_free(bits);
    ERR_clear_error();
    return 0;
  }
  // A key put together like this is only decoded from its DER.
  const ByteVector der = der_of<X509_PUBKEY, i2d_X509_PUBKEY>(key.get());
  const unsigned char* from = der.data();
  const KeyPtr decoded(d2i_PUBKEY(nullptr, &from, static_cast<long>(der.size())));
  ERR_clear_error();
  return decoded ? static_cast<std::uint32_t>(EVP_PKEY_get_bits(decoded.get())) : 0;
}

}  // namespace opensspi::cert
