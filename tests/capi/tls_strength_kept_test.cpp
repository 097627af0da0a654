// The strength of a connection is one that was asked for, by whatever way the connection came to be: resumed, with a
// credential that came later, by exact suites, from many threads, or with a peer that lies.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tls_pair.hpp"

namespace {

using namespace tls;

struct Range {
  DWORD least, most;
  bool has(DWORD bits) const { return bits >= least && (most == 0 || bits <= most); }
};
constexpr Range kRanges[] = {{0, 0}, {128, 128}, {256, 256}};
constexpr DWORD kNull = 0xFFFFFFFF;

const House& own() {
  static const House house;
  return house;
}
const Certificate& client_certificate() {
  static const Certificate certificate = make({.subject = u"CN=client", .issuer = own().root.get()});
  return certificate;
}

CredentialWish client_of(Range range, DWORD protocols) {
  return {.roots = own().roots.get(), .protocols = protocols, .least = range.least, .most = range.most};
}
CredentialWish server_of(Range range, DWORD protocols) {
  CredentialWish wish = client_of(range, protocols);
  wish.server = true;
  wish.certificates = {own().server.get()};
  return wish;
}

struct Seen {
  SECURITY_STATUS status = SEC_E_OK;
  DWORD client_bits = 0, server_bits = 0;
  bool resumed = false;
};
Seen connect(Credential& client_credential, Credential& server_credential) {
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  const Result result = shake(client, server);
  if (!result.good()) return {result.client < 0 ? result.client : result.server};
  Seen seen;
  seen.status = client.decrypt_stream(result.client_rest).status;
  seen.client_bits = client.query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO)->dwCipherStrength;
  seen.server_bits = server.query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO)->dwCipherStrength;
  const auto session = client.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO);
  seen.resumed = session->dwFlags == SSL_SESSION_RECONNECT;
  return seen;
}

// What is wrong with it, or nothing.
std::string fault(const Seen& seen, Range client, Range server) {
  const bool possible = std::ranges::any_of(std::initializer_list<DWORD>{128, 256},
                                            [&](DWORD bits) { return client.has(bits) && server.has(bits); });
  if (!possible) return seen.status < 0 ? "" : "connected with nothing in common";
  if (seen.status != SEC_E_OK) return "refused: " + why();
  if (seen.client_bits != seen.server_bits) return "the ends do not agree";
  if (client.has(seen.client_bits) && server.has(seen.client_bits)) return "";
  return std::to_string(seen.client_bits) + " bits";
}

std::string name_of(const testing::TestParamInfo<DWORD>& info) {
  return info.param == 0 ? "Any" : info.param == SP_PROT_TLS1_3 ? "TLS13" : "TLS12";
}

class StrengthKept : public testing::TestWithParam<DWORD> {};
INSTANTIATE_TEST_SUITE_P(Tls, StrengthKept, testing::Values(DWORD{0}, DWORD{SP_PROT_TLS1_2}, DWORD{SP_PROT_TLS1_3}),
                         name_of);

// The same certificate and target everywhere, so that only the credentials keep the sessions apart.
TEST_P(StrengthKept, OverSessionsOfEveryPairOfCredentials) {
  std::vector<std::unique_ptr<Credential>> clients, servers;
  for (const Range range : kRanges) {
    clients.push_back(std::make_unique<Credential>(client_of(range, GetParam())));
    servers.push_back(std::make_unique<Credential>(server_of(range, GetParam())));
  }
  int resumed = 0;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t c = 0; c < clients.size(); ++c) {
      for (std::size_t s = 0; s < servers.size(); ++s) {
        SCOPED_TRACE(testing::Message() << "client " << c << ", server " << s << ", round " << round);
        const Seen first = connect(*clients[c], *servers[s]);
        EXPECT_EQ(fault(first, kRanges[c], kRanges[s]), "");
        EXPECT_FALSE(first.resumed) << "the newest session is another server's";
        if (first.status != SEC_E_OK) continue;
        const Seen second = connect(*clients[c], *servers[s]);
        EXPECT_EQ(fault(second, kRanges[c], kRanges[s]), "");
        EXPECT_EQ(second.client_bits, first.client_bits);
        resumed += second.resumed ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(resumed, 3 * 7);  // of the nine pairs two have nothing in common
}

// Credentials that are shared, and others that come and go, at the same time.
TEST_P(StrengthKept, OverThreads) {
  std::vector<std::unique_ptr<Credential>> clients, servers;
  for (const Range range : kRanges) {
    clients.push_back(std::make_unique<Credential>(client_of(range, GetParam())));
    servers.push_back(std::make_unique<Credential>(server_of(range, GetParam())));
  }
  std::atomic<int> faults{0}, resumed{0};
  const auto work = [&](std::size_t seed) {
    for (std::size_t i = 0; i < 36; ++i) {
      const std::size_t c = (i + seed) % 3, s = (i / 3 + seed) % 3;
      Credential fresh_client(client_of(kRanges[c], GetParam())), fresh_server(server_of(kRanges[s], GetParam()));
      for (const auto& [client, server] : {std::pair<Credential&, Credential&>{*clients[c], *servers[s]},
                                           {fresh_client, *servers[s]},
                                           {*clients[c], fresh_server}}) {
        const Seen seen = connect(client, server);
        resumed += seen.resumed ? 1 : 0;
        if (const std::string what = fault(seen, kRanges[c], kRanges[s]); !what.empty()) {
          ++faults;
          ADD_FAILURE() << "client " << c << ", server " << s << ": " << what;
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
  EXPECT_GT(resumed, 0);
}

// RFC 8446 4.1.3, RFC 5246 7.4.1.3: behind header, version, random and session id.
constexpr std::size_t kSessionId = 5 + 4 + 2 + 32;
std::size_t suite_at(const Bytes& server_hello) { return kSessionId + 1 + server_hello[kSessionId]; }

// The server, or who sits between, answers with a suite of 128 bits that nobody offered.
TEST_P(StrengthKept, AgainstAServerHelloWithAnother) {
  Credential client_credential(client_of({256, 256}, GetParam())), server_credential(server_of({0, 0}, GetParam()));
  for (const bool resuming : {false, true}) {
    SCOPED_TRACE(resuming ? "resumed" : "full");
    if (resuming) {
      ASSERT_EQ(fault(connect(client_credential, server_credential), {256, 256}, {0, 0}), "");
    }
    End client(false, client_credential.handle(), u"server.example", ISC_REQ_EXTENDED_ERROR | ISC_REQ_ALLOCATE_MEMORY);
    End server(true, server_credential.handle());
    Bytes flight = server.step(client.start().token).token;
    ASSERT_GT(flight.size(), suite_at(flight) + 2);
    ASSERT_EQ(flight[5], 2) << "it begins with a ServerHello";
    std::uint8_t* suite = flight.data() + suite_at(flight);
    const bool tls13 = suite[0] == 0x13;
    EXPECT_EQ(tls13, GetParam() != SP_PROT_TLS1_2);
    suite[0] = tls13 ? 0x13 : 0xC0;
    suite[1] = tls13 ? 0x01 : 0x2B;  // with AES-128-GCM
    const Outcome refused = client.step(flight);
    EXPECT_EQ(refused.status, SEC_E_ILLEGAL_MESSAGE) << why();
    EXPECT_FALSE(client.query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO));
  }
}

TEST_P(StrengthKept, ByACredentialThatComesLater) {
  CredentialWish server_wish = server_of({128, 128}, GetParam());
  server_wish.roots = own().roots.get();
  Credential server_credential(server_wish), first(client_of({0, 0}, GetParam()));
  for (const Range range : kRanges) {
    SCOPED_TRACE(testing::Message() << "a credential of " << range.least << " bits");
    CredentialWish wish = client_of(range, GetParam());
    wish.certificates = {client_certificate().get()};
    Credential later(wish);
    End client(false, first.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
    const Outcome flight = server.step(client.start().token);
    ASSERT_EQ(client.step(flight.token).status, SEC_I_INCOMPLETE_CREDENTIALS) << why();
    client.use_credential(later.handle());
    const Outcome last = client.step(flight.token);
    if (range.has(128)) {
      ASSERT_GE(last.status, 0) << why();
      EXPECT_EQ(server.step(last.token).status, SEC_E_OK) << why();
      EXPECT_TRUE(server.remote_certificate());
    } else {
      EXPECT_EQ(last.status, SEC_E_ALGORITHM_MISMATCH);
      EXPECT_TRUE(last.token.empty()) << "no certificate was shown";
    }
  }
}

SECURITY_STATUS set_suites(Credential& credential, const char16_t* suites) {
  OPENSSPI_TLS_POLICY policy{};
  policy.CipherSuites = suites;
  return SetCredentialsAttributesW(credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy);
}

TEST(StrengthOfSuites, IsStillTheCredentials) {
  struct Case {
    DWORD least, most;
    const char16_t* suites;
    SECURITY_STATUS status;
  };
  for (const Case& one : {Case{256, 256, u"TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-CCM", SEC_E_OK},
                          {256, 256, u"TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", SEC_E_ALGORITHM_MISMATCH},
                          {256, 0, u"TLS_AES_128_CCM_8_SHA256", SEC_E_ALGORITHM_MISMATCH},
                          {128, 128, u"TLS_AES_128_CCM_8_SHA256", SEC_E_OK},
                          {0, 128, u"ECDHE-ECDSA-AES256-GCM-SHA384", SEC_E_ALGORITHM_MISMATCH},
                          {0, 0, u"NULL-SHA256", SEC_E_ALGORITHM_MISMATCH},
                          {kNull, kNull, u"NULL-SHA256", SEC_E_OK},
                          {kNull, kNull, u"TLS_AES_128_GCM_SHA256", SEC_E_ALGORITHM_MISMATCH},
                          {kNull, 128, u"NULL-SHA256:TLS_AES_128_GCM_SHA256", SEC_E_OK},
                          {0, 0, u"ADH-AES256-GCM-SHA384", SEC_E_INVALID_PARAMETER},
                          {0, 0, u"TLS_AES_128_GCM_SHA256:", SEC_E_INVALID_PARAMETER}}) {
    Credential credential(client_of({one.least, one.most}, 0));
    EXPECT_EQ(set_suites(credential, one.suites), one.status) << why();
    if (one.status == SEC_E_OK) continue;
    End client(false, credential.handle());
    EXPECT_EQ(client.start().status, one.status) << "nor is it usable without";
  }
}

TEST(StrengthOfSuites, IsToldOfNoOthers) {
  const auto strengths = [](Credential& credential) {
    SecPkgCred_CipherStrengths told{};
    EXPECT_EQ(QueryCredentialsAttributesW(credential.handle(), SECPKG_ATTR_CIPHER_STRENGTHS, &told), SEC_E_OK);
    return std::pair(told.dwMinimumCipherStrength, told.dwMaximumCipherStrength);
  };
  const auto has_aes_128 = [](Credential& credential) {
    SecPkgCred_SupportedAlgs told{};
    EXPECT_EQ(QueryCredentialsAttributesW(credential.handle(), SECPKG_ATTR_SUPPORTED_ALGS, &told), SEC_E_OK);
    const bool found = std::ranges::count(told.palgSupportedAlgs, told.palgSupportedAlgs + told.cSupportedAlgs,
                                          static_cast<ALG_ID>(CALG_AES_128)) != 0;
    FreeContextBuffer(told.palgSupportedAlgs);
    return found;
  };
  for (const auto& of : {client_of, server_of}) {
    Credential any(of({0, 0}, 0)), strong(of({256, 256}, 0)), exact(of({0, 0}, 0)), old(of({0, 0}, SP_PROT_TLS1_2)),
        null(of({kNull, kNull}, 0));
    ASSERT_EQ(set_suites(exact, u"TLS_AES_256_GCM_SHA384"), SEC_E_OK) << why();
    EXPECT_EQ(strengths(any), std::pair(DWORD{128}, DWORD{256}));
    EXPECT_EQ(strengths(strong), std::pair(DWORD{256}, DWORD{256}));
    EXPECT_EQ(strengths(exact), std::pair(DWORD{256}, DWORD{256})) << "none of TLS 1.2 is named";
    EXPECT_EQ(strengths(old), std::pair(DWORD{128}, DWORD{256}));
    EXPECT_EQ(strengths(null), std::pair(DWORD{0}, DWORD{0}));
    EXPECT_TRUE(has_aes_128(any));
    EXPECT_FALSE(has_aes_128(strong));
    EXPECT_FALSE(has_aes_128(exact));
  }
}

// Those that Windows has no number for, and those of the old kinds.
TEST(StrengthOfSuites, AreToldByTheirNames) {
  struct Case {
    const char16_t *suite, *cipher, *exchange;
    DWORD bits;
    ALG_ID id;
  };
  const House rsa(OPENSSPI_KEY_RSA);
  for (const Case& one : {Case{u"TLS_AES_128_CCM_8_SHA256", u"AES", u"ECDH", 128, CALG_AES_128},
                          {u"TLS_CHACHA20_POLY1305_SHA256", u"CHACHA20_POLY1305", u"ECDH", 256, 0},
                          {u"TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", u"CAMELLIA", u"ECDH", 128, 0},
                          {u"TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384", u"ARIA", u"DH", 256, 0},
                          {u"TLS_RSA_WITH_AES_256_CCM", u"AES", u"RSA", 256, CALG_AES_256}}) {
    Credential client_credential({.roots = rsa.roots.get()});
    Credential server_credential({.server = true, .certificates = {rsa.server.get()}});
    ASSERT_EQ(set_suites(client_credential, one.suite), SEC_E_OK) << why();
    ASSERT_EQ(set_suites(server_credential, one.suite), SEC_E_OK) << why();
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    ASSERT_TRUE(shake(client, server).good()) << why();
    for (End* end : {&client, &server}) {
      const auto cipher = end->query<SecPkgContext_CipherInfo>(SECPKG_ATTR_CIPHER_INFO);
      EXPECT_EQ(std::u16string(cipher->szCipherSuite), one.suite);
      EXPECT_EQ(std::u16string(cipher->szCipher), one.cipher);
      EXPECT_EQ(std::u16string(cipher->szExchange), one.exchange);
      EXPECT_EQ(cipher->dwCipherLen, one.bits);
      EXPECT_EQ(end->query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO)->aiCipher, one.id);
    }
  }
}

}  // namespace
