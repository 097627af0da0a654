#include "cert/decode.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <string_view>

#include "base/secret.hpp"
#include "cert/serialized.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "certificates";

std::string_view text_view(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// One block of a PEM text; freed and wiped, since it may be a key.
struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  Bytes bytes() const { return {data, static_cast<std::size_t>(size)}; }
};

void add_pkcs7(const PKCS7* message, Content& content) {
  if (!PKCS7_type_is_signed(message) || message->d.sign == nullptr) return;
  const STACK_OF(X509)* certificates = message->d.sign->cert;
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    content.certificates.push_back(std::make_shared<Element>(share(sk_X509_value(certificates, i))));
  }
  const STACK_OF(X509_CRL)* crls = message->d.sign->crl;
  for (int i = 0; i < sk_X509_CRL_num(crls); ++i) content.crls.push_back(share(sk_X509_CRL_value(crls, i)));
}

// What a PEM block holds; an unknown kind is passed over, a known one that cannot be read is an error.
Result<void> add_block(const PemBlock& block, Content& content, std::vector<KeyPtr>& keys) {
  const std::string_view name = block.name;
  const unsigned char* at = block.data;
  if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD || name == PEM_STRING_X509_TRUSTED) {
    X509Ptr certificate(name == PEM_STRING_X509_TRUSTED ? d2i_X509_AUX(nullptr, &at, block.size)
                                                        : d2i_X509(nullptr, &at, block.size));
    if (!certificate) return fail(Status::crypt_bad_encode, kCheck, "a PEM block is no certificate: " + take_reason());
    content.certificates.push_back(std::make_shared<Element>(std::move(certificate)));
  } else if (name == PEM_STRING_X509_CRL) {
    CrlPtr crl(d2i_X509_CRL(nullptr, &at, block.size));
    if (!crl) return fail(Status::crypt_bad_encode, kCheck, "a PEM block is no revocation list: " + take_reason());
    content.crls.push_back(std::move(crl));
  } else if (name == PEM_STRING_PKCS7 || name == PEM_STRING_PKCS7_SIGNED) {
    auto parsed = decode_pkcs7(block.bytes());
    if (!parsed) return fail(parsed);
    std::ranges::move(parsed->certificates, std::back_inserter(content.certificates));
    std::ranges::move(parsed->crls, std::back_inserter(content.crls));
  } else if (name.ends_with("PRIVATE KEY") &&
             std::string_view(block.header).find("ENCRYPTED") == std::string_view::npos) {
    KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, block.size));
    if (key) keys.push_back(std::move(key));
  }
  return {};
}

void hand_out_keys(Content& content, std::vector<KeyPtr> keys) {
  for (KeyPtr& key : keys) {
    const auto shared = std::make_shared<const PrivateKey>(PrivateKey{std::move(key), {}, true});
    for (const ElementPtr& element : content.certificates) {
      if (!element->key() && element->set_key(shared)) break;
    }
  }
}

Result<Content> decode_pem(Bytes bytes) {
  const BioPtr bio = reading(bytes);
  Content content;
  std::vector<KeyPtr> keys;
  for (;;) {
    PemBlock block;
    if (PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.size) != 1) break;
    auto added = add_block(block, content, keys);
    if (!added) return fail(added);
  }
  // The reader ends with "no start line": anything else is a block that is broken.
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) {
    ERR_clear_error();
  } else {
    return fail(Status::crypt_bad_encode, kCheck, "a PEM block cannot be read: " + take_reason());
  }
  hand_out_keys(content, std::move(keys));
  if (content.certificates.empty() && content.crls.empty()) {
    return fail(Status::crypt_bad_encode, kCheck, "the PEM text has neither a certificate nor a revocation list");
  }
  return content;
}

}  // namespace

bool looks_like_pem(Bytes bytes) { return text_view(bytes).find("-----BEGIN ") != std::string_view::npos; }

Result<Content> decode_pkcs7(Bytes der) {
  const unsigned char* at = der.data();
  const Pkcs7Ptr message(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  if (!message || !PKCS7_type_is_signed(message.get())) {
    return fail(Status::crypt_bad_encode, "PKCS#7",
                std::to_string(der.size()) + " bytes are no signed PKCS#7 message: " + take_reason());
  }
  Content content;
  add_pkcs7(message.get(), content);
  return content;
}

ByteVector encode_pkcs7(const Content& content) {
  const Pkcs7Ptr message(PKCS7_new());
  if (!message || PKCS7_set_type(message.get(), NID_pkcs7_signed) != 1 ||
      PKCS7_content_new(message.get(), NID_pkcs7_data) != 1) {
    throw std::bad_alloc();
  }
  PKCS7_set_detached(message.get(), 1);
  for (const ElementPtr& element : content.certificates) PKCS7_add_certificate(message.get(), element->x509());
  for (const CrlPtr& crl : content.crls) PKCS7_add_crl(message.get(), crl.get());
  return der_of<PKCS7, i2d_PKCS7>(message.get());
}

Result<Content> decode_any(Bytes bytes) {
  if (is_serialized_store(bytes)) return decode_serialized(bytes);
  if (looks_like_pem(bytes)) return decode_pem(bytes);
  if (auto element = Element::parse(bytes)) return Content{{*element}, {}};
  if (auto content = decode_pkcs7(bytes)) return content;
  const unsigned char* at = bytes.data();
  if (CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size()))); crl) {
    Content content;
    content.crls.push_back(std::move(crl));
    return content;
  }
  ERR_clear_error();
  return fail(Status::crypt_bad_encode, kCheck,
              std::to_string(bytes.size()) +
                  " bytes are neither PEM nor DER of a certificate, PKCS#7 or revocation list, nor a serialized store");
}

}  // namespace opensspi::cert
