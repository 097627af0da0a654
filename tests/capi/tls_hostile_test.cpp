// What a peer, or the maker of a file, does to get more than it may: each is one attack, and fails.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "tls_pki.hpp"

namespace {

using namespace tls;

struct Pki {
  Issued root = issue({.subject = "Hostile Root", .authority = true});
  Issued server = issue({.names = "DNS:server.example", .issuer = &root});
  Certificate server_certificate = with_key(server);
  Store roots = store_with({root.x509});
};
const Pki& pki() {
  static const Pki own;
  return own;
}

// ---- A server. ----

// Each renegotiation that is asked for is refused with an alert, which the caller is to fetch and send.
TEST(HostileServer, CannotPileUpAnswersBehindItsData) {
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &pki().server, {}, TLS1_2_VERSION);
  End client(false, credential.handle());
  ASSERT_EQ(shake(client, false, server), SEC_E_OK) << why();
  SECURITY_STATUS status = SEC_E_OK;
  int asked = 0;
  for (; asked < 1000 && status == SEC_E_OK; ++asked) {
    SSL_renegotiate(server.ssl());
    SSL_do_handshake(server.ssl());
    Bytes records = server.write("");
    const Bytes data = server.write("x");
    records.insert(records.end(), data.begin(), data.end());
    status = client.decrypt_stream(records).status;
    if (asked < 200) {  // a caller who takes the answers is served as long as the peer likes
      EXPECT_EQ(status, SEC_E_OK) << asked << " " << why();
      const Bytes answer = client.encrypt_stream("");
      EXPECT_FALSE(answer.empty());
    }
  }
  EXPECT_EQ(status, SEC_E_ILLEGAL_MESSAGE);
  EXPECT_LT(asked, 300);
}

// ---- A client. ----

// Full handshakes show the certificate, resumed ones do not.
TEST(HostileClient, CannotResumeWithACertificateThatHasExpiredSince) {
  struct Way {
    const char* name;
    int version;
    bool tickets;
  };
  for (const Way& way :
       {Way{"TLS 1.3", TLS1_3_VERSION, true}, Way{"TLS 1.2", TLS1_2_VERSION, true}, Way{"id", TLS1_2_VERSION, false}}) {
    Credential credential(
        {.server = true, .certificates = {pki().server_certificate.get()}, .roots = pki().roots.get()});
    std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(nullptr, SSL_SESSION_free);
    const auto connect = [&](const Issued& own, bool& reused) {
      RawEnd client(false, &own, {}, way.version);
      if (!way.tickets) SSL_set_options(client.ssl(), SSL_OP_NO_TICKET);
      if (session) SSL_set_session(client.ssl(), session.get());
      End server(true, credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
      const SECURITY_STATUS status = shake(server, true, client);
      if (status == SEC_E_OK) {
        client.step(server.encrypt("x"));  // and the tickets before it
        EXPECT_NE(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
      }
      reused = SSL_session_reused(client.ssl()) == 1;
      session.reset(SSL_get1_session(client.ssl()));
      SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // or OpenSSL gives the session up
      return status;
    };
    // Certificates of few seconds, until one lasts for both connections on a machine that is busy.
    bool reused = false;
    long life = 2;
    for (; life <= 32 && !reused; life *= 2) {
      const Issued own = issue({.subject = "client", .issuer = &pki().root, .until = life});
      session.reset();
      if (connect(own, reused) != SEC_E_OK || connect(own, reused) != SEC_E_OK || !reused) continue;
      while (X509_cmp_current_time(X509_get0_notAfter(own.x509.get())) > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      bool reused_later = false;
      EXPECT_EQ(connect(own, reused_later), SEC_E_CERT_EXPIRED) << way.name << " " << why();
    }
    EXPECT_TRUE(reused) << way.name;
  }
}

// ---- The maker of a certificate. ----

// Names end with a zero for the callers of this interface.
TEST(HostileName, CannotEndBeforeItsEnd) {
  using namespace std::string_literals;
  const Issued evil = issue({.subject = "server.example\0.attacker.example"s, .issuer = &pki().root});
  const Certificate certificate = bare(evil.x509);
  for (const int type : {CERT_NAME_SIMPLE_DISPLAY_TYPE, CERT_NAME_DNS_TYPE, CERT_NAME_RDN_TYPE}) {
    char16_t text[256];
    ASSERT_GT(CertGetNameStringW(certificate.get(), static_cast<DWORD>(type), 0, nullptr, text, 256), 0U);
    const std::u16string name = text;
    EXPECT_NE(name, u"server.example") << type;
    EXPECT_NE(name, u"CN=server.example") << type;
    EXPECT_FALSE(name.empty());
  }
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &evil);
  End client(false, credential.handle());
  EXPECT_EQ(shake(client, false, server), SEC_E_WRONG_PRINCIPAL) << why();

  Credential accepting({.server = true, .certificates = {pki().server_certificate.get()}, .roots = pki().roots.get()});
  RawEnd known(false, &evil);
  End acceptor(true, accepting.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  ASSERT_EQ(shake(acceptor, true, known), SEC_E_OK) << why();
  const auto names = acceptor.query<SecPkgContext_NamesW>(SECPKG_ATTR_NAMES);
  ASSERT_TRUE(names);
  EXPECT_NE(std::u16string(reinterpret_cast<const char16_t*>(names->sUserName)), u"CN=server.example");
  FreeContextBuffer(names->sUserName);
}

// ---- The maker of a file. ----

// A key under a password that is to be hashed so many times, in a PFX whose MAC is right.
Bytes pfx_with(X509_ALGOR* algorithm) {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(pki().server.key.get());
  X509_SIG* locked = PKCS8_encrypt(-1, EVP_aes_128_cbc(), "x", 1, nullptr, 0, 1, info);
  PKCS8_PRIV_KEY_INFO_free(info);
  X509_ALGOR* wanted = nullptr;
  X509_SIG_getm(locked, &wanted, nullptr);
  EXPECT_EQ(X509_ALGOR_copy(wanted, algorithm), 1);
  X509_ALGOR_free(algorithm);
  STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
  sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_pkcs8(locked));
  STACK_OF(PKCS7)* safes = sk_PKCS7_new_null();
  sk_PKCS7_push(safes, PKCS12_pack_p7data(bags));
  PKCS12* pfx = PKCS12_init(NID_pkcs7_data);
  EXPECT_EQ(PKCS12_pack_authsafes(pfx, safes), 1);
  EXPECT_EQ(PKCS12_set_mac(pfx, "x", 1, nullptr, 0, 1, EVP_sha256()), 1);
  unsigned char* data = nullptr;
  const int size = i2d_PKCS12(pfx, &data);
  Bytes out(data, data + size);
  OPENSSL_free(data);
  PKCS12_free(pfx);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  return out;
}

TEST(HostileFile, CannotHaveAPasswordHashedWithoutEnd) {
  unsigned char salt[16] = {1};
  const std::pair<const char*, X509_ALGOR*> algorithms[] = {
      {"PBES2 with PBKDF2", PKCS5_pbe2_set_iv(EVP_aes_128_cbc(), 15'000'000, salt, sizeof salt, nullptr, -1)},
      {"PBES2 with scrypt", PKCS5_pbe2_set_scrypt(EVP_aes_128_cbc(), salt, sizeof salt, nullptr, 16384, 8, 100)},
      {"PKCS#12's own", PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 15'000'000, salt, sizeof salt)}};
  for (const auto& [name, algorithm] : algorithms) {
    Bytes pfx = pfx_with(algorithm);
    CRYPT_DATA_BLOB blob{static_cast<DWORD>(pfx.size()), pfx.data()};
    EXPECT_EQ(PFXImportCertStore(&blob, u"x", 0), nullptr) << name;
    EXPECT_NE(why().find("hashed more than 10000000 times"), std::string::npos) << name << ": " << why();
  }
}

TEST(StoreFile, KeepsItsRevocationListsThroughChanges) {
  char name[] = "/tmp/opensspi-XXXXXX";
  const std::string directory = mkdtemp(name);
  const std::u16string path = std::u16string(directory.begin(), directory.end()) + u"/store";
  const Store first = store_with({pki().root.x509}, {make_crl({pki().root, {pki().server.x509}})});
  ASSERT_TRUE(CertSaveStore(first.get(), X509_ASN_ENCODING, CERT_STORE_SAVE_AS_STORE, CERT_STORE_SAVE_TO_FILENAME_W,
                            const_cast<char16_t*>(path.c_str()), 0))
      << why();
  const auto open = [&](DWORD flags) {
    return Store(CertOpenStore(CERT_STORE_PROV_FILENAME_W, X509_ASN_ENCODING, 0, flags, path.c_str()));
  };
  const auto refused = [&] {
    const Store roots = open(CERT_STORE_READONLY_FLAG);
    Credential credential({.roots = roots.get(), .flags = SCH_CRED_REVOCATION_CHECK_END_CERT});
    RawEnd server(true, &pki().server);
    End client(false, credential.handle());
    return shake(client, false, server);
  };
  EXPECT_EQ(refused(), static_cast<SECURITY_STATUS>(CRYPT_E_REVOKED)) << why();
  {
    const Store store = open(CERT_FILE_STORE_COMMIT_ENABLE_FLAG);
    EXPECT_TRUE(
        CertAddCertificateContextToStore(store.get(), pki().server_certificate.get(), CERT_STORE_ADD_NEW, nullptr))
        << why();
  }
  EXPECT_EQ(refused(), static_cast<SECURITY_STATUS>(CRYPT_E_REVOKED)) << why();

  // One that is added to the store is written as a certificate is.
  std::filesystem::remove(path);
  {
    const Store store = open(CERT_FILE_STORE_COMMIT_ENABLE_FLAG);
    const Bytes list = make_crl({pki().root, {pki().server.x509}});
    EXPECT_TRUE(CertAddCertificateContextToStore(store.get(), bare(pki().root.x509).get(), CERT_STORE_ADD_NEW, nullptr))
        << why();
    EXPECT_TRUE(CertAddEncodedCRLToStore(store.get(), X509_ASN_ENCODING, list.data(), static_cast<DWORD>(list.size()),
                                         CERT_STORE_ADD_ALWAYS, nullptr))
        << why();
  }
  EXPECT_EQ(refused(), static_cast<SECURITY_STATUS>(CRYPT_E_REVOKED)) << why();
  std::filesystem::remove_all(directory);
}

// A store's file has no keys, and is written as a whole.
TEST(StoreFile, IsNotWrittenOverAPrivateKey) {
  char name[] = "/tmp/opensspi-XXXXXX";
  const std::string directory = mkdtemp(name), path = directory + "/server.pem";
  FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, pki().server.x509.get());
  PEM_write_PrivateKey(file, pki().server.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  const std::u16string wide(path.begin(), path.end());
  const auto open = [&](DWORD flags) {
    return Store(CertOpenStore(CERT_STORE_PROV_FILENAME_W, X509_ASN_ENCODING, 0, flags, wide.c_str()));
  };
  EXPECT_FALSE(open(CERT_FILE_STORE_COMMIT_ENABLE_FLAG));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_ACCESS_DENIED)) << why();
  EXPECT_TRUE(open(CERT_STORE_READONLY_FLAG)) << why();
  EXPECT_TRUE(open(0)) << why();
  std::filesystem::remove_all(directory);
}

}  // namespace
