// Never a protocol, a cipher, a signature or a key outside of what the credential was made for: SCH_CREDENTIALS with
// its disabled algorithms, and every set of protocols and strengths against an OpenSSL that would take anything.
#include <gtest/gtest.h>

#include <functional>

#include "tls_pki.hpp"

namespace {

using namespace tls;

struct Off {
  eTlsAlgorithmUsage usage;
  std::u16string algorithm;
  std::vector<std::u16string> modes = {};
  DWORD least = 0, most = 0;
};

UNICODE_STRING text_of(const std::u16string& text) {
  const auto size = static_cast<USHORT>(text.size() * 2);
  return {size, size, const_cast<char16_t*>(text.data())};
}

struct Wishes {
  bool server = false;
  std::vector<const CERT_CONTEXT*> certificates = {};
  HCERTSTORE roots = nullptr;
  DWORD flags = 0, disabled_protocols = 0, alpn = 0;
  std::vector<Off> off = {};
};

// A credential by SCH_CREDENTIALS.
class NewCredential {
 public:
  explicit NewCredential(const Wishes& wishes) {
    std::vector<CRYPTO_SETTINGS> settings;
    std::vector<std::vector<UNICODE_STRING>> modes(wishes.off.size());
    for (std::size_t i = 0; i < wishes.off.size(); ++i) {
      const Off& off = wishes.off[i];
      for (const auto& mode : off.modes) modes[i].push_back(text_of(mode));
      settings.push_back({off.usage, text_of(off.algorithm), static_cast<DWORD>(modes[i].size()), modes[i].data(),
                          off.least, off.most});
    }
    TLS_PARAMETERS parameters{};
    parameters.cAlpnIds = wishes.alpn;
    parameters.grbitDisabledProtocols = wishes.disabled_protocols;
    parameters.cDisabledCrypto = static_cast<DWORD>(settings.size());
    parameters.pDisabledCrypto = settings.data();
    std::vector<PCCERT_CONTEXT> certificates(wishes.certificates.begin(), wishes.certificates.end());
    SCH_CREDENTIALS data{};
    data.dwVersion = SCH_CREDENTIALS_VERSION;
    data.cCreds = static_cast<DWORD>(certificates.size());
    data.paCred = certificates.data();
    data.hRootStore = wishes.roots;
    data.dwFlags = wishes.flags;
    data.cTlsParameters = 1;
    data.pTlsParameters = &parameters;
    char16_t package[] = u"Schannel";
    status_ = AcquireCredentialsHandleW(nullptr, package, wishes.server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND,
                                        nullptr, &data, nullptr, nullptr, &handle_, nullptr);
  }
  NewCredential(const NewCredential&) = delete;
  NewCredential& operator=(const NewCredential&) = delete;
  ~NewCredential() {
    if (status_ == SEC_E_OK) FreeCredentialsHandle(&handle_);
  }
  SECURITY_STATUS status() const { return status_; }
  CredHandle* handle() { return &handle_; }

 private:
  CredHandle handle_{};
  SECURITY_STATUS status_ = SEC_E_OK;
};

// Certificates of both kinds under one root, and that in a store.
struct Pki {
  Issued root = issue({.subject = "Strength Root", .authority = true});
  Issued rsa_root = issue({.subject = "Strength RSA Root", .key = "RSA:2048", .authority = true});
  Issued ec = issue({.names = "DNS:server.example", .issuer = &root});
  Issued ec_384 = issue({.names = "DNS:server.example", .issuer = &root, .digest = "SHA384"});
  Issued rsa = issue({.names = "DNS:server.example", .issuer = &root, .key = "RSA:2048"});
  Issued rsa_3072 = issue({.names = "DNS:server.example", .issuer = &root, .key = "RSA:3072"});
  Issued by_rsa = issue({.names = "DNS:server.example", .issuer = &rsa_root});
  Certificate with_ec = with_key(ec), with_rsa = with_key(rsa);
  Store roots = store_with({root.x509, rsa_root.x509});
};
const Pki& pki() {
  static const Pki own;
  return own;
}

// What both ends agreed on, as OpenSSL sees it.
struct Agreed {
  SECURITY_STATUS status = SEC_E_OK;
  int version = 0, bits = 0, signature_hash = 0;
  std::string suite;
  long group = 0;
};
Agreed read(RawEnd& raw, bool raw_is_server, SECURITY_STATUS status) {
  Agreed agreed;
  agreed.status = status;
  if (status != SEC_E_OK) return agreed;
  SSL* ssl = raw.ssl();
  agreed.version = SSL_version(ssl);
  agreed.bits = SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl), nullptr);
  agreed.suite = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  agreed.group = SSL_get_negotiated_group(ssl);
  if (raw_is_server) SSL_get_signature_nid(ssl, &agreed.signature_hash);
  if (!raw_is_server) SSL_get_peer_signature_nid(ssl, &agreed.signature_hash);
  return agreed;
}

Agreed as_client(CredHandle* credential, const Issued& server, int version = 0, ULONG flags = 0) {
  RawEnd raw(true, &server, {}, version);
  SSL_set_cipher_list(raw.ssl(), "ALL:eNULL:@SECLEVEL=0");
  End client(false, credential, u"server.example", flags);
  const SECURITY_STATUS status = shake(client, false, raw);
  return read(raw, true, status);
}
Agreed as_server(CredHandle* credential, int version = 0) {
  RawEnd raw(false, nullptr, {}, version);
  SSL_set_cipher_list(raw.ssl(), "ALL:eNULL:@SECLEVEL=0");
  End server(true, credential);
  const SECURITY_STATUS status = shake(server, true, raw);
  return read(raw, false, status);
}

constexpr auto kCipher = TlsParametersCngAlgUsageCipher;
constexpr auto kDigest = TlsParametersCngAlgUsageDigest;
constexpr auto kExchange = TlsParametersCngAlgUsageKeyExchange;
constexpr auto kSignature = TlsParametersCngAlgUsageSignature;
constexpr auto kCertSig = TlsParametersCngAlgUsageCertSig;

TEST(DisabledCrypto, IsNeverAgreedOnByEitherSide) {
  struct Case {
    const char* name;
    std::vector<Off> off;
    std::function<bool(const Agreed&)> good;
    bool takes_p256 = true;  // a certificate of P-256 needs the group in TLS 1.2, and signs over SHA-256 in 1.3
  };
  const auto lacks = [](const char* part) {
    return [part](const Agreed& a) { return a.suite.find(part) == std::string::npos; };
  };
  const Case cases[] = {
      {"nothing", {}, [](const Agreed&) { return true; }},
      {"AES", {{kCipher, u"AES"}}, lacks("AES")},
      {"AES in GCM", {{kCipher, u"AES", {u"ChainingModeGCM"}}}, lacks("GCM")},
      {"AES of 128 bits", {{kCipher, u"AES", {}, 128, 128}}, [](const Agreed& a) { return a.bits == 256; }},
      {"AES of 256 bits and ChaCha20",
       {{kCipher, u"AES", {}, 256, 256}, {kCipher, u"CHACHA20_POLY1305"}},
       [](const Agreed& a) { return a.bits == 128; }},
      {"AES up to 255 bits", {{kCipher, u"aes", {}, 0, 255}}, [](const Agreed& a) { return a.bits == 256; }},
      {"SHA-256",
       {{kDigest, u"SHA256"}},
       [](const Agreed& a) { return a.suite.ends_with("SHA384") && a.signature_hash != NID_sha256; },
       false},
      {"SHA-384",
       {{kDigest, u"SHA384"}},
       [](const Agreed& a) { return !a.suite.ends_with("SHA384") && a.signature_hash != NID_sha384; }},
      {"signatures over SHA-256",
       {{kSignature, u"SHA256"}},
       [](const Agreed& a) { return a.signature_hash != NID_sha256; },
       false},
      {"groups below 300 bits",
       {{kExchange, u"ECDH", {}, 0, 300}},
       [](const Agreed& a) { return a.group == NID_secp384r1 || a.group == NID_secp521r1; },
       false},
      {"groups of 255 bits",
       {{kExchange, u"ECDHE", {}, 255, 255}},
       [](const Agreed& a) { return a.group == NID_X9_62_prime256v1; }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      for (const bool rsa : {false, true}) {
        NewCredential client({.roots = pki().roots.get(), .off = each.off});
        ASSERT_EQ(client.status(), SEC_E_OK) << why();
        const Agreed one = as_client(client.handle(), rsa ? pki().rsa : pki().ec, version);
        const bool must = rsa || each.takes_p256;
        EXPECT_TRUE(one.status == SEC_E_OK || !must) << why();
        EXPECT_TRUE(one.status != SEC_E_OK || each.good(one))
            << one.suite << " " << one.group << " " << one.signature_hash;
        NewCredential server(
            {.server = true, .certificates = {(rsa ? pki().with_rsa : pki().with_ec).get()}, .off = each.off});
        ASSERT_EQ(server.status(), SEC_E_OK) << why();
        const Agreed other = as_server(server.handle(), version);
        EXPECT_TRUE(other.status == SEC_E_OK || !must) << why();
        EXPECT_TRUE(other.status != SEC_E_OK || each.good(other))
            << other.suite << " " << other.group << " " << other.signature_hash;
      }
    }
  }
}

TEST(DisabledCrypto, OfSignaturesHoldsForHandshakesAndKeys) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    NewCredential no_ecdsa({.roots = pki().roots.get(), .off = {{kSignature, u"ECDSA"}}});
    EXPECT_LT(as_client(no_ecdsa.handle(), pki().ec, version).status, 0);
    EXPECT_EQ(as_client(no_ecdsa.handle(), pki().rsa, version).status, SEC_E_OK) << why();
    NewCredential no_rsa({.roots = pki().roots.get(), .off = {{kSignature, u"RSA"}}});
    EXPECT_LT(as_client(no_rsa.handle(), pki().rsa, version).status, 0);
    EXPECT_EQ(as_client(no_rsa.handle(), pki().ec, version).status, SEC_E_OK) << why();
    NewCredential longer({.roots = pki().roots.get(), .off = {{kSignature, u"RSA", {}, 0, 2048}}});
    EXPECT_EQ(as_client(longer.handle(), pki().rsa, version).status, SEC_E_ALGORITHM_MISMATCH);
    EXPECT_EQ(as_client(longer.handle(), pki().rsa_3072, version).status, SEC_E_OK) << why();
    EXPECT_EQ(as_client(longer.handle(), pki().ec, version).status, SEC_E_OK) << why();
    EXPECT_EQ(as_client(longer.handle(), pki().rsa, version, ISC_REQ_MANUAL_CRED_VALIDATION).status,
              SEC_E_ALGORITHM_MISMATCH)
        << "whoever validates";
  }
  // Its own certificate it may not disable.
  for (const Off& off : {Off{kSignature, u"RSA"}, Off{kSignature, u"RSA", {}, 1024, 2048}}) {
    NewCredential server({.server = true, .certificates = {pki().with_rsa.get()}, .off = {off}});
    EXPECT_EQ(server.status(), SEC_E_ALGORITHM_MISMATCH);
  }
}

TEST(DisabledCrypto, OfCertificatesHoldsForEachBelowTheRoot) {
  const auto status = [](const Off& off, const Issued& server) {
    NewCredential client({.roots = pki().roots.get(), .off = {off}});
    EXPECT_EQ(client.status(), SEC_E_OK) << why();
    return as_client(client.handle(), server).status;
  };
  EXPECT_EQ(status({kCertSig, u"SHA384"}, pki().ec_384), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({kCertSig, u"SHA384"}, pki().ec), SEC_E_OK) << why();
  EXPECT_EQ(status({kCertSig, u"SHA256"}, pki().ec), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({kCertSig, u"SHA256"}, pki().ec_384), SEC_E_OK) << why();
  EXPECT_EQ(status({kCertSig, u"RSA"}, pki().by_rsa), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({kCertSig, u"RSA"}, pki().rsa), SEC_E_OK) << "its own key signs no certificate: " << why();
  EXPECT_EQ(status({kCertSig, u"RSA", {}, 0, 2048}, pki().by_rsa), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({kCertSig, u"RSA", {}, 0, 2047}, pki().by_rsa), SEC_E_OK) << why();
  EXPECT_EQ(status({kCertSig, u"ECDSA"}, pki().ec), SEC_E_ALGORITHM_MISMATCH);
}

TEST(DisabledCrypto, ThatLeavesNothingOrIsNotUnderstoodRefusesTheCredential) {
  const auto status = [](std::vector<Off> off, DWORD protocols = 0, DWORD alpn = 0) {
    return NewCredential({.disabled_protocols = protocols, .alpn = alpn, .off = std::move(off)}).status();
  };
  EXPECT_EQ(status({}), SEC_E_OK);
  EXPECT_EQ(status({{kCipher, u"AES"}, {kCipher, u"CHACHA20_POLY1305"}}), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({{kDigest, u"SHA256"}, {kDigest, u"SHA384"}}), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({{kExchange, u"ECDH"}}), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({{kExchange, u"ECDH", {}, 1, 1000}}), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({}, SP_PROT_TLS1_2 | SP_PROT_TLS1_3), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(status({{kCipher, u"BLOWFISH"}}), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(status({{kCipher, u""}}), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(status({{kCipher, u"AES", {u"Sideways"}}}), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(status({{static_cast<eTlsAlgorithmUsage>(7), u"AES"}}), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(status(std::vector<Off>(17, {kCipher, u"RC4"})), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(status({}, 0, 1), SEC_E_UNSUPPORTED_FUNCTION);
}

TEST(Protocols, OnlyThoseAskedForAreSpoken) {
  struct Version {
    DWORD bits;
    int number;
  };
  const Version versions[] = {{SP_PROT_TLS1_0, TLS1_VERSION},
                              {SP_PROT_TLS1_1, TLS1_1_VERSION},
                              {SP_PROT_TLS1_2, TLS1_2_VERSION},
                              {SP_PROT_TLS1_3, TLS1_3_VERSION}};
  for (unsigned set = 0; set < 16; ++set) {
    DWORD bits = 0;
    for (unsigned i = 0; i < 4; ++i) bits |= (set >> i & 1) != 0 ? versions[i].bits : 0;
    Credential client({.roots = pki().roots.get(), .protocols = bits});
    Credential server({.server = true, .certificates = {pki().with_rsa.get()}, .protocols = bits});
    ASSERT_EQ(client.status(), SEC_E_OK) << why();
    ASSERT_EQ(server.status(), SEC_E_OK) << why();
    const DWORD asked = bits == 0 ? SP_PROT_TLS1_2 | SP_PROT_TLS1_3 : bits;
    for (const Version& version : versions) {
      SCOPED_TRACE(testing::Message() << "asked for " << std::hex << bits << ", the peer speaks " << version.number);
      const bool wanted = (asked & version.bits) != 0;
      // A ClientHello has a range: of a set with gaps the client speaks what is above the last of them.
      DWORD range = version.bits;
      for (const Version& above : versions) {
        if (above.number > version.number && (asked & ~(above.bits - 1)) >= above.bits) range |= above.bits;
      }
      const Agreed one = as_client(client.handle(), pki().rsa, version.number);
      EXPECT_EQ(one.status == SEC_E_OK, wanted && (asked & range) == range) << why();
      const Agreed other = as_server(server.handle(), version.number);
      EXPECT_EQ(other.status == SEC_E_OK, wanted) << why();
      for (const Agreed& agreed : {one, other}) {
        if (agreed.status == SEC_E_OK) {
          EXPECT_EQ(agreed.version, version.number);
        }
      }
    }
  }
  // SCH_CREDENTIALS has no way to turn the old ones on.
  for (const DWORD off : {DWORD{0}, DWORD{SP_PROT_TLS1_3}, DWORD{SP_PROT_TLS1_2}}) {
    NewCredential client({.roots = pki().roots.get(), .disabled_protocols = off});
    for (const Version& version : versions) {
      const bool wanted = version.number >= TLS1_2_VERSION && (off & version.bits) == 0;
      EXPECT_EQ(as_client(client.handle(), pki().rsa, version.number).status == SEC_E_OK, wanted);
    }
  }
}

TEST(Protocols, AnOldOneByNameLetsNoWeakCertificateIn) {
  const Issued small = issue({.names = "DNS:server.example", .issuer = &pki().root, .key = "RSA:1024"});
  const Issued sha1 =
      issue({.names = "DNS:server.example", .issuer = &pki().root, .key = "RSA:2048", .digest = "SHA1"});
  Credential client({.roots = pki().roots.get(), .protocols = SP_PROT_TLS1_0 | SP_PROT_TLS1_1});
  EXPECT_EQ(as_client(client.handle(), pki().rsa).status, SEC_E_OK) << why();
  EXPECT_EQ(as_client(client.handle(), small).status, SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(as_client(client.handle(), sha1).status, SEC_E_ALGORITHM_MISMATCH);
}

TEST(Strengths, OnlyThoseAskedForAreUsed) {
  constexpr DWORD kNull = 0xFFFFFFFF;
  for (const auto& [least, most] : {std::pair<DWORD, DWORD>{0, 0},
                                    {128, 128},
                                    {129, 256},
                                    {256, 0},
                                    {0, 128},
                                    {0, 255},
                                    {kNull, kNull},
                                    {kNull, 128}}) {
    SCOPED_TRACE(testing::Message() << least << " to " << most);
    Credential client({.roots = pki().roots.get(), .least = least, .most = most});
    Credential server({.server = true, .certificates = {pki().with_rsa.get()}, .least = least, .most = most});
    ASSERT_EQ(client.status(), SEC_E_OK) << why();
    ASSERT_EQ(server.status(), SEC_E_OK) << why();
    // The peer offers or takes one cipher after the other.
    for (const char* suite :
         {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "AES128-SHA",
          "AES256-GCM-SHA384", "ECDHE-RSA-NULL-SHA", "NULL-SHA256", "NULL-MD5", "AECDH-NULL-SHA", "AECDH-AES128-SHA",
          "ADH-AES256-GCM-SHA384"}) {
      const int bits = SSL_CIPHER_get_bits(
          [&] {
            static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()),
                                                                                   SSL_CTX_free);
            SSL_CTX_set_cipher_list(context.get(), "ALL:eNULL:@SECLEVEL=0");
            const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context.get());
            for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
              const SSL_CIPHER* one = sk_SSL_CIPHER_value(all, i);
              if (std::string(SSL_CIPHER_get_name(one)) == suite) return one;
            }
            ADD_FAILURE() << suite << " is not known to OpenSSL";
            return sk_SSL_CIPHER_value(all, 0);
          }(),
          nullptr);
      const bool null = bits == 0,
                 unsafe = std::string(suite).starts_with("A") && !std::string(suite).starts_with("AES");
      const bool fits = null ? least == kNull || most == kNull
                             : most != kNull && static_cast<DWORD>(bits) >= (least == kNull ? 0 : least) &&
                                   (most == 0 || static_cast<DWORD>(bits) <= most);
      RawEnd raw_server(true, &pki().rsa, {}, TLS1_2_VERSION), raw_client(false, nullptr, {}, TLS1_2_VERSION);
      SSL_set_cipher_list(raw_server.ssl(), (std::string(suite) + ":@SECLEVEL=0").c_str());
      SSL_set_cipher_list(raw_client.ssl(), (std::string(suite) + ":@SECLEVEL=0").c_str());
      End one(false, client.handle()), other(true, server.handle());
      for (const SECURITY_STATUS status : {shake(one, false, raw_server), shake(other, true, raw_client)}) {
        if (status == SEC_E_OK) {
          EXPECT_TRUE(fits && !unsafe) << suite;
        }
        // Those with forward secrecy and authenticated encryption are among ours where they fit.
        if (fits && std::string(suite).starts_with("ECDHE")) {
          EXPECT_EQ(status, SEC_E_OK) << suite << " " << why();
        }
      }
    }
  }
}

}  // namespace
