#include "tls_pki.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <ctime>

namespace tls {
namespace {

KeyRef make_key(const std::string& kind) {
  EVP_PKEY* key = kind.starts_with("RSA:")  ? EVP_RSA_gen(std::stoul(kind.substr(4)))
                  : kind.starts_with("EC:") ? EVP_EC_gen(kind.substr(3).c_str())
                                            : EVP_EC_gen("P-256");
  EXPECT_NE(key, nullptr) << kind;
  return {key, EVP_PKEY_free};
}

void set_name(X509_NAME* name, const std::string& common) {
  if (common.empty()) return;
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
}

void add(X509* x509, X509* issuer, const std::string& name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, &context, name.c_str(), value.c_str());
  ASSERT_NE(extension, nullptr) << name << "=" << value;
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string constraints(const Recipe& recipe) {
  return std::string("critical,CA:") + (recipe.authority ? "TRUE" : "FALSE") +
         (recipe.path_length < 0 ? "" : ",pathlen:" + std::to_string(recipe.path_length));
}

template <typename T, typename Encode>
Bytes der_of(T* object, Encode encode) {
  unsigned char* data = nullptr;
  const int size = encode(object, &data);
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

ASN1_TIME* in(long seconds) { return X509_gmtime_adj(nullptr, seconds); }

}  // namespace

Issued issue(const Recipe& recipe) {
  static std::atomic<long> serial{1000};
  Issued made{X509Ref(X509_new(), X509_free), make_key(recipe.key)};
  X509* x509 = made.x509.get();
  X509* issuer = recipe.issuer == nullptr ? x509 : recipe.issuer->x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), recipe.from);
  X509_gmtime_adj(X509_getm_notAfter(x509), recipe.until);
  set_name(X509_get_subject_name(x509), recipe.subject);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer));
  X509_set_pubkey(x509, made.key.get());
  add(x509, issuer, "basicConstraints", constraints(recipe));
  add(x509, issuer, "subjectKeyIdentifier", "hash");
  if (recipe.issuer != nullptr) add(x509, issuer, "authorityKeyIdentifier", "keyid");
  const std::string key_usage = !recipe.key_usage.empty() ? recipe.key_usage
                                : recipe.authority        ? "critical,keyCertSign,cRLSign"
                                                          : "";
  if (!key_usage.empty()) add(x509, issuer, "keyUsage", key_usage);
  if (!recipe.usages.empty()) add(x509, issuer, "extendedKeyUsage", recipe.usages);
  if (!recipe.names.empty()) add(x509, issuer, "subjectAltName", recipe.names);
  for (const auto& [name, value] : recipe.extensions) add(x509, issuer, name, value);
  EVP_PKEY* signer = recipe.issuer == nullptr ? made.key.get() : recipe.issuer->key.get();
  EXPECT_GT(X509_sign(x509, signer, EVP_get_digestbyname(recipe.digest)), 0);
  return made;
}

Bytes make_crl(const CrlRecipe& recipe) {
  static std::atomic<long> number{0};
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> crl(X509_CRL_new(), X509_CRL_free);
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(recipe.issuer.x509.get()));
  ASN1_TIME *from = in(recipe.from), *until = in(recipe.until);
  X509_CRL_set1_lastUpdate(crl.get(), from);
  X509_CRL_set1_nextUpdate(crl.get(), until);
  for (const X509Ref& x509 : recipe.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(x509.get()));
    X509_REVOKED_set_revocationDate(entry, from);
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  ASN1_INTEGER* value = ASN1_INTEGER_new();
  ASN1_INTEGER_set(value, ++number);
  X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, value, 0, 0);
  ASN1_INTEGER_free(value);
  X509_CRL_sort(crl.get());
  EXPECT_GT(X509_CRL_sign(crl.get(), recipe.issuer.key.get(), EVP_sha256()), 0);
  return der_of(crl.get(), i2d_X509_CRL);
}

Bytes make_ocsp(const OcspRecipe& recipe) {
  const std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic(OCSP_BASICRESP_new(),
                                                                              OCSP_BASICRESP_free);
  OCSP_CERTID* id =
      OCSP_cert_to_id(EVP_get_digestbyname(recipe.id_digest), recipe.certificate.get(), recipe.issuer.get());
  ASN1_TIME *from = in(recipe.from), *until = recipe.until == 0 ? nullptr : in(recipe.until);
  ASN1_TIME* revoked = recipe.status == V_OCSP_CERTSTATUS_REVOKED ? from : nullptr;
  EXPECT_NE(OCSP_basic_add1_status(basic.get(), id, recipe.status, OCSP_REVOKED_STATUS_NOSTATUS, revoked, from, until),
            nullptr);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> signing(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* key = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(signing.get(), &key, EVP_get_digestbyname(recipe.signature_digest), nullptr,
                               recipe.signer.key.get()),
            1);
  if (recipe.pss) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING), 1);
  }
  EXPECT_EQ(OCSP_basic_sign_ctx(basic.get(), recipe.signer.x509.get(), signing.get(), nullptr, 0), 1);
  const std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()), OCSP_RESPONSE_free);
  return der_of(response.get(), i2d_OCSP_RESPONSE);
}

Certificate bare(const X509Ref& x509) {
  const Bytes der = der_of(x509.get(), i2d_X509);
  return Certificate(CertCreateCertificateContext(X509_ASN_ENCODING, der.data(), static_cast<DWORD>(der.size())));
}

Certificate with_key(const Issued& issued, const std::vector<X509Ref>& others) {
  STACK_OF(X509)* chain = sk_X509_new_null();
  for (const X509Ref& other : others) sk_X509_push(chain, other.get());
  PKCS12* pfx = PKCS12_create("x", nullptr, issued.key.get(), issued.x509.get(), chain, -1, -1, 1, 1, 0);
  EXPECT_NE(pfx, nullptr);
  Bytes der = der_of(pfx, i2d_PKCS12);
  PKCS12_free(pfx);
  sk_X509_free(chain);
  CRYPT_DATA_BLOB blob{static_cast<DWORD>(der.size()), der.data()};
  const Store store(PFXImportCertStore(&blob, u"x", 0));
  EXPECT_TRUE(store) << why();
  const Certificate plain = bare(issued.x509);
  return Certificate(
      CertFindCertificateInStore(store.get(), X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, plain.get(), nullptr));
}

Store store_with(const std::vector<X509Ref>& certificates, const std::vector<Bytes>& crls) {
  Store store = store_of({});
  for (const X509Ref& x509 : certificates) {
    EXPECT_TRUE(CertAddCertificateContextToStore(store.get(), bare(x509).get(), CERT_STORE_ADD_USE_EXISTING, nullptr));
  }
  for (const Bytes& crl : crls) {
    EXPECT_TRUE(CertAddEncodedCRLToStore(store.get(), X509_ASN_ENCODING, crl.data(), static_cast<DWORD>(crl.size()),
                                         CERT_STORE_ADD_ALWAYS, nullptr))
        << why();
  }
  return store;
}

RawEnd::RawEnd(bool server, const Issued* own, const std::vector<X509Ref>& chain, int version)
    : context_(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
  SSL_CTX_set_security_level(context_.get(), 0);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_NO_AUTO_CHAIN);
  if (version != 0) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
  }
  ssl_.reset(SSL_new(context_.get()));
  if (own != nullptr) {
    EXPECT_EQ(SSL_use_certificate(ssl_.get(), own->x509.get()), 1);
    EXPECT_EQ(SSL_use_PrivateKey(ssl_.get(), own->key.get()), 1);
    for (const X509Ref& x509 : chain) EXPECT_EQ(SSL_add1_chain_cert(ssl_.get(), x509.get()), 1);
  }
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (server) SSL_set_accept_state(ssl_.get());
  if (!server) SSL_set_connect_state(ssl_.get());
}

Bytes RawEnd::drain() {
  char* data = nullptr;
  BIO* bio = SSL_get_wbio(ssl_.get());
  const long size = BIO_get_mem_data(bio, &data);
  Bytes out(data, data + size);
  BIO_reset(bio);
  return out;
}

Bytes RawEnd::step(const Bytes& input) {
  BIO_write(SSL_get_rbio(ssl_.get()), input.data(), static_cast<int>(input.size()));
  ERR_clear_error();
  if (!done() && SSL_do_handshake(ssl_.get()) != 1) return drain();
  char data[16384];
  for (int got = 1; got > 0;) {
    got = SSL_read(ssl_.get(), data, sizeof data);
    if (got > 0) text.append(data, static_cast<std::size_t>(got));
  }
  return drain();
}

Bytes RawEnd::write(std::string_view data) {
  SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
  return drain();
}

SECURITY_STATUS shake(End& ours, bool ours_is_server, RawEnd& raw) {
  Bytes to_ours = ours_is_server ? raw.step({}) : Bytes{};
  SECURITY_STATUS status = SEC_I_CONTINUE_NEEDED;
  for (int round = 0; round < 10 && !ours.done(); ++round) {
    const Outcome outcome = ours.step(to_ours);
    status = outcome.status;
    const std::size_t extra = outcome.extra;
    const Bytes rest(to_ours.end() - static_cast<std::ptrdiff_t>(extra), to_ours.end());
    to_ours = raw.step(outcome.token);
    if (status < 0) return status;
    if (ours.done() && !rest.empty()) {
      EXPECT_GE(ours.decrypt_stream(rest).status, 0) << why();
    }
  }
  if (ours.done() && !to_ours.empty()) {
    EXPECT_GE(ours.decrypt_stream(to_ours).status, 0) << why();
  }
  return status;
}

}  // namespace tls
