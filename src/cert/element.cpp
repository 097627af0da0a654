#include "cert/element.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace opensspi::cert {

Element::Element(X509Ptr certificate)
    : certificate_(std::move(certificate)), der_(der_of<X509, i2d_X509>(certificate_.get())) {}

Result<ElementPtr> Element::parse(Bytes der) {
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) {
    return fail(Status::crypt_asn1_badtag, "certificate",
                std::to_string(der.size()) + " bytes are no certificate in DER: " + take_reason());
  }
  if (at != der.data() + der.size()) {
    return fail(Status::crypt_asn1_badtag, "certificate",
                std::to_string(der.data() + der.size() - at) + " bytes follow the certificate");
  }
  return std::make_shared<Element>(std::move(certificate));
}

const CERT_INFO& Element::info() const {
  const std::scoped_lock lock(mutex_);
  if (!info_) info_ = std::make_unique<CertificateInfo>(x509());
  return info_->info();
}

ElementPtr Element::copy() const {
  auto made = std::make_shared<Element>(share(x509()));
  made->take_properties(*this);
  return made;
}

void Element::take_properties(const Element& other) {
  if (&other == this) return;
  const std::scoped_lock lock(mutex_, other.mutex_);
  properties_ = other.properties_;
  key_ = other.key_;
}

PrivateKeyPtr Element::key() const {
  const std::scoped_lock lock(mutex_);
  return key_;
}

Result<void> Element::set_key(PrivateKeyPtr key) {
  if (X509_check_private_key(x509(), key->key.get()) != 1) {
    ERR_clear_error();
    return fail(Status::unknown_credentials, "private key", "the key is not that of the certificate");
  }
  const std::scoped_lock lock(mutex_);
  key_ = std::move(key);
  return {};
}

void Element::drop_key() {
  const std::scoped_lock lock(mutex_);
  key_ = nullptr;
}

std::optional<ByteVector> Element::property(std::uint32_t id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = properties_.find(id);
  if (found == properties_.end()) return std::nullopt;
  return found->second;
}

void Element::set_property(std::uint32_t id, std::optional<ByteVector> value) {
  const std::scoped_lock lock(mutex_);
  if (value) {
    properties_[id] = std::move(*value);
  } else {
    properties_.erase(id);
  }
}

std::map<std::uint32_t, ByteVector> Element::properties() const {
  const std::scoped_lock lock(mutex_);
  return properties_;
}

std::array<std::uint8_t, 20> Element::sha1() const {
  std::array<std::uint8_t, 20> digest{};
  X509_digest(x509(), EVP_sha1(), digest.data(), nullptr);
  return digest;
}

bool Element::same_certificate(const Element& other) const {
  return std::ranges::equal(der_, other.der_);  // not secret
}

}  // namespace opensspi::cert
