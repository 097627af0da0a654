// Revocation: none, strict and best effort, by lists and by stapled OCSP answers, of servers and of clients.
#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tls_pki.hpp"

namespace {

using namespace tls;

constexpr SECURITY_STATUS kRevoked = static_cast<SECURITY_STATUS>(CRYPT_E_REVOKED);
constexpr SECURITY_STATUS kOffline = static_cast<SECURITY_STATUS>(CRYPT_E_REVOCATION_OFFLINE);
constexpr SECURITY_STATUS kNoCheck = static_cast<SECURITY_STATUS>(CRYPT_E_NO_REVOCATION_CHECK);

constexpr DWORD kNone = 0, kStrict = SCH_CRED_REVOCATION_CHECK_CHAIN, kStrictEnd = SCH_CRED_REVOCATION_CHECK_END_CERT,
                kForgiving = SCH_CRED_IGNORE_NO_REVOCATION_CHECK | SCH_CRED_IGNORE_REVOCATION_OFFLINE,
                kBestEffort = kStrict | kForgiving;

// One authority with two leaves that differ in what they say of where a list could be had.
struct Pki {
  Issued root = issue({.subject = "Revocation Root", .authority = true});
  Issued leaf = issue({.names = "DNS:server.example", .issuer = &root});
  Issued pointing = issue({.names = "DNS:server.example",
                           .issuer = &root,
                           .extensions = {{"crlDistributionPoints", "URI:http://127.0.0.1:1/nobody.crl"}}});
};
const Pki& pki() {
  static const Pki own;
  return own;
}

// What a client says of a server that shows this certificate and staples this.
SECURITY_STATUS connect(const Issued& leaf, DWORD flags, const std::vector<Bytes>& crls, const Bytes& staple = {},
                        int version = TLS1_3_VERSION, const std::vector<X509Ref>& chain = {},
                        HCERTSTORE other_roots = nullptr) {
  const Store roots = store_with({pki().root.x509}, crls);
  Credential credential({.roots = other_roots != nullptr ? other_roots : roots.get(), .flags = flags});
  EXPECT_EQ(credential.status(), SEC_E_OK) << why();
  RawEnd server(true, &leaf, chain, version);
  int (*const answer)(SSL*, void*) = [](SSL* ssl, void* given) -> int {
    const auto& bytes = *static_cast<const Bytes*>(given);
    if (bytes.empty()) return SSL_TLSEXT_ERR_NOACK;
    auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(bytes.data(), bytes.size()));
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(bytes.size()));
    return SSL_TLSEXT_ERR_OK;
  };
  SSL_CTX_callback_ctrl(server.context(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(answer));
  SSL_CTX_set_tlsext_status_arg(server.context(), const_cast<Bytes*>(&staple));
  End client(false, credential.handle());
  return shake(client, false, server);
}

struct Case {
  const char* name;
  const Issued* leaf;
  std::vector<Bytes> crls;
  SECURITY_STATUS strict, best_effort;
};

TEST(Revocation, ByListsIsAsStrictAsAskedFor) {
  const Pki& own = pki();
  const Issued other = issue({.names = "DNS:other.example", .issuer = &own.root});
  const Issued same_name = issue({.subject = "Revocation Root", .authority = true});
  const auto list = [&](std::vector<X509Ref> revoked, long from = -3600, long until = 86400) {
    return std::vector<Bytes>{make_crl({own.root, std::move(revoked), from, until})};
  };
  const Case cases[] = {{"nothing is known", &own.leaf, {}, kNoCheck, SEC_E_OK},
                        {"nothing is known, and the certificate names a list", &own.pointing, {}, kOffline, SEC_E_OK},
                        {"good", &own.leaf, list({}), SEC_E_OK, SEC_E_OK},
                        {"good, another is revoked", &own.leaf, list({other.x509}), SEC_E_OK, SEC_E_OK},
                        {"revoked", &own.leaf, list({other.x509, own.leaf.x509}), kRevoked, kRevoked},
                        {"an old list", &own.leaf, list({}, -9 * 86400, -86400), kOffline, SEC_E_OK},
                        {"an old list that knows of the revocation", &own.leaf,
                         list({own.leaf.x509}, -9 * 86400, -86400), kRevoked, kRevoked},
                        {"a list of the future", &own.leaf, list({}, 86400, 9 * 86400), kOffline, SEC_E_OK},
                        {"a list of an authority of the same name and another key",
                         &own.leaf,
                         {make_crl({same_name, {}})},
                         SEC_E_CERT_UNKNOWN,
                         SEC_E_CERT_UNKNOWN},
                        {"an old list and a new one",
                         &own.leaf,
                         {make_crl({own.root, {}, -9 * 86400, -86400}), make_crl({own.root, {own.leaf.x509}})},
                         kRevoked,
                         kRevoked}};
  for (const Case& each : cases) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(connect(*each.leaf, kNone, each.crls, {}, version), SEC_E_OK) << each.name << " " << why();
      EXPECT_EQ(connect(*each.leaf, kStrict, each.crls, {}, version), each.strict) << each.name << " " << why();
      EXPECT_EQ(connect(*each.leaf, kStrictEnd, each.crls, {}, version), each.strict) << each.name << " " << why();
      EXPECT_EQ(connect(*each.leaf, kBestEffort, each.crls, {}, version), each.best_effort)
          << each.name << " " << why();
    }
  }
}

TEST(Revocation, ForgivesOnlyTheKindThatIsToBeForgiven) {
  const Pki& own = pki();
  EXPECT_EQ(connect(own.leaf, kStrict | SCH_CRED_IGNORE_REVOCATION_OFFLINE, {}), kNoCheck);
  EXPECT_EQ(connect(own.leaf, kStrict | SCH_CRED_IGNORE_NO_REVOCATION_CHECK, {}), SEC_E_OK) << why();
  EXPECT_EQ(connect(own.pointing, kStrict | SCH_CRED_IGNORE_NO_REVOCATION_CHECK, {}), kOffline);
  EXPECT_EQ(connect(own.pointing, kStrict | SCH_CRED_IGNORE_REVOCATION_OFFLINE, {}), SEC_E_OK) << why();
}

TEST(Revocation, LooksAtAsMuchOfTheChainAsAskedFor) {
  const Pki& own = pki();
  const Issued middle = issue({.subject = "Revocation Middle", .issuer = &own.root, .authority = true});
  const Issued leaf = issue({.names = "DNS:server.example", .issuer = &middle});
  const Bytes of_leaf = make_crl({middle, {}}), bad_middle = make_crl({own.root, {middle.x509}}),
              good_middle = make_crl({own.root, {}});
  const auto run = [&](DWORD flags, const std::vector<Bytes>& crls) {
    return connect(leaf, flags, crls, {}, TLS1_3_VERSION, {middle.x509});
  };
  EXPECT_EQ(run(kStrictEnd, {of_leaf}), SEC_E_OK) << why();
  EXPECT_EQ(run(kStrictEnd, {of_leaf, bad_middle}), SEC_E_OK) << "only the end was asked about: " << why();
  for (const DWORD flag :
       {DWORD{SCH_CRED_REVOCATION_CHECK_CHAIN}, DWORD{SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT}}) {
    EXPECT_EQ(run(flag, {of_leaf, good_middle}), SEC_E_OK) << why();
    EXPECT_EQ(run(flag, {of_leaf}), kNoCheck);
    EXPECT_EQ(run(flag, {of_leaf, bad_middle}), kRevoked);
    EXPECT_EQ(run(flag | kForgiving, {of_leaf, bad_middle}), kRevoked);
    EXPECT_EQ(run(flag | kForgiving, {}), SEC_E_OK) << why();
  }
}

TEST(Revocation, ByStapledAnswers) {
  const Pki& own = pki();
  const Issued responder = issue({.subject = "Responder", .issuer = &own.root, .usages = "OCSPSigning"});
  const Issued not_responder = issue({.subject = "No responder", .issuer = &own.root, .usages = "serverAuth"});
  const Issued old_responder =
      issue({.subject = "Old", .issuer = &own.root, .usages = "OCSPSigning", .from = -9 * 86400, .until = -86400});
  const Issued stranger = issue({.subject = "Revocation Root", .authority = true});
  const Issued other = issue({.names = "DNS:other.example", .issuer = &own.root});
  const X509Ref leaf = own.leaf.x509, root = own.root.x509;
  struct Answer {
    const char* name;
    Bytes staple;
    SECURITY_STATUS strict, best_effort;
  };
  constexpr int kGood = V_OCSP_CERTSTATUS_GOOD, kBad = V_OCSP_CERTSTATUS_REVOKED, kUnknown = V_OCSP_CERTSTATUS_UNKNOWN;
  const Answer answers[] = {
      {"none", {}, kNoCheck, SEC_E_OK},
      {"good, of the authority", make_ocsp({own.root, leaf, root}), SEC_E_OK, SEC_E_OK},
      {"good, of its delegate", make_ocsp({responder, leaf, root}), SEC_E_OK, SEC_E_OK},
      {"good, its identifier under SHA-256",
       make_ocsp({.signer = responder, .certificate = leaf, .issuer = root, .id_digest = "SHA256"}), SEC_E_OK,
       SEC_E_OK},
      {"revoked", make_ocsp({own.root, leaf, root, kBad}), kRevoked, kRevoked},
      {"revoked, and old", make_ocsp({own.root, leaf, root, kBad, -9 * 86400, -86400}), kRevoked, kRevoked},
      {"unknown", make_ocsp({own.root, leaf, root, kUnknown}), kNoCheck, SEC_E_OK},
      {"good, but old", make_ocsp({own.root, leaf, root, kGood, -9 * 86400, -86400}), kNoCheck, SEC_E_OK},
      {"good, of the future", make_ocsp({own.root, leaf, root, kGood, 86400, 9 * 86400}), kNoCheck, SEC_E_OK},
      {"good and fresh, without an end", make_ocsp({own.root, leaf, root, kGood, -3600, 0}), SEC_E_OK, SEC_E_OK},
      {"good and old, without an end", make_ocsp({own.root, leaf, root, kGood, -3 * 86400, 0}), kNoCheck, SEC_E_OK},
      {"good, of one who may not say so", make_ocsp({not_responder, leaf, root}), kNoCheck, SEC_E_OK},
      {"good, of a delegate whose time is over", make_ocsp({old_responder, leaf, root}), kNoCheck, SEC_E_OK},
      {"good, of a stranger of the same name", make_ocsp({stranger, leaf, root}), kNoCheck, SEC_E_OK},
      {"good, of the certificate itself", make_ocsp({own.leaf, leaf, root}), kNoCheck, SEC_E_OK},
      {"good, of another certificate", make_ocsp({own.root, other.x509, root}), kNoCheck, SEC_E_OK},
      {"good, signed over SHA-1",
       make_ocsp({.signer = own.root, .certificate = leaf, .issuer = root, .signature_digest = "SHA1"}), kNoCheck,
       SEC_E_OK},
      {"junk", Bytes(100, 0x30), kNoCheck, SEC_E_OK}};
  for (const Answer& answer : answers) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(connect(own.leaf, kNone, {}, answer.staple, version), SEC_E_OK) << answer.name << " " << why();
      EXPECT_EQ(connect(own.leaf, kStrict, {}, answer.staple, version), answer.strict) << answer.name << " " << why();
      EXPECT_EQ(connect(own.leaf, kBestEffort, {}, answer.staple, version), answer.best_effort)
          << answer.name << " " << why();
    }
  }
  // Of a list and an answer, the bad news counts.
  EXPECT_EQ(connect(own.leaf, kStrict, {make_crl({own.root, {leaf}})}, make_ocsp({own.root, leaf, root})), kRevoked);
  EXPECT_EQ(connect(own.leaf, kStrict, {make_crl({own.root, {}})}, make_ocsp({own.root, leaf, root, kBad})), kRevoked);
  EXPECT_EQ(connect(own.leaf, kStrict, {make_crl({own.root, {}})}, Bytes(100, 0x30)), SEC_E_OK) << why();
}

// The hash of RSA-PSS stands in the signature's parameters.
TEST(Revocation, StapledAnswersOfRsaPssNeedAStrongHashToo) {
  const Issued root = issue({.subject = "PSS Root", .key = "RSA:2048", .authority = true});
  const Issued leaf = issue({.names = "DNS:server.example", .issuer = &root});
  const Store roots = store_with({root.x509});
  const auto answer = [&](const char* digest) {
    return make_ocsp(
        {.signer = root, .certificate = leaf.x509, .issuer = root.x509, .signature_digest = digest, .pss = true});
  };
  for (const auto& [digest, expected] :
       std::map<std::string, SECURITY_STATUS>{{"SHA1", kNoCheck}, {"SHA256", SEC_E_OK}, {"SHA384", SEC_E_OK}}) {
    EXPECT_EQ(connect(leaf, kStrict, {}, answer(digest.c_str()), TLS1_3_VERSION, {}, roots.get()), expected)
        << digest << " " << why();
  }
}

TEST(Revocation, StapledAnswersWithAFlippedBitProveNothing) {
  const Pki& own = pki();
  const Bytes good = make_ocsp({own.root, own.leaf.x509, own.root.x509});
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 41) {
    Bytes altered = good;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ (1U << (bit % 8)));
    // The certificates beside the signature are not under it; the authority's is known without them.
    const SECURITY_STATUS status = connect(own.leaf, kStrict, {}, altered);
    if (status == SEC_E_OK) {
      const unsigned char* at = altered.data();
      OCSP_RESPONSE* response = d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(altered.size()));
      ASSERT_NE(response, nullptr) << bit;
      OCSP_BASICRESP* basic = OCSP_response_get1_basic(response);
      X509_STORE* store = X509_STORE_new();
      X509_STORE_add_cert(store, own.root.x509.get());
      STACK_OF(X509)* chain = sk_X509_new_null();
      sk_X509_push(chain, own.root.x509.get());
      EXPECT_EQ(OCSP_basic_verify(basic, chain, store, 0), 1) << bit;
      sk_X509_free(chain);
      X509_STORE_free(store);
      OCSP_BASICRESP_free(basic);
      OCSP_RESPONSE_free(response);
    }
  }
}

TEST(Revocation, OfClientsIsCheckedAsMuch) {
  const Pki& own = pki();
  const Issued client = issue({.subject = "client", .issuer = &own.root});
  const Certificate server_certificate = with_key(own.leaf), client_certificate = with_key(client);
  const auto run = [&](DWORD flags, const std::vector<Bytes>& crls) {
    const Store roots = store_with({own.root.x509}, crls);
    Credential server(
        {.server = true, .certificates = {server_certificate.get()}, .roots = roots.get(), .flags = flags});
    Credential mine({.certificates = {client_certificate.get()}, .roots = roots.get()});
    End one(false, mine.handle()), other(true, server.handle(), u"", ASC_REQ_MUTUAL_AUTH);
    return shake(one, other).server;
  };
  const Bytes good = make_crl({own.root, {}}), bad = make_crl({own.root, {client.x509}});
  EXPECT_EQ(run(kNone, {bad}), SEC_E_OK) << why();
  EXPECT_EQ(run(kStrict, {}), kNoCheck);
  EXPECT_EQ(run(kStrict, {good}), SEC_E_OK) << why();
  EXPECT_EQ(run(kStrict, {bad}), kRevoked);
  EXPECT_EQ(run(kBestEffort, {}), SEC_E_OK) << why();
  EXPECT_EQ(run(kBestEffort, {bad}), kRevoked);
}

// ---- Where lists come from. ----

class RevocationFiles : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/opensspi-XXXXXX";
    directory_ = mkdtemp(name);
    setenv("SSL_CERT_DIR", directory_.c_str(), 1);
    setenv("SSL_CERT_FILE", (directory_ + "/roots.pem").c_str(), 1);
    FILE* file = std::fopen((directory_ + "/roots.pem").c_str(), "w");
    PEM_write_X509(file, pki().root.x509.get());
    std::fclose(file);
  }
  void TearDown() override {
    unsetenv("SSL_CERT_DIR");
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(directory_);
  }
  void write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  SECURITY_STATUS connect_with(const OPENSSPI_TLS_POLICY* policy, DWORD flags = kStrict) {
    Credential credential({.flags = flags});
    if (policy != nullptr) {
      policy_status_ = SetCredentialsAttributesW(credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY,
                                                 const_cast<OPENSSPI_TLS_POLICY*>(policy), sizeof *policy);
    }
    RawEnd server(true, &pki().leaf);
    End client(false, credential.handle());
    return shake(client, false, server);
  }
  DWORD verify_chain(DWORD flags) const {
    const Certificate certificate = bare(pki().leaf.x509);
    CERT_CHAIN_PARA para{};
    para.cbSize = sizeof para;
    PCCERT_CHAIN_CONTEXT chain = nullptr;
    EXPECT_TRUE(CertGetCertificateChain(nullptr, certificate.get(), nullptr, nullptr, &para, flags, nullptr, &chain));
    CERT_CHAIN_POLICY_PARA policy{sizeof policy, 0, nullptr};
    CERT_CHAIN_POLICY_STATUS status{};
    status.cbSize = sizeof status;
    EXPECT_TRUE(CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_BASE, chain, &policy, &status));
    CertFreeCertificateChain(chain);
    return status.dwError;
  }
  std::string directory_;
  SECURITY_STATUS policy_status_ = SEC_E_OK;
};

TEST_F(RevocationFiles, HashedNamesInTheSystemsDirectoryAreFoundAndReadAgain) {
  EXPECT_EQ(connect_with(nullptr), kNoCheck);
  EXPECT_EQ(verify_chain(CERT_CHAIN_REVOCATION_CHECK_END_CERT), static_cast<DWORD>(kOffline));
  const Bytes good = make_crl({pki().root, {}}), bad = make_crl({pki().root, {pki().leaf.x509}, -60});
  write("list.pem", good);
  write("0123abcd.0", good);
  write("0123abcg.r0", good);
  EXPECT_EQ(connect_with(nullptr), kNoCheck) << "these are no names of revocation lists";
  write("0123abcd.r0", Bytes(10, 'x'));
  EXPECT_EQ(connect_with(nullptr), kNoCheck) << "one that cannot be read counts as absent";
  write("0123abcd.r0", good);
  EXPECT_EQ(connect_with(nullptr), SEC_E_OK) << why();
  EXPECT_EQ(verify_chain(CERT_CHAIN_REVOCATION_CHECK_CHAIN), 0U);
  write("0123abcd.r1", bad);
  EXPECT_EQ(connect_with(nullptr), kRevoked);
  EXPECT_EQ(connect_with(nullptr, kBestEffort), kRevoked);
  EXPECT_EQ(connect_with(nullptr, kNone), SEC_E_OK) << why();
  EXPECT_EQ(verify_chain(CERT_CHAIN_REVOCATION_CHECK_CHAIN), static_cast<DWORD>(CRYPT_E_REVOKED));
  EXPECT_EQ(verify_chain(0), 0U);
}

TEST_F(RevocationFiles, ThePolicyNamesAFileOrADirectory) {
  const std::u16string base(directory_.begin(), directory_.end());
  std::filesystem::create_directory(directory_ + "/lists");
  OPENSSPI_TLS_POLICY policy{};
  const std::u16string directory = base + u"/lists", file = base + u"/list.der", junk = base + u"/roots.pem";
  policy.CrlFile = directory.c_str();
  connect_with(&policy);
  EXPECT_EQ(policy_status_, SEC_E_INVALID_PARAMETER) << "it is empty";
  write("lists/89abcdef.r0", make_crl({pki().root, {pki().leaf.x509}}));
  EXPECT_EQ(connect_with(&policy), kRevoked);
  EXPECT_EQ(policy_status_, SEC_E_OK) << why();
  policy.CrlFile = file.c_str();
  connect_with(&policy);
  EXPECT_EQ(policy_status_, SEC_E_INVALID_PARAMETER) << "it is not there";
  write("list.der", make_crl({pki().root, {}}));
  EXPECT_EQ(connect_with(&policy), SEC_E_OK) << why();
  policy.CrlFile = junk.c_str();
  connect_with(&policy);
  EXPECT_EQ(policy_status_, SEC_E_INVALID_PARAMETER) << "it has certificates only";
}

TEST_F(RevocationFiles, StoresThatAreGivenAndTheProcesssStoreOfAuthoritiesCount) {
  // An authority of its own: what is in the process's store stays there.
  const Issued root = issue({.subject = "Store Root", .authority = true});
  const Issued leaf = issue({.subject = "Store Leaf", .issuer = &root});
  const Bytes bad = make_crl({root, {leaf.x509}});
  const Certificate certificate = bare(leaf.x509);
  const auto trust = [&](HCERTSTORE given, DWORD flags = CERT_CHAIN_REVOCATION_CHECK_CHAIN) {
    CERT_CHAIN_PARA para{};
    para.cbSize = sizeof para;
    PCCERT_CHAIN_CONTEXT chain = nullptr;
    EXPECT_TRUE(CertGetCertificateChain(nullptr, certificate.get(), nullptr, given, &para, flags, nullptr, &chain));
    const DWORD end = chain->rgpChain[0]->rgpElement[0]->TrustStatus.dwErrorStatus;
    EXPECT_EQ(chain->TrustStatus.dwErrorStatus & end, end);
    CertFreeCertificateChain(chain);
    return end;
  };
  const Store issuer = store_with({root.x509}), with_list = store_with({root.x509}, {bad});
  constexpr DWORD kUnknown = CERT_TRUST_REVOCATION_STATUS_UNKNOWN | CERT_TRUST_IS_OFFLINE_REVOCATION;
  EXPECT_EQ(trust(issuer.get()), kUnknown);
  EXPECT_EQ(trust(with_list.get()), static_cast<DWORD>(CERT_TRUST_IS_REVOKED));
  EXPECT_EQ(trust(with_list.get(), 0), 0U);
  const Store authorities(CertOpenSystemStoreW(0, u"CA"));
  ASSERT_TRUE(CertAddEncodedCRLToStore(authorities.get(), X509_ASN_ENCODING, bad.data(), static_cast<DWORD>(bad.size()),
                                       CERT_STORE_ADD_ALWAYS, nullptr));
  EXPECT_EQ(trust(issuer.get()), static_cast<DWORD>(CERT_TRUST_IS_REVOKED));
}

TEST_F(RevocationFiles, AServerStaplesTheAnswerOfItsPolicy) {
  const Pki& own = pki();
  const Certificate certificate = with_key(own.leaf);
  for (const auto& [status, expected] :
       std::map<int, SECURITY_STATUS>{{V_OCSP_CERTSTATUS_GOOD, SEC_E_OK}, {V_OCSP_CERTSTATUS_REVOKED, kRevoked}}) {
    for (const DWORD protocol : {DWORD{SP_PROT_TLS1_2}, DWORD{SP_PROT_TLS1_3}}) {
      write("answer.der", make_ocsp({own.root, own.leaf.x509, own.root.x509, status}));
      Credential server_credential({.server = true, .certificates = {certificate.get()}, .protocols = protocol});
      const std::u16string path = std::u16string(directory_.begin(), directory_.end()) + u"/answer.der";
      OPENSSPI_TLS_POLICY policy{};
      policy.OcspFile = path.c_str();
      ASSERT_EQ(
          SetCredentialsAttributesW(server_credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy),
          SEC_E_OK)
          << why();
      for (const DWORD flags : {kStrict, kNone}) {
        Credential client_credential({.flags = flags});
        End client(false, client_credential.handle()), server(true, server_credential.handle());
        EXPECT_EQ(shake(client, server).client, flags == kNone ? SEC_E_OK : expected) << why();
      }
    }
  }
}

}  // namespace
