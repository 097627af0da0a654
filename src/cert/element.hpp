// Element: one certificate with its properties and its private key, as a store holds it.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cert/info.hpp"
#include "cert/key.hpp"
#include "cert/openssl.hpp"

namespace opensspi::cert {

class Element {
 public:
  explicit Element(X509Ptr certificate);

  // CRYPT_E_ASN1_BADTAG: it is not one certificate in DER and nothing else.
  static Result<std::shared_ptr<Element>> parse(Bytes der);

  X509* x509() const { return certificate_.get(); }
  Bytes der() const { return der_; }
  const CERT_INFO& info() const;  // made when first asked for

  // A copy for another store: properties and key go along.
  std::shared_ptr<Element> copy() const;
  void take_properties(const Element& other);

  PrivateKeyPtr key() const;
  // SEC_E_UNKNOWN_CREDENTIALS: the key is not the certificate's.
  Result<void> set_key(PrivateKeyPtr key);
  void drop_key();

  // Stored properties, by CERT_x_PROP_ID; computed ones are in properties.hpp.
  std::optional<ByteVector> property(std::uint32_t id) const;
  void set_property(std::uint32_t id, std::optional<ByteVector> value);
  std::map<std::uint32_t, ByteVector> properties() const;

  std::array<std::uint8_t, 20> sha1() const;
  bool same_certificate(const Element& other) const;
  bool self_issued() const { return X509_NAME_cmp(X509_get_subject_name(x509()), X509_get_issuer_name(x509())) == 0; }

 private:
  const X509Ptr certificate_;
  const ByteVector der_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<CertificateInfo> info_;
  PrivateKeyPtr key_;
  std::map<std::uint32_t, ByteVector> properties_;
};

using ElementPtr = std::shared_ptr<Element>;

}  // namespace opensspi::cert
