// Each chain of a long table is given to each of our verifications (a TLS client's, a TLS server's, that of chains and
// policies) and to X509_verify_cert: none may be accepted that OpenSSL refuses, and the status must say why.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

#include "tls_pki.hpp"

namespace {

using namespace tls;

struct Chain {
  Issued leaf;
  std::vector<X509Ref> others = {};
};

// What OpenSSL itself says. target nullptr: no name is asked about.
struct Reference {
  int purpose = X509_PURPOSE_SSL_SERVER;
  int level = 2;
  unsigned host_flags = 0;
};
bool openssl_accepts(const Chain& chain, const std::vector<X509Ref>& roots, const char* target,
                     const Reference& reference) {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  for (const X509Ref& root : roots) X509_STORE_add_cert(store.get(), root.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  STACK_OF(X509)* others = sk_X509_new_null();
  for (const X509Ref& other : chain.others) sk_X509_push(others, other.get());
  X509_STORE_CTX_init(context.get(), store.get(), chain.leaf.x509.get(), others);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_STORE_CTX_set_purpose(context.get(), reference.purpose);
  X509_VERIFY_PARAM_set_auth_level(parameters, reference.level);
  if (target != nullptr) {
    X509_VERIFY_PARAM_set_hostflags(parameters, reference.host_flags);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, target) != 1) {
      std::string name = target;
      if (name.ends_with('.')) name.pop_back();
      X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), 0);
    }
  }
  const bool good = X509_verify_cert(context.get()) == 1;
  sk_X509_free(others);
  ERR_clear_error();
  return good;
}

// The authorities of the table, and the system's roots set to the good one.
class AgainstOpenssl : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/opensspi-XXXXXX";
    directory_ = mkdtemp(name);
    const std::string file = directory_ + "/roots.pem";
    setenv("SSL_CERT_FILE", file.c_str(), 1);
    FILE* out = std::fopen(file.c_str(), "w");
    for (const X509Ref& x509 : trusted()) PEM_write_X509(out, x509.get());
    std::fclose(out);
  }
  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(directory_);
  }

  static const Issued& root() {
    static const Issued own = issue({.subject = "Table Root", .authority = true});
    return own;
  }
  static const Issued& rsa_root() {
    static const Issued own = issue({.subject = "Table RSA Root", .key = "RSA:2048", .authority = true});
    return own;
  }
  static std::vector<X509Ref> trusted() { return {root().x509, rsa_root().x509}; }

  static std::u16string wide(const std::string& target) { return {target.begin(), target.end()}; }

  static SECURITY_STATUS by_client(const Chain& chain, const std::u16string& target) {
    const Store roots = store_with(trusted());
    Credential credential({.roots = roots.get(), .flags = SCH_CRED_RESTRICTED_ROOTS});
    RawEnd server(true, &chain.leaf, chain.others);
    End client(false, credential.handle(), target);
    return shake(client, false, server);
  }
  static SECURITY_STATUS by_server(const Chain& chain) {
    static const Issued own = issue({.names = "DNS:server.example", .issuer = &root()});
    static const Certificate certificate = with_key(own);
    const Store roots = store_with(trusted());
    Credential credential({.server = true, .certificates = {certificate.get()}, .roots = roots.get()});
    RawEnd client(false, &chain.leaf, chain.others);
    End server(true, credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
    const SECURITY_STATUS status = shake(server, true, client);
    if (status == SEC_E_OK) {
      EXPECT_NE(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
    }
    return status;
  }
  static DWORD by_policy(const Chain& chain, const char16_t* target, const char* usage) {
    const Certificate certificate = bare(chain.leaf.x509);
    const Store others = store_with(chain.others);
    CERT_CHAIN_PARA para{};
    para.cbSize = sizeof para;
    char* usages[] = {const_cast<char*>(usage)};
    para.RequestedUsage.Usage = {1, usages};
    PCCERT_CHAIN_CONTEXT built = nullptr;
    EXPECT_TRUE(CertGetCertificateChain(nullptr, certificate.get(), nullptr, others.get(), &para, 0, nullptr, &built));
    HTTPSPolicyCallbackData https{};
    https.cbSize = sizeof https;
    https.dwAuthType = target == nullptr ? AUTHTYPE_CLIENT : AUTHTYPE_SERVER;
    https.pwszServerName = const_cast<char16_t*>(target);
    CERT_CHAIN_POLICY_PARA policy{sizeof policy, 0, &https};
    CERT_CHAIN_POLICY_STATUS status{};
    status.cbSize = sizeof status;
    EXPECT_TRUE(CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, built, &policy, &status));
    CertFreeCertificateChain(built);
    return status.dwError;
  }

  // Holds all of them against each other; `expected` is the client's.
  static void check(const std::string& name, const Chain& chain, const std::string& target, SECURITY_STATUS expected,
                    const std::u16string& wide_target) {
    SCOPED_TRACE(name);
    const SECURITY_STATUS ours = by_client(chain, wide_target);
    EXPECT_EQ(ours, expected) << why();
    const bool policy = by_policy(chain, wide_target.c_str(), szOID_PKIX_KP_SERVER_AUTH) == 0;
    for (const int level : {1, 2}) {
      const bool theirs = openssl_accepts(chain, trusted(), target.c_str(), {.level = level});
      if (!theirs) {
        EXPECT_NE(ours, SEC_E_OK) << "OpenSSL refuses it at level " << level;
        EXPECT_FALSE(policy) << "OpenSSL refuses it at level " << level;
      }
    }
    const Reference strict{.host_flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS};
    const bool good = openssl_accepts(chain, trusted(), target.c_str(), strict);
    EXPECT_EQ(ours == SEC_E_OK, good) << "nothing is refused for nothing";
    EXPECT_EQ(policy, good) << "nothing is refused for nothing";
  }
  static void check(const std::string& name, const Chain& chain, const std::string& target, SECURITY_STATUS expected) {
    check(name, chain, target, expected, wide(target));
  }
  // The same of a client's certificate.
  static void check_client(const std::string& name, const Chain& chain, SECURITY_STATUS expected) {
    SCOPED_TRACE(name);
    const SECURITY_STATUS ours = by_server(chain);
    EXPECT_EQ(ours, expected) << why();
    const bool policy = by_policy(chain, nullptr, szOID_PKIX_KP_CLIENT_AUTH) == 0;
    const bool good = openssl_accepts(chain, trusted(), nullptr, {.purpose = X509_PURPOSE_SSL_CLIENT});
    EXPECT_EQ(ours == SEC_E_OK, good);
    EXPECT_EQ(policy, good);
  }

  std::string directory_;
};

constexpr SECURITY_STATUS kWrongName = SEC_E_WRONG_PRINCIPAL, kUsage = SEC_E_CERT_WRONG_USAGE,
                          kUntrusted = SEC_E_UNTRUSTED_ROOT, kExpired = SEC_E_CERT_EXPIRED,
                          kWeak = SEC_E_ALGORITHM_MISMATCH, kOther = SEC_E_CERT_UNKNOWN;

TEST_F(AgainstOpenssl, NamesOfEachForm) {
  struct Case {
    std::string subject, names, target;
    SECURITY_STATUS status;
  };
  // An extension by its bytes: a DNS name with a zero within, "a.example\0.b".
  const std::string with_zero = "DER:30:0E:82:0C:61:2E:65:78:61:6D:70:6C:65:00:2E:62";
  const Case cases[] = {{"x", "DNS:a.example", "a.example", SEC_E_OK},
                        {"x", "DNS:a.example", "A.EXAMPLE", SEC_E_OK},
                        {"x", "DNS:A.Example", "a.example", SEC_E_OK},
                        {"x", "DNS:a.example", "a.example.", SEC_E_OK},
                        {"x", "DNS:b.example,DNS:a.example", "a.example", SEC_E_OK},
                        {"x", "DNS:a.example", "b.example", kWrongName},
                        {"x", "DNS:a.example", "a.example.b", kWrongName},
                        {"x", "DNS:a.example", "example", kWrongName},
                        {"x", "DNS:a.example", "b.a.example", kWrongName},
                        {"x", "DNS:.a.example", "b.a.example", kWrongName},
                        {"x", with_zero, "a.example", kWrongName},
                        {"x", "DNS:*.b.example", "a.b.example", SEC_E_OK},
                        {"x", "DNS:*.b.example", "A.B.example", SEC_E_OK},
                        {"x", "DNS:*.b.example", "b.example", kWrongName},
                        {"x", "DNS:*.b.example", "a.a.b.example", kWrongName},
                        {"x", "DNS:*.b.example", "a.c.example", kWrongName},
                        {"x", "DNS:*", "a.example", kWrongName},
                        {"x", "DNS:*.example", "a.example", kWrongName},
                        {"x", "DNS:*.*.example", "a.b.example", kWrongName},
                        {"x", "DNS:a.*.example", "a.b.example", kWrongName},
                        {"x", "DNS:a*.b.example", "ab.b.example", kWrongName},
                        {"x", "DNS:*a.b.example", "ba.b.example", kWrongName},
                        {"x", "DNS:a*c.b.example", "abc.b.example", kWrongName},
                        {"x", "DNS:xn--*.b.example", "xn--bcher-kva.b.example", kWrongName},
                        {"x", "DNS:*.b.example", "xn--bcher-kva.b.example", SEC_E_OK},
                        {"x", "DNS:*.0.2.1", "192.0.2.1", kWrongName},
                        {"x", "DNS:192.0.2.1", "192.0.2.1", kWrongName},
                        {"192.0.2.1", "", "192.0.2.1", kWrongName},
                        {"x", "IP:192.0.2.1", "192.0.2.1", SEC_E_OK},
                        {"x", "IP:192.0.2.1", "192.0.2.2", kWrongName},
                        {"x", "IP:192.0.2.1", "a.example", kWrongName},
                        {"x", "IP:192.0.2.1", "::ffff:192.0.2.1", kWrongName},
                        {"x", "IP:2001:db8::1", "2001:db8::1", SEC_E_OK},
                        {"x", "IP:2001:db8::1", "2001:DB8:0:0::1", SEC_E_OK},
                        {"x", "IP:2001:db8::1", "2001:db8::2", kWrongName},
                        {"x", "IP:192.0.2.1,DNS:a.example", "a.example", SEC_E_OK},
                        {"x", "URI:https://a.example/", "a.example", kWrongName},
                        {"x", "email:a@a.example", "a.example", kWrongName},
                        {"x", "email:a.example", "a.example", kWrongName},
                        {"x", "RID:1.2.3.4", "a.example", kWrongName},
                        {"x", "otherName:1.2.3.4;UTF8:a.example", "a.example", kWrongName},
                        {"a.example", "", "a.example", SEC_E_OK},
                        {"*.b.example", "", "a.b.example", SEC_E_OK},
                        {"a.example", "DNS:b.example", "a.example", kWrongName},
                        {"a.example b", "", "a.example", kWrongName},
                        {"", "DNS:a.example", "a.example", SEC_E_OK},
                        {"", "", "a.example", kWrongName},
                        {"x", "DNS:xn--bcher-kva.example", "xn--bcher-kva.example", SEC_E_OK},
                        {"x", "DNS:xn--bcher-kva.example", "bucher.example", kWrongName}};
  for (const Case& each : cases) {
    Recipe recipe{.subject = each.subject, .issuer = &root()};
    if (each.names.starts_with("DER:")) {
      recipe.extensions = {{"subjectAltName", each.names}};
    } else {
      recipe.names = each.names;
    }
    check("CN=" + each.subject + " " + each.names + " for " + each.target, {issue(recipe)}, each.target, each.status);
  }
  const Chain punycode{issue({.names = "DNS:xn--bcher-kva.example", .issuer = &root()})};
  check("IDNA", punycode, "xn--bcher-kva.example", SEC_E_OK, u"B\u00DCcher.example");
  const Chain utf8{issue({.names = "DNS:b\xC3\xBC"
                                   "cher.example",
                          .issuer = &root()})};
  EXPECT_EQ(by_client(utf8, u"b\u00FCcher.example"), kWrongName) << "a name is compared in its ASCII form only";
}

TEST_F(AgainstOpenssl, TimesChainsAndConstraints) {
  const Issued& r = root();
  constexpr long kDay = 86400;
  const auto leaf = [](const Issued& issuer) { return Recipe{.names = "DNS:a.example", .issuer = &issuer}; };
  const auto middle = [](Recipe recipe) {
    recipe.authority = true;
    return issue(recipe);
  };
  const Issued good = middle({.subject = "Good", .issuer = &r});
  const Issued old = middle({.subject = "Old", .issuer = &r, .from = -9 * kDay, .until = -kDay});
  const Issued future = middle({.subject = "Future", .issuer = &r, .from = kDay, .until = 9 * kDay});
  const Issued short_path = middle({.subject = "Short", .issuer = &r, .path_length = 0});
  const Issued below_short = middle({.subject = "Below", .issuer = &short_path});
  const Issued longer_path = middle({.subject = "Longer", .issuer = &r, .path_length = 1});
  const Issued below_longer = middle({.subject = "Below longer", .issuer = &longer_path});
  const Issued no_authority = issue({.subject = "None", .issuer = &r});
  const Issued no_sign = middle({.subject = "No sign", .issuer = &r, .key_usage = "critical,cRLSign"});
  const Issued critical =
      middle({.subject = "Critical", .issuer = &r, .extensions = {{"1.2.3.4.5", "critical,DER:05:00"}}});
  const Issued stranger = issue({.subject = "Stranger", .authority = true});
  const Issued twin = issue({.subject = "Table Root", .authority = true});

  Recipe recipe = leaf(r);
  check("good", {issue(recipe)}, "a.example", SEC_E_OK);
  recipe.from = -9 * kDay, recipe.until = -kDay;
  check("expired", {issue(recipe)}, "a.example", kExpired);
  recipe.from = -9 * kDay, recipe.until = -1;
  check("expired a second ago", {issue(recipe)}, "a.example", kExpired);
  recipe.from = kDay, recipe.until = 9 * kDay;
  check("not yet", {issue(recipe)}, "a.example", kExpired);
  recipe = leaf(r);
  recipe.extensions = {{"1.2.3.4.5", "critical,DER:05:00"}};
  check("unknown critical extension", {issue(recipe)}, "a.example", kOther);
  recipe.extensions = {{"1.2.3.4.5", "DER:05:00"}};
  check("unknown extension", {issue(recipe)}, "a.example", SEC_E_OK);

  check("one between", {issue(leaf(good)), {good.x509}}, "a.example", SEC_E_OK);
  check("one between and one too many", {issue(leaf(good)), {stranger.x509, good.x509}}, "a.example", SEC_E_OK);
  check("one missing", {issue(leaf(good))}, "a.example", kUntrusted);
  check("old one between", {issue(leaf(old)), {old.x509}}, "a.example", kExpired);
  check("future one between", {issue(leaf(future)), {future.x509}}, "a.example", kExpired);
  check("path length held", {issue(leaf(short_path)), {short_path.x509}}, "a.example", SEC_E_OK);
  check("path length exceeded", {issue(leaf(below_short)), {below_short.x509, short_path.x509}}, "a.example", kOther);
  check("longer path", {issue(leaf(below_longer)), {below_longer.x509, longer_path.x509}}, "a.example", SEC_E_OK);
  check("no authority", {issue(leaf(no_authority)), {no_authority.x509}}, "a.example", kOther);
  check("may not sign", {issue(leaf(no_sign)), {no_sign.x509}}, "a.example", kOther);
  check("critical between", {issue(leaf(critical)), {critical.x509}}, "a.example", kOther);
  check("stranger", {issue(leaf(stranger)), {stranger.x509}}, "a.example", kUntrusted);
  check("root of the same name", {issue(leaf(twin)), {twin.x509}}, "a.example", kUntrusted);
  check("root of the same name, not shown", {issue(leaf(twin))}, "a.example", kUntrusted);
  check("self-signed", {issue({.names = "DNS:a.example"})}, "a.example", kUntrusted);

  Chain altered{issue(leaf(r))};
  ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(const_cast<const ASN1_BIT_STRING**>(&signature), nullptr, altered.leaf.x509.get());
  signature->data[signature->length - 1] ^= 1;
  check("altered signature", altered, "a.example", kOther);
}

TEST_F(AgainstOpenssl, NameConstraints) {
  struct Case {
    std::string constraints;
    Recipe leaf;
    std::string target;
    SECURITY_STATUS status;
  };
  const Case cases[] = {
      {"critical,permitted;DNS:b.example", {.names = "DNS:a.b.example"}, "a.b.example", SEC_E_OK},
      {"critical,permitted;DNS:b.example", {.names = "DNS:b.example"}, "b.example", SEC_E_OK},
      {"critical,permitted;DNS:b.example", {.names = "DNS:a.example"}, "a.example", kOther},
      {"critical,permitted;DNS:b.example", {.names = "DNS:ab.example"}, "ab.example", kOther},
      {"critical,permitted;DNS:b.example", {.names = "DNS:a.b.example,DNS:evil.example"}, "a.b.example", kOther},
      {"critical,permitted;DNS:b.example", {.subject = "a.example"}, "a.example", kOther},
      {"critical,permitted;DNS:b.example", {.subject = "a.b.example"}, "a.b.example", SEC_E_OK},
      {"permitted;DNS:b.example", {.names = "DNS:a.example"}, "a.example", kOther},
      {"critical,excluded;DNS:b.example", {.names = "DNS:a.b.example"}, "a.b.example", kOther},
      {"critical,excluded;DNS:b.example", {.names = "DNS:a.example"}, "a.example", SEC_E_OK},
      {"critical,excluded;DNS:b.example", {.names = "DNS:*.b.example"}, "a.b.example", kOther},
      {"critical,permitted;IP:192.0.2.0/255.255.255.0", {.names = "IP:192.0.2.1"}, "192.0.2.1", SEC_E_OK},
      {"critical,permitted;IP:192.0.2.0/255.255.255.0", {.names = "IP:198.51.100.1"}, "198.51.100.1", kOther},
      {"critical,excluded;IP:192.0.2.0/255.255.255.0", {.names = "IP:192.0.2.1"}, "192.0.2.1", kOther},
      {"critical,excluded;IP:0.0.0.0/0.0.0.0,permitted;DNS:b.example", {.names = "IP:192.0.2.1"}, "192.0.2.1", kOther},
      {"critical,permitted;URI:.b.example", {.names = "DNS:a.example,URI:https://evil.example/"}, "a.example", kOther},
      {"critical,permitted;email:b.example", {.names = "DNS:a.example,email:x@evil.example"}, "a.example", kOther}};
  for (const Case& each : cases) {
    const Issued middle = issue({.subject = "Constrained",
                                 .issuer = &root(),
                                 .authority = true,
                                 .extensions = {{"nameConstraints", each.constraints}}});
    Recipe recipe = each.leaf;
    recipe.issuer = &middle;
    check(each.constraints + " for CN=" + recipe.subject + " " + recipe.names, {issue(recipe), {middle.x509}},
          each.target, each.status);
  }
}

TEST_F(AgainstOpenssl, WeakKeysAndSignatures) {
  const Issued &r = root(), &rsa = rsa_root();
  const auto leaf = [](const Issued& issuer, const char* digest = "SHA256", const std::string& key = "EC") {
    return issue({.names = "DNS:a.example", .issuer = &issuer, .key = key, .digest = digest});
  };
  const auto middle = [](const Issued& issuer, const char* digest, const std::string& key) {
    return issue({.subject = "Weak", .issuer = &issuer, .key = key, .authority = true, .digest = digest});
  };
  check("RSA 2048", {leaf(rsa, "SHA256", "RSA:2048")}, "a.example", SEC_E_OK);
  check("RSA 1024", {leaf(rsa, "SHA256", "RSA:1024")}, "a.example", kWeak);
  check("EC P-384", {leaf(r, "SHA384", "EC:P-384")}, "a.example", SEC_E_OK);
  check("SHA-1", {leaf(rsa, "SHA1")}, "a.example", kWeak);
  check("SHA-1 with ECDSA", {leaf(r, "SHA1")}, "a.example", kWeak);
  check("MD5", {leaf(rsa, "MD5")}, "a.example", kWeak);
  check("SHA-384", {leaf(rsa, "SHA384")}, "a.example", SEC_E_OK);
  for (const auto& [digest, key, status] : {std::tuple{"SHA256", "RSA:1024", kWeak},
                                            {"SHA256", "EC:P-192", kWeak},
                                            {"SHA1", "EC", kWeak},
                                            {"MD5", "RSA:2048", kWeak},
                                            {"SHA256", "RSA:3072", SECURITY_STATUS{SEC_E_OK}}}) {
    const Issued between = middle(rsa, digest, key);
    check(std::string(digest) + " and " + key + " between", {leaf(between), {between.x509}}, "a.example", status);
  }
}

TEST_F(AgainstOpenssl, Usages) {
  struct Case {
    std::string usages, key_usage;
    SECURITY_STATUS as_server, as_client;
  };
  const Case cases[] = {{"", "", SEC_E_OK, SEC_E_OK},
                        {"serverAuth", "", SEC_E_OK, kUsage},
                        {"clientAuth", "", kUsage, SEC_E_OK},
                        {"serverAuth,clientAuth", "", SEC_E_OK, SEC_E_OK},
                        {"critical,serverAuth", "", SEC_E_OK, kUsage},
                        {"emailProtection", "", kUsage, kUsage},
                        {"codeSigning,timeStamping", "", kUsage, kUsage},
                        {"anyExtendedKeyUsage", "", kUsage, kUsage},
                        {"1.2.3.4", "", kUsage, kUsage},
                        {"", "critical,digitalSignature", SEC_E_OK, SEC_E_OK},
                        {"", "critical,cRLSign", kUsage, kUsage},
                        {"", "critical,keyCertSign", kUsage, kUsage},
                        {"serverAuth", "critical,nonRepudiation", kUsage, kUsage}};
  for (const Case& each : cases) {
    const Chain chain{
        issue({.names = "DNS:a.example", .issuer = &root(), .usages = each.usages, .key_usage = each.key_usage})};
    check(each.usages + " " + each.key_usage, chain, "a.example", each.as_server);
    check_client(each.usages + " " + each.key_usage, chain, each.as_client);
  }
  for (const auto& [usages, status] :
       {std::pair{"emailProtection", kUsage}, {"serverAuth", SECURITY_STATUS{SEC_E_OK}}}) {
    const Issued middle = issue({.subject = "For", .issuer = &root(), .authority = true, .usages = usages});
    const Chain chain{issue({.names = "DNS:a.example", .issuer = &middle}), {middle.x509}};
    check(std::string(usages) + " of the authority", chain, "a.example", status);
  }
}

TEST_F(AgainstOpenssl, CertificatesOfClients) {
  const Issued& r = root();
  constexpr long kDay = 86400;
  const Issued middle = issue({.subject = "Of clients", .issuer = &r, .authority = true});
  const Issued stranger = issue({.subject = "Stranger", .authority = true});
  check_client("good", {issue({.subject = "client", .issuer = &r})}, SEC_E_OK);
  check_client("one between", {issue({.subject = "client", .issuer = &middle}), {middle.x509}}, SEC_E_OK);
  check_client("one missing", {issue({.subject = "client", .issuer = &middle})}, kUntrusted);
  check_client("stranger", {issue({.subject = "client", .issuer = &stranger}), {stranger.x509}}, kUntrusted);
  check_client("self-signed", {issue({.subject = "client"})}, kUntrusted);
  check_client("expired", {issue({.subject = "client", .issuer = &r, .from = -9 * kDay, .until = -kDay})}, kExpired);
  check_client("not yet", {issue({.subject = "client", .issuer = &r, .from = kDay, .until = 9 * kDay})}, kExpired);
  check_client("weak key", {issue({.subject = "client", .issuer = &r, .key = "RSA:1024"})}, kWeak);
  check_client("weak signature", {issue({.subject = "client", .issuer = &r, .digest = "SHA1"})}, kWeak);
}

}  // namespace
