// Owners of OpenSSL's objects, and its reasons as text.
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/bytes.hpp"

namespace opensspi::cert {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
inline void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
inline void free_bytes(unsigned char* bytes) { OPENSSL_free(bytes); }

using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Freer<X509_NAME_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using CertificateStack = std::unique_ptr<STACK_OF(X509), Freer<free_certificates>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, Freer<PKCS7_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freer<PKCS12_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Freer<ASN1_OBJECT_free>>;
using OpensslBytes = std::unique_ptr<unsigned char, Freer<free_bytes>>;

// One more owner of the same object.
inline X509Ptr share(X509* certificate) {
  X509_up_ref(certificate);
  return X509Ptr(certificate);
}
inline CrlPtr share(X509_CRL* crl) {
  X509_CRL_up_ref(crl);
  return CrlPtr(crl);
}
inline KeyPtr share(EVP_PKEY* key) {
  EVP_PKEY_up_ref(key);
  return KeyPtr(key);
}

// A BIO that reads these bytes, which must outlive it.
BioPtr reading(Bytes bytes);

// The newest reason of this thread's queue, which is emptied; "no reason given" where there is none.
std::string take_reason();

// The DER of anything that has an i2d function.
template <typename T, int (*kEncode)(const T*, unsigned char**)>
ByteVector der_of(const T* object) {
  unsigned char* out = nullptr;
  const int size = kEncode(object, &out);
  if (size <= 0) return {};
  const OpensslBytes owner(out);
  return ByteVector(out, out + size);
}

// "2.5.4.3"
std::string oid_text(const ASN1_OBJECT* object);

}  // namespace opensspi::cert
