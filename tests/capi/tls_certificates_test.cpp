// Certificates and stores through the interface of wincrypt.h.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tls_pair.hpp"

namespace {

using namespace tls;

std::u16string name_of(const CERT_CONTEXT* certificate, DWORD type, DWORD flags = 0, void* para = nullptr) {
  char16_t text[256];
  const DWORD length = CertGetNameStringW(certificate, type, flags, para, text, 256);
  return std::u16string(text, length == 0 ? 0 : length - 1);
}

std::u16string subject_text(const CERT_CONTEXT* certificate, DWORD type) {
  char16_t text[512];
  const DWORD length = CertNameToStrW(X509_ASN_ENCODING, &certificate->pCertInfo->Subject, type, text, 512);
  return std::u16string(text, length - 1);
}

Bytes der(const CERT_CONTEXT* certificate) {
  return {certificate->pbCertEncoded, certificate->pbCertEncoded + certificate->cbCertEncoded};
}

Bytes property(const CERT_CONTEXT* certificate, DWORD id) {
  DWORD size = 0;
  if (CertGetCertificateContextProperty(certificate, id, nullptr, &size) == 0) return {};
  Bytes out(size);
  EXPECT_TRUE(CertGetCertificateContextProperty(certificate, id, out.data(), &size));
  return out;
}

int count(HCERTSTORE store) {
  int found = 0;
  for (PCCERT_CONTEXT at = CertEnumCertificatesInStore(store, nullptr); at != nullptr;
       at = CertEnumCertificatesInStore(store, at)) {
    ++found;
  }
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_NOT_FOUND));
  return found;
}

TEST(Certificates, HaveTheirNamesInEachFormat) {
  const Certificate certificate =
      make({.subject = u"CN=\"Smith, John\", OU=One + OU=Two, O=Example, C=IN",
            .names = {u"DNS:a.example", u"DNS:b.example", u"email:j@a.example", u"URI:https://a.example/"}});
  EXPECT_EQ(subject_text(certificate.get(), CERT_X500_NAME_STR),
            u"CN=\"Smith, John\", OU=One + OU=Two, O=Example, C=IN");
  EXPECT_EQ(subject_text(certificate.get(), CERT_X500_NAME_STR | CERT_NAME_STR_REVERSE_FLAG),
            u"C=IN, O=Example, OU=One + OU=Two, CN=\"Smith, John\"");
  EXPECT_EQ(subject_text(certificate.get(), CERT_SIMPLE_NAME_STR | CERT_NAME_STR_NO_QUOTING_FLAG),
            u"Smith, John, One + Two, Example, IN");
  EXPECT_EQ(
      subject_text(certificate.get(), CERT_OID_NAME_STR | CERT_NAME_STR_SEMICOLON_FLAG | CERT_NAME_STR_NO_PLUS_FLAG),
      u"2.5.4.3=\"Smith, John\"; 2.5.4.11=One 2.5.4.11=Two; 2.5.4.10=Example; 2.5.4.6=IN");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_SIMPLE_DISPLAY_TYPE), u"Smith, John");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_DNS_TYPE), u"a.example");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_EMAIL_TYPE), u"j@a.example");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_URL_TYPE), u"https://a.example/");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_UPN_TYPE), u"");
  char organisation[] = "2.5.4.10", nothing[] = "2.5.4.12";
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_ATTR_TYPE, 0, organisation), u"Example");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_ATTR_TYPE, 0, nothing), u"");
  EXPECT_EQ(name_of(certificate.get(), CERT_NAME_DNS_TYPE, CERT_NAME_SEARCH_ALL_NAMES_FLAG),
            std::u16string(u"a.example\0b.example\0", 20));
}

TEST(Certificates, ParseNamesOrSayWhereTheyAreWrong) {
  Bytes out(256);
  const std::u16string bad[] = {u"CN", u"XX=a", u"CN=\"open", u"CN=a, =b", u"CN=a,,O=b"};
  for (const std::u16string& text : bad) {
    DWORD size = 256;
    const SEC_WCHAR* at = nullptr;
    EXPECT_FALSE(CertStrToNameW(X509_ASN_ENCODING, text.c_str(), CERT_X500_NAME_STR, nullptr, out.data(), &size, &at));
    EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_INVALID_X500_STRING)) << why();
    EXPECT_NE(at, nullptr);
  }
  DWORD size = 0;
  EXPECT_TRUE(CertStrToNameW(X509_ASN_ENCODING, u"OID.2.5.4.3=a; O=\"say \"\"b\"\"\"", CERT_X500_NAME_STR, nullptr,
                             nullptr, &size, nullptr))
      << why();
  size = 2;
  EXPECT_FALSE(CertStrToNameW(X509_ASN_ENCODING, u"CN=a", CERT_X500_NAME_STR, nullptr, out.data(), &size, nullptr));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_MORE_DATA));
}

TEST(Certificates, HaveTheirFieldsAsWindowsDoes) {
  const House own(OPENSSPI_KEY_RSA);
  const CERT_INFO& info = *own.server->pCertInfo;
  EXPECT_EQ(info.dwVersion, static_cast<DWORD>(CERT_V3));
  EXPECT_EQ(info.SerialNumber.cbData, 16U);
  EXPECT_STREQ(info.SignatureAlgorithm.pszObjId, "1.2.840.10045.4.3.2");
  EXPECT_STREQ(info.SubjectPublicKeyInfo.Algorithm.pszObjId, "1.2.840.113549.1.1.1");
  EXPECT_EQ(CertGetPublicKeyLength(X509_ASN_ENCODING, const_cast<CERT_PUBLIC_KEY_INFO*>(&info.SubjectPublicKeyInfo)),
            2048U);
  EXPECT_EQ(CertGetPublicKeyLength(X509_ASN_ENCODING,
                                   const_cast<CERT_PUBLIC_KEY_INFO*>(&own.root->pCertInfo->SubjectPublicKeyInfo)),
            256U);
  BYTE usage[2];
  EXPECT_TRUE(CertGetIntendedKeyUsage(X509_ASN_ENCODING, own.root->pCertInfo, usage, 2));
  EXPECT_EQ(usage[0], CERT_KEY_CERT_SIGN_KEY_USAGE | CERT_CRL_SIGN_KEY_USAGE);
  EXPECT_EQ(property(own.server.get(), CERT_SHA1_HASH_PROP_ID).size(), 20U);
  EXPECT_EQ(property(own.server.get(), CERT_SHA256_HASH_PROP_ID).size(), 32U);
}

TEST(Certificates, KeepPropertiesAndKeys) {
  const House own;
  EXPECT_FALSE(property(own.server.get(), CERT_KEY_PROV_INFO_PROP_ID).empty());
  const Certificate bare(
      CertCreateCertificateContext(X509_ASN_ENCODING, own.server->pbCertEncoded, own.server->cbCertEncoded));
  EXPECT_TRUE(property(bare.get(), CERT_KEY_PROV_INFO_PROP_ID).empty());
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_NOT_FOUND));
  char16_t text[] = u"My certificate";
  CRYPT_DATA_BLOB blob{sizeof text, reinterpret_cast<BYTE*>(text)};
  EXPECT_TRUE(CertSetCertificateContextProperty(bare.get(), CERT_FRIENDLY_NAME_PROP_ID, 0, &blob));
  EXPECT_EQ(name_of(bare.get(), CERT_NAME_FRIENDLY_DISPLAY_TYPE), u"My certificate");
  EXPECT_FALSE(CertSetCertificateContextProperty(bare.get(), CERT_SHA1_HASH_PROP_ID, 0, &blob));
  EXPECT_TRUE(CertSetCertificateContextProperty(bare.get(), CERT_FRIENDLY_NAME_PROP_ID, 0, nullptr));
  EXPECT_TRUE(property(bare.get(), CERT_FRIENDLY_NAME_PROP_ID).empty());
}

TEST(Certificates, TellTheirUsages) {
  const Certificate every = make({});
  const Certificate one = make({.usages = {szOID_PKIX_KP_SERVER_AUTH}});
  const auto usages = [](const CERT_CONTEXT* certificate, DWORD flags) {
    DWORD size = 0;
    EXPECT_TRUE(CertGetEnhancedKeyUsage(certificate, flags, nullptr, &size));
    Bytes memory(size);
    auto* usage = reinterpret_cast<CERT_ENHKEY_USAGE*>(memory.data());
    EXPECT_TRUE(CertGetEnhancedKeyUsage(certificate, flags, usage, &size));
    std::vector<std::string> out(usage->rgpszUsageIdentifier, usage->rgpszUsageIdentifier + usage->cUsageIdentifier);
    return out;
  };
  EXPECT_TRUE(usages(every.get(), 0).empty());
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_NOT_FOUND)) << "good for every usage";
  EXPECT_EQ(usages(one.get(), 0), std::vector<std::string>{szOID_PKIX_KP_SERVER_AUTH});
  BYTE none[] = {0x30, 0x00};
  CRYPT_DATA_BLOB blob{sizeof none, none};
  EXPECT_TRUE(CertSetCertificateContextProperty(one.get(), CERT_ENHKEY_USAGE_PROP_ID, 0, &blob));
  EXPECT_TRUE(usages(one.get(), 0).empty());
  EXPECT_EQ(OpenSspiGetLastCryptError(), 0U) << "good for no usage";
  EXPECT_EQ(usages(one.get(), CERT_FIND_EXT_ONLY_ENHKEY_USAGE_FLAG).size(), 1U);
}

TEST(Certificates, AreCountedAndOutliveTheirStores) {
  const House own;
  PCCERT_CONTEXT found = nullptr;
  {
    const Store store = store_of({own.server.get(), own.root.get()});
    found = CertFindCertificateInStore(store.get(), X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR_W, u"ROOT", nullptr);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(CertDuplicateCertificateContext(found), found);
    CertFreeCertificateContext(found);
  }
  EXPECT_EQ(der(found), der(own.root.get()));
  EXPECT_EQ(count(found->hCertStore), 2) << "the store lives as long as the context";
  CertFreeCertificateContext(found);
  EXPECT_TRUE(CertFreeCertificateContext(nullptr));
}

TEST(Stores, AddByTheirDispositions) {
  const House own;
  const Store store = store_of({own.server.get()});
  PCCERT_CONTEXT out = nullptr;
  EXPECT_FALSE(CertAddCertificateContextToStore(store.get(), own.server.get(), CERT_STORE_ADD_NEW, &out));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_EXISTS));
  EXPECT_TRUE(CertAddCertificateContextToStore(store.get(), own.server.get(), CERT_STORE_ADD_USE_EXISTING, nullptr));
  EXPECT_EQ(count(store.get()), 1);
  EXPECT_TRUE(
      CertAddCertificateContextToStore(store.get(), own.server.get(), CERT_STORE_ADD_REPLACE_EXISTING, nullptr));
  EXPECT_EQ(count(store.get()), 1);
  EXPECT_TRUE(CertAddEncodedCertificateToStore(store.get(), X509_ASN_ENCODING, own.server->pbCertEncoded,
                                               own.server->cbCertEncoded, CERT_STORE_ADD_ALWAYS, &out));
  EXPECT_EQ(count(store.get()), 2);
  EXPECT_TRUE(CertDeleteCertificateFromStore(out));
  EXPECT_EQ(count(store.get()), 1);
  const BYTE junk[] = {1, 2, 3};
  EXPECT_FALSE(
      CertAddEncodedCertificateToStore(store.get(), X509_ASN_ENCODING, junk, 3, CERT_STORE_ADD_ALWAYS, nullptr));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_ASN1_BADTAG));
}

TEST(Stores, FindByManyThings) {
  const House own;
  const Store store = store_of({own.server.get(), own.root.get()});
  Bytes hash = property(own.root.get(), CERT_SHA1_HASH_PROP_ID);
  CRYPT_HASH_BLOB blob{static_cast<DWORD>(hash.size()), hash.data()};
  const auto find = [&](DWORD type, const void* value) {
    return Certificate(CertFindCertificateInStore(store.get(), X509_ASN_ENCODING, 0, type, value, nullptr));
  };
  EXPECT_EQ(der(find(CERT_FIND_SHA1_HASH, &blob).get()), der(own.root.get()));
  EXPECT_EQ(der(find(CERT_FIND_ISSUER_OF, own.server.get()).get()), der(own.root.get()));
  EXPECT_EQ(der(find(CERT_FIND_EXISTING, own.server.get()).get()), der(own.server.get()));
  EXPECT_EQ(der(find(CERT_FIND_ISSUER_STR_W, u"test root").get()), der(own.server.get()));
  EXPECT_EQ(der(find(CERT_FIND_SUBJECT_NAME, &own.root->pCertInfo->Subject).get()), der(own.root.get()));
  EXPECT_EQ(der(find(CERT_FIND_SUBJECT_CERT, own.root->pCertInfo).get()), der(own.root.get()));
  EXPECT_FALSE(find(CERT_FIND_SUBJECT_STR_W, u"nobody"));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(CRYPT_E_NOT_FOUND));
}

TEST(Stores, GoThroughPfxWithPasswords) {
  const House own;
  const Store store = store_of({own.server.get(), own.root.get()});
  for (const std::u16string password : {u"", u"secret", u"p\u00E4ssword \U0001F511"}) {
    CRYPT_DATA_BLOB blob{0, nullptr};
    ASSERT_TRUE(PFXExportCertStoreEx(store.get(), &blob, password.c_str(), nullptr, EXPORT_PRIVATE_KEYS)) << why();
    Bytes bytes(blob.cbData);
    blob.pbData = bytes.data();
    ASSERT_TRUE(PFXExportCertStoreEx(store.get(), &blob, password.c_str(), nullptr, EXPORT_PRIVATE_KEYS)) << why();
    EXPECT_TRUE(PFXIsPFXBlob(&blob));
    EXPECT_TRUE(PFXVerifyPassword(&blob, password.c_str(), 0));
    EXPECT_FALSE(PFXVerifyPassword(&blob, u"wrong", 0));
    EXPECT_EQ(PFXImportCertStore(&blob, u"wrong", 0), nullptr);
    EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_INVALID_PASSWORD));
    const Store back(PFXImportCertStore(&blob, password.c_str(), 0));
    ASSERT_TRUE(back) << why();
    EXPECT_EQ(count(back.get()), 2);
    const Certificate with_key(
        CertFindCertificateInStore(back.get(), X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, own.server.get(), nullptr));
    EXPECT_FALSE(property(with_key.get(), CERT_KEY_PROV_INFO_PROP_ID).empty());
    // Imported without CRYPT_EXPORTABLE, the key does not leave again.
    CRYPT_DATA_BLOB again{0, nullptr};
    EXPECT_FALSE(PFXExportCertStoreEx(back.get(), &again, u"", nullptr,
                                      EXPORT_PRIVATE_KEYS | REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY));
    EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(NTE_BAD_KEY_STATE));
    for (std::size_t cut = 0; cut < bytes.size(); cut += 37) {
      CRYPT_DATA_BLOB part{static_cast<DWORD>(cut), bytes.data()};
      EXPECT_EQ(PFXImportCertStore(&part, password.c_str(), 0), nullptr);
    }
  }
}

TEST(Stores, GoThroughSerializedAndPkcs7) {
  const House own;
  const Store store = store_of({own.server.get(), own.root.get()});
  char16_t text[] = u"friend";
  CRYPT_DATA_BLOB friendly{sizeof text, reinterpret_cast<BYTE*>(text)};
  const Certificate first(CertEnumCertificatesInStore(store.get(), nullptr));
  CertSetCertificateContextProperty(first.get(), CERT_FRIENDLY_NAME_PROP_ID, 0, &friendly);
  for (const DWORD as : {DWORD{CERT_STORE_SAVE_AS_STORE}, DWORD{CERT_STORE_SAVE_AS_PKCS7}}) {
    CRYPT_DATA_BLOB blob{0, nullptr};
    ASSERT_TRUE(CertSaveStore(store.get(), 0, as, CERT_STORE_SAVE_TO_MEMORY, &blob, 0)) << why();
    Bytes bytes(blob.cbData);
    blob.pbData = bytes.data();
    ASSERT_TRUE(CertSaveStore(store.get(), 0, as, CERT_STORE_SAVE_TO_MEMORY, &blob, 0)) << why();
    const char* provider = as == CERT_STORE_SAVE_AS_STORE ? CERT_STORE_PROV_SERIALIZED : CERT_STORE_PROV_PKCS7;
    const Store back(CertOpenStore(provider, 0, 0, 0, &blob));
    ASSERT_TRUE(back) << why();
    EXPECT_EQ(count(back.get()), 2);
    const Certificate again(CertFindCertificateInStore(back.get(), 0, 0, CERT_FIND_EXISTING, first.get(), nullptr));
    EXPECT_EQ(name_of(again.get(), CERT_NAME_FRIENDLY_DISPLAY_TYPE),
              as == CERT_STORE_SAVE_AS_STORE ? u"friend" : u"server.example");
    for (std::size_t cut = 0; cut < bytes.size(); cut += 11) {
      CRYPT_DATA_BLOB part{static_cast<DWORD>(cut), bytes.data()};
      EXPECT_EQ(CertOpenStore(provider, 0, 0, 0, &part), nullptr);
    }
  }
}

class StoresOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/opensspi-XXXXXX";
    directory_ = mkdtemp(name);
    setenv("OPENSSPI_MY", (directory_ + "/my").c_str(), 1);
    setenv("SSL_CERT_FILE", (directory_ + "/roots.pem").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("OPENSSPI_MY");
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(directory_);
  }
  std::u16string wide(const std::string& name) const {
    const std::string path = directory_ + "/" + name;
    return {path.begin(), path.end()};
  }
  // PEM by the Base64 of RFC 4648.
  void write_pem(const std::string& name, std::initializer_list<const CERT_CONTEXT*> certificates) const {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::ofstream file(directory_ + "/" + name);
    for (const CERT_CONTEXT* certificate : certificates) {
      const Bytes bytes = der(certificate);
      std::string text;
      for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::uint32_t three = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                    static_cast<std::uint32_t>(i + 1 < bytes.size() ? bytes[i + 1] : 0) << 8 |
                                    static_cast<std::uint32_t>(i + 2 < bytes.size() ? bytes[i + 2] : 0);
        text += kDigits[three >> 18];
        text += kDigits[three >> 12 & 63];
        text += i + 1 < bytes.size() ? kDigits[three >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? kDigits[three & 63] : '=';
      }
      file << "text before\n-----BEGIN CERTIFICATE-----\n";
      for (std::size_t i = 0; i < text.size(); i += 64) file << text.substr(i, 64) << "\n";
      file << "-----END CERTIFICATE-----\n";
    }
  }
  std::string directory_;
};

TEST_F(StoresOnDisk, PersonalCertificatesAreKeptWithTheirKeys) {
  const House own;
  {
    const Store my(CertOpenSystemStoreW(0, u"my"));
    ASSERT_TRUE(my) << why();
    EXPECT_EQ(count(my.get()), 0);
    EXPECT_TRUE(CertAddCertificateContextToStore(my.get(), own.server.get(), CERT_STORE_ADD_NEW, nullptr)) << why();
  }
  const auto mode = std::filesystem::status(directory_ + "/my").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
  const Store my(CertOpenSystemStoreW(0, u"MY"));
  ASSERT_TRUE(my) << why();
  const Certificate found(CertEnumCertificatesInStore(my.get(), nullptr));
  ASSERT_TRUE(found);
  EXPECT_FALSE(property(found.get(), CERT_KEY_PROV_INFO_PROP_ID).empty());
  EXPECT_TRUE(CertDeleteCertificateFromStore(CertDuplicateCertificateContext(found.get())));
  EXPECT_EQ(count(Store(CertOpenSystemStoreW(0, u"MY")).get()), 0);
  std::filesystem::permissions(directory_ + "/my", std::filesystem::perms::all);
  EXPECT_EQ(CertOpenSystemStoreW(0, u"MY"), nullptr);
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_ACCESS_DENIED));
}

TEST_F(StoresOnDisk, DefaultClientCertificatesComeFromThePersonalStore) {
  const House own;
  const Certificate good =
      make({.subject = u"CN=good", .issuer = own.root.get(), .usages = {szOID_PKIX_KP_CLIENT_AUTH}});
  const Certificate other_issuer = make({.subject = u"CN=other"});
  const Certificate for_servers =
      make({.subject = u"CN=server", .issuer = own.root.get(), .usages = {szOID_PKIX_KP_SERVER_AUTH}});
  const Certificate expired = make({.subject = u"CN=old", .issuer = own.root.get(), .from_days = -9, .until_days = -1});
  const Store my(CertOpenSystemStoreW(0, u"MY"));
  for (const auto* certificate : {&other_issuer, &for_servers, &expired, &good}) {
    ASSERT_TRUE(CertAddCertificateContextToStore(my.get(), certificate->get(), CERT_STORE_ADD_NEW, nullptr)) << why();
  }
  Credential server_credential({.server = true, .certificates = {own.server.get()}, .roots = own.roots.get()});
  Credential with({.roots = own.roots.get(), .flags = SCH_CRED_USE_DEFAULT_CREDS | SCH_CRED_AUTO_CRED_VALIDATION});
  Credential without({.roots = own.roots.get(), .flags = SCH_CRED_NO_DEFAULT_CREDS | SCH_CRED_AUTO_CRED_VALIDATION});
  End client(false, with.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  ASSERT_TRUE(shake(client, server).good()) << why();
  EXPECT_EQ(name_of(server.remote_certificate().get(), CERT_NAME_SIMPLE_DISPLAY_TYPE), u"good");
  End second(false, without.handle()), other(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  EXPECT_EQ(shake(second, other).client, SEC_I_INCOMPLETE_CREDENTIALS);
}

TEST_F(StoresOnDisk, SystemRootsAreReadAgainWhenTheyChange) {
  const House own, other;
  write_pem("roots.pem", {other.root.get()});
  EXPECT_EQ(count(Store(CertOpenSystemStoreW(0, u"ROOT")).get()), 1);
  Credential server_credential({.server = true, .certificates = {own.server.get()}});
  const auto connect = [&] {
    Credential client_credential({});
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    return shake(client, server).client;
  };
  EXPECT_EQ(connect(), SEC_E_UNTRUSTED_ROOT);
  write_pem("roots.pem", {other.root.get(), own.root.get()});
  EXPECT_EQ(count(Store(CertOpenSystemStoreW(0, u"ROOT")).get()), 2);
  EXPECT_EQ(connect(), SEC_E_OK) << why();
  const Store roots(CertOpenSystemStoreW(0, u"ROOT"));
  EXPECT_FALSE(CertAddCertificateContextToStore(roots.get(), own.server.get(), CERT_STORE_ADD_ALWAYS, nullptr))
      << "read only";
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_ACCESS_DENIED));
}

TEST_F(StoresOnDisk, SystemRootsNeverAuthenticateClients) {
  const House own;
  write_pem("roots.pem", {own.root.get()});
  const Certificate client_certificate = make({.subject = u"CN=client", .issuer = own.root.get()});
  Credential server_credential({.server = true, .certificates = {own.server.get()}});
  Credential client_credential({.certificates = {client_certificate.get()}});
  End client(false, client_credential.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  ASSERT_TRUE(shake(client, server).good()) << why();
  EXPECT_TRUE(server.remote_certificate());
  EXPECT_EQ(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
}

TEST_F(StoresOnDisk, FilesOpenByTheirFlags) {
  const House own;
  write_pem("a.pem", {own.server.get(), own.root.get()});
  const auto open = [&](const std::string& name, DWORD flags) {
    return Store(CertOpenStore(CERT_STORE_PROV_FILENAME_W, 0, 0, flags, wide(name).c_str()));
  };
  EXPECT_EQ(count(open("a.pem", 0).get()), 2);
  EXPECT_FALSE(open("none.pem", CERT_STORE_OPEN_EXISTING_FLAG));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_FILE_NOT_FOUND));
  EXPECT_FALSE(open("a.pem", CERT_STORE_CREATE_NEW_FLAG));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_FILE_EXISTS));
  std::ofstream(directory_ + "/junk") << "junk";
  EXPECT_FALSE(open("junk", 0));
  EXPECT_EQ(OpenSspiGetLastCryptError(), static_cast<DWORD>(ERROR_INVALID_DATA));
  {
    const Store kept = open("kept.sst", CERT_FILE_STORE_COMMIT_ENABLE_FLAG);
    EXPECT_TRUE(CertAddCertificateContextToStore(kept.get(), own.root.get(), CERT_STORE_ADD_NEW, nullptr)) << why();
  }
  EXPECT_EQ(count(open("kept.sst", CERT_STORE_OPEN_EXISTING_FLAG).get()), 1);
}

// ---- Chains. ----

class Chains : public StoresOnDisk {
 protected:
  DWORD verify(const CERT_CONTEXT* certificate, HCERTSTORE others, const char16_t* server = nullptr, DWORD flags = 0,
               DWORD policy_flags = 0, const char* usage = nullptr, DWORD* trust = nullptr) {
    CERT_CHAIN_PARA para{};
    para.cbSize = sizeof para;
    char* usages[] = {const_cast<char*>(usage)};
    if (usage != nullptr) para.RequestedUsage.Usage = {1, usages};
    PCCERT_CHAIN_CONTEXT chain = nullptr;
    EXPECT_TRUE(CertGetCertificateChain(nullptr, certificate, nullptr, others, &para, flags, nullptr, &chain)) << why();
    HTTPSPolicyCallbackData https{};
    https.cbSize = sizeof https;
    https.dwAuthType = AUTHTYPE_SERVER;
    https.pwszServerName = const_cast<char16_t*>(server);
    CERT_CHAIN_POLICY_PARA policy{sizeof policy, policy_flags, &https};
    CERT_CHAIN_POLICY_STATUS status{};
    status.cbSize = sizeof status;
    EXPECT_TRUE(CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain, &policy, &status));
    if (trust != nullptr) *trust = chain->TrustStatus.dwErrorStatus;
    CertFreeCertificateChain(chain);
    return status.dwError;
  }
};

TEST_F(Chains, AreJudgedInWindowsOrder) {
  const House own;
  write_pem("roots.pem", {own.root.get()});
  const Certificate stranger = make({.names = {u"DNS:server.example"}, .usages = {szOID_PKIX_KP_CLIENT_AUTH}});
  const Certificate client_only =
      make({.names = {u"DNS:server.example"}, .issuer = own.root.get(), .usages = {szOID_PKIX_KP_CLIENT_AUTH}});
  const Certificate old =
      make({.names = {u"DNS:server.example"}, .issuer = own.root.get(), .from_days = -9, .until_days = -1});
  const auto code = [](SECURITY_STATUS status) { return static_cast<DWORD>(status); };
  EXPECT_EQ(verify(own.server.get(), nullptr, u"server.example"), 0U);
  EXPECT_EQ(verify(own.server.get(), nullptr, u"other.example"), code(CERT_E_CN_NO_MATCH));
  EXPECT_EQ(verify(own.server.get(), nullptr, u"other.example", 0, CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG), 0U);
  EXPECT_EQ(verify(stranger.get(), nullptr, u"x", 0, 0, szOID_PKIX_KP_SERVER_AUTH), code(CERT_E_UNTRUSTEDROOT));
  EXPECT_EQ(
      verify(stranger.get(), nullptr, nullptr, 0, CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG, szOID_PKIX_KP_SERVER_AUTH),
      code(CERT_E_WRONG_USAGE));
  EXPECT_EQ(verify(client_only.get(), nullptr, u"server.example", 0, 0, szOID_PKIX_KP_SERVER_AUTH),
            code(CERT_E_WRONG_USAGE));
  EXPECT_EQ(verify(client_only.get(), nullptr, nullptr, 0, 0, szOID_PKIX_KP_CLIENT_AUTH), 0U);
  EXPECT_EQ(verify(old.get(), nullptr), code(CERT_E_EXPIRED));
  EXPECT_EQ(verify(old.get(), nullptr, nullptr, 0, CERT_CHAIN_POLICY_IGNORE_NOT_TIME_VALID_FLAG), 0U);
  EXPECT_EQ(verify(own.server.get(), nullptr, nullptr, CERT_CHAIN_REVOCATION_CHECK_CHAIN),
            code(CRYPT_E_REVOCATION_OFFLINE));
  EXPECT_EQ(verify(own.server.get(), nullptr, nullptr, CERT_CHAIN_REVOCATION_CHECK_CHAIN,
                   CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS),
            0U);
}

TEST_F(Chains, FindIssuersOnlyInTheStoreThatIsGiven) {
  const House own;
  write_pem("roots.pem", {own.root.get()});
  const Certificate middle = make({.subject = u"CN=Middle", .issuer = own.root.get(), .authority = true});
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = middle.get()});
  DWORD trust = 0;
  EXPECT_EQ(verify(leaf.get(), nullptr, nullptr, 0, 0, nullptr, &trust), static_cast<DWORD>(CERT_E_CHAINING));
  EXPECT_EQ(trust, static_cast<DWORD>(CERT_TRUST_IS_PARTIAL_CHAIN));
  EXPECT_EQ(verify(leaf.get(), store_of({middle.get()}).get(), u"a.example"), 0U);
}

TEST(OidInfo, KnowsNames) {
  char oid[] = "1.3.6.1.5.5.7.3.1";
  const auto* info = CryptFindOIDInfo(CRYPT_OID_INFO_OID_KEY, oid, 0);
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(std::u16string(info->pwszName), u"Server Authentication");
  char16_t name[] = u"cn";
  EXPECT_STREQ(CryptFindOIDInfo(CRYPT_OID_INFO_NAME_KEY, name, CRYPT_RDN_ATTR_OID_GROUP_ID)->pszOID, "2.5.4.3");
  char unknown[] = "1.2.3.4";
  EXPECT_EQ(CryptFindOIDInfo(CRYPT_OID_INFO_OID_KEY, unknown, 0), nullptr);
}

}  // namespace
