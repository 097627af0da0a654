// Sessions: how long they live, and what they may be resumed for.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tls_pki.hpp"

namespace {

using namespace tls;
using namespace std::chrono_literals;

struct Pki {
  Issued root = issue({.subject = "Session Root", .authority = true});
  Issued other_root = issue({.subject = "Other Root", .authority = true});
  Issued server = issue({.names = "DNS:server.example,DNS:second.example", .issuer = &root});
  Issued client = issue({.subject = "client", .issuer = &root});
  Certificate server_certificate = with_key(server), client_certificate = with_key(client);
  Store roots = store_with({root.x509}), both_roots = store_with({root.x509, other_root.x509});
};
const Pki& pki() {
  static const Pki own;
  return own;
}

struct Try {
  std::u16string target = u"server.example";
  ULONG client_flags = 0, server_flags = 0;
};
// Whether a connection is resumed; both ends must say the same.
bool resumed(Credential& client_credential, Credential& server_credential, const Try& with = {}) {
  End client(false, client_credential.handle(), with.target, with.client_flags);
  End server(true, server_credential.handle(), u"", with.server_flags);
  const Result result = shake(client, server);
  EXPECT_TRUE(result.good()) << why();
  if (!result.good()) return false;
  EXPECT_EQ(client.decrypt_stream(result.client_rest).status, SEC_E_OK);
  const auto of = [](End& end) {
    return end.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO)->dwFlags == SSL_SESSION_RECONNECT;
  };
  EXPECT_EQ(of(client), of(server));
  return of(client);
}

// A busy machine may let a short life pass between two connections: then nothing is said of the second.
#define EXPECT_RESUMED_WITHIN(limit, ...)                    \
  do {                                                       \
    const bool was_resumed = resumed(__VA_ARGS__);           \
    if (std::chrono::steady_clock::now() - born < (limit)) { \
      EXPECT_TRUE(was_resumed);                              \
    }                                                        \
  } while (false)

class Sessions : public testing::TestWithParam<DWORD> {
 protected:
  CredentialWish client_wish() const { return {.roots = pki().roots.get(), .protocols = GetParam()}; }
  CredentialWish server_wish() const {
    return {.server = true,
            .certificates = {pki().server_certificate.get()},
            .roots = pki().roots.get(),
            .protocols = GetParam()};
  }
};
INSTANTIATE_TEST_SUITE_P(Tls, Sessions, testing::Values(DWORD{SP_PROT_TLS1_2}, DWORD{SP_PROT_TLS1_3}),
                         [](const auto& version) { return version.param == SP_PROT_TLS1_3 ? "TLS13" : "TLS12"; });

TEST_P(Sessions, EndWithTheLifespanOfTheClientsCredential) {
  CredentialWish wish = client_wish();
  wish.lifespan = 600;
  Credential client(wish), server(server_wish());
  for (int i = 0; i < 2; ++i) {
    const auto born = std::chrono::steady_clock::now();
    EXPECT_FALSE(resumed(client, server));
    EXPECT_RESUMED_WITHIN(600ms, client, server);
    std::this_thread::sleep_for(700ms);
  }
}

TEST_P(Sessions, EndWithTheLifespanOfTheServersCredential) {
  CredentialWish wish = server_wish();
  wish.lifespan = 600;
  Credential client(client_wish()), server(wish);
  for (int i = 0; i < 2; ++i) {
    const auto born = std::chrono::steady_clock::now();
    EXPECT_FALSE(resumed(client, server));
    EXPECT_RESUMED_WITHIN(600ms, client, server);
    std::this_thread::sleep_for(700ms);
  }
}

TEST_P(Sessions, GrowNoYoungerByResuming) {
  for (const bool at_client : {true, false}) {
    CredentialWish client_side = client_wish(), server_side = server_wish();
    (at_client ? client_side : server_side).lifespan = 1000;
    Credential client(client_side), server(server_side);
    const auto born = std::chrono::steady_clock::now();
    EXPECT_FALSE(resumed(client, server));
    std::this_thread::sleep_for(500ms);
    EXPECT_RESUMED_WITHIN(1000ms, client, server);
    std::this_thread::sleep_for(600ms);
    EXPECT_FALSE(resumed(client, server)) << "the full handshake lies further back than the lifespan";
  }
}

TEST_P(Sessions, AreForOneTargetOneWayOfValidationAndOneCertificate) {
  Credential client(client_wish()), server(server_wish());
  EXPECT_FALSE(resumed(client, server, {.client_flags = ISC_REQ_MANUAL_CRED_VALIDATION}));
  EXPECT_FALSE(resumed(client, server)) << "manual, then automatic";
  EXPECT_TRUE(resumed(client, server));
  EXPECT_FALSE(resumed(client, server, {.target = u"second.example"})) << "another name";
  EXPECT_TRUE(resumed(client, server, {.target = u"second.example"}));
  EXPECT_FALSE(resumed(client, server, {.client_flags = ISC_REQ_MANUAL_CRED_VALIDATION}));
  // A name that the certificate lacks is refused, session or not.
  End wrong(false, client.handle(), u"third.example"), end(true, server.handle());
  EXPECT_EQ(shake(wrong, end).client, SEC_E_WRONG_PRINCIPAL);

  CredentialWish with = client_wish();
  with.certificates = {pki().client_certificate.get()};
  Credential known(with);
  EXPECT_FALSE(resumed(known, server)) << "another credential";
  EXPECT_TRUE(resumed(known, server));
  EXPECT_FALSE(resumed(known, server, {.server_flags = ASC_REQ_MUTUAL_AUTH})) << "anonymous, then mutual";
  EXPECT_TRUE(resumed(known, server, {.server_flags = ASC_REQ_MUTUAL_AUTH}));
  EXPECT_FALSE(resumed(known, server)) << "mutual, then anonymous";
}

TEST_P(Sessions, AreNotSharedByServersThatTrustOthers) {
  CredentialWish other_wish = server_wish();
  other_wish.roots = pki().both_roots.get();
  CredentialWish with = client_wish();
  with.certificates = {pki().client_certificate.get()};
  Credential client(with), server(server_wish()), other(other_wish);
  EXPECT_FALSE(resumed(client, server, {.server_flags = ASC_REQ_MUTUAL_AUTH}));
  EXPECT_FALSE(resumed(client, other, {.server_flags = ASC_REQ_MUTUAL_AUTH}));
}

TEST_P(Sessions, AreKeptOnlyOfAnsweredValidation) {
  // What validation refused is not cached: the next try must validate, and refuse, again.
  Credential client({.roots = Store(store_with({pki().other_root.x509})).get(), .protocols = GetParam()});
  Credential server(server_wish());
  for (int i = 0; i < 3; ++i) {
    End one(false, client.handle()), other(true, server.handle());
    EXPECT_EQ(shake(one, other).client, SEC_E_UNTRUSTED_ROOT);
  }
}

TEST_P(Sessions, EndWhereTheCallerSaysSo) {
  Credential client(client_wish()), server(server_wish());
  EXPECT_FALSE(resumed(client, server));
  EXPECT_TRUE(resumed(client, server));
  {
    End one(false, client.handle()), other(true, server.handle());
    const Result result = shake(one, other);
    ASSERT_TRUE(result.good());
    one.decrypt_stream(result.client_rest);
    DWORD token[2] = {SCHANNEL_SESSION, SSL_SESSION_DISABLE_RECONNECTS};
    SecBuffer buffer{sizeof token, SECBUFFER_TOKEN, token};
    SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
    EXPECT_EQ(ApplyControlToken(one.handle(), &list), SEC_E_OK) << why();
  }
  EXPECT_FALSE(resumed(client, server));
}

}  // namespace
