#include "cert/properties.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace opensspi::cert {
namespace {

constexpr std::array kComputed = {CERT_SHA1_HASH_PROP_ID,
                                  CERT_MD5_HASH_PROP_ID,
                                  CERT_SIGNATURE_HASH_PROP_ID,
                                  CERT_KEY_IDENTIFIER_PROP_ID,
                                  CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID,
                                  CERT_SUBJECT_NAME_MD5_HASH_PROP_ID,
                                  CERT_SHA256_HASH_PROP_ID};

ByteVector digest_of(Bytes bytes, const EVP_MD* algorithm) {
  ByteVector digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm, nullptr);
  return digest;
}

Bytes key_bytes(const Element& element) {
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(element.x509());
  return {bits->data, static_cast<std::size_t>(bits->length)};
}

// The to-be-signed part under the digest of the signature.
std::optional<ByteVector> signature_hash(const Element& element) {
  int digest = NID_undef;
  if (X509_get_signature_info(element.x509(), &digest, nullptr, nullptr, nullptr) != 1 || digest == NID_undef) {
    ERR_clear_error();
    return std::nullopt;
  }
  unsigned char* tbs = nullptr;
  const int size = i2d_re_X509_tbs(element.x509(), &tbs);
  const OpensslBytes owner(tbs);
  const EVP_MD* algorithm = EVP_get_digestbynid(digest);
  if (size <= 0 || algorithm == nullptr) return std::nullopt;
  return digest_of({tbs, static_cast<std::size_t>(size)}, algorithm);
}

ByteVector key_identifier(const Element& element) {
  if (const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(element.x509())) {
    return ByteVector(id->data, id->data + id->length);
  }
  return digest_of(key_bytes(element), EVP_sha1());
}

std::optional<ByteVector> computed(const Element& element, std::uint32_t id) {
  switch (id) {
    case CERT_SHA1_HASH_PROP_ID:
      return digest_of(element.der(), EVP_sha1());
    case CERT_MD5_HASH_PROP_ID:
      return digest_of(element.der(), EVP_md5());
    case CERT_SHA256_HASH_PROP_ID:
      return digest_of(element.der(), EVP_sha256());
    case CERT_SIGNATURE_HASH_PROP_ID:
      return signature_hash(element);
    case CERT_KEY_IDENTIFIER_PROP_ID:
      return key_identifier(element);
    case CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID:
      return digest_of(key_bytes(element), EVP_md5());
    case CERT_SUBJECT_NAME_MD5_HASH_PROP_ID:
      return digest_of(der_of<X509_NAME, i2d_X509_NAME>(X509_get_subject_name(element.x509())), EVP_md5());
    default:
      return std::nullopt;
  }
}

// RSA keys can exchange and sign; the others sign only.
std::uint32_t key_spec(const Element& element) {
  return EVP_PKEY_get_base_id(element.key()->key.get()) == EVP_PKEY_RSA ? AT_KEYEXCHANGE : AT_SIGNATURE;
}

std::vector<std::string> texts_of(const EXTENDED_KEY_USAGE* usages) {
  std::vector<std::string> texts;
  texts.reserve(static_cast<std::size_t>(std::max(0, sk_ASN1_OBJECT_num(usages))));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages); ++i) texts.push_back(oid_text(sk_ASN1_OBJECT_value(usages, i)));
  return texts;
}

using UsagePtr = std::unique_ptr<EXTENDED_KEY_USAGE, Freer<EXTENDED_KEY_USAGE_free>>;

}  // namespace

std::optional<ByteVector> get_property(const Element& element, std::uint32_t id) {
  if (id == CERT_KEY_SPEC_PROP_ID) {
    if (!element.key()) return std::nullopt;
    const std::uint32_t spec = key_spec(element);
    return ByteVector{static_cast<std::uint8_t>(spec), 0, 0, 0};
  }
  if (auto value = computed(element, id)) return value;
  return element.property(id);
}

Result<void> set_property(Element& element, std::uint32_t id, std::optional<ByteVector> value) {
  if (std::ranges::find(kComputed, static_cast<int>(id)) != kComputed.end() || id == CERT_KEY_SPEC_PROP_ID) {
    return fail(Status::invalid_parameter, "dwPropId", std::to_string(id) + " is computed from the certificate");
  }
  if (id == CERT_ENHKEY_USAGE_PROP_ID && value) {
    auto parsed = parse_usage(*value);
    if (!parsed) return fail(parsed);
  }
  element.set_property(id, std::move(value));
  return {};
}

std::vector<std::uint32_t> property_ids(const Element& element) {
  std::vector<std::uint32_t> ids;
  for (const auto& [id, value] : element.properties()) ids.push_back(id);
  for (const int id : kComputed) {
    if (computed(element, static_cast<std::uint32_t>(id))) ids.push_back(static_cast<std::uint32_t>(id));
  }
  if (element.key()) {
    ids.push_back(CERT_KEY_PROV_INFO_PROP_ID);
    ids.push_back(CERT_KEY_SPEC_PROP_ID);
  }
  std::ranges::sort(ids);
  return ids;
}

std::optional<KeyPlace> key_place(const Element& element) {
  const PrivateKeyPtr key = element.key();
  if (!key) return std::nullopt;
  return KeyPlace{key->place, is_pkcs11(key->place) ? u"PKCS#11" : u"OpenSSL", key_spec(element)};
}

Result<std::vector<std::string>> parse_usage(Bytes der) {
  const unsigned char* at = der.data();
  const UsagePtr usages(d2i_EXTENDED_KEY_USAGE(nullptr, &at, static_cast<long>(der.size())));
  if (!usages || at != der.data() + der.size()) {
    return fail(Status::invalid_parameter, "enhanced key usage",
                std::to_string(der.size()) + " bytes are no sequence of object identifiers: " + take_reason());
  }
  return texts_of(usages.get());
}

std::optional<std::vector<std::string>> enhanced_usage(const Element& element, bool property, bool extension) {
  if (property) {
    if (const auto value = element.property(CERT_ENHKEY_USAGE_PROP_ID)) {
      if (auto parsed = parse_usage(*value)) return *parsed;
    }
  }
  if (!extension) return std::nullopt;
  int critical = 0;
  const UsagePtr usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(element.x509(), NID_ext_key_usage, &critical, nullptr)));
  ERR_clear_error();
  if (usages) return texts_of(usages.get());
  if (critical == -1) return std::nullopt;  // there is no such extension
  return std::vector<std::string>{};        // one that cannot be read allows nothing
}

}  // namespace opensspi::cert
