// What a peer may ask for after the handshake: a certificate, new keys, a new handshake. The peer is OpenSSL.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>

#include "tls_pki.hpp"

namespace {

using namespace tls;

struct Pki {
  Issued root = issue({.subject = "Late Root", .authority = true});
  Issued server = issue({.names = "DNS:server.example", .issuer = &root});
  Issued client = issue({.subject = "client", .issuer = &root});
  Certificate server_certificate = with_key(server), client_certificate = with_key(client);
  Store roots = store_with({root.x509});
};
const Pki& pki() {
  static const Pki own;
  return own;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// Our client, and OpenSSL's server that may ask for a certificate when the handshake is long over.
struct LateRequest {
  explicit LateRequest(const CERT_CONTEXT* own)
      : credential(own == nullptr ? CredentialWish{.roots = pki().roots.get()}
                                  : CredentialWish{.certificates = {own}, .roots = pki().roots.get()}),
        server(true, &pki().server, {}, TLS1_3_VERSION),
        client(false, credential.handle()) {
    SSL_set_verify(server.ssl(), SSL_VERIFY_PEER | SSL_VERIFY_POST_HANDSHAKE, [](int, X509_STORE_CTX*) { return 1; });
    STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
    sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(pki().root.x509.get())));
    SSL_set0_CA_list(server.ssl(), names);
    EXPECT_EQ(shake(client, false, server), SEC_E_OK) << why();
    EXPECT_EQ(SSL_get0_peer_certificate(server.ssl()), nullptr);
  }
  Bytes ask() {
    EXPECT_EQ(SSL_verify_client_post_handshake(server.ssl()), 1) << ERR_error_string(ERR_peek_error(), nullptr);
    SSL_do_handshake(server.ssl());
    return server.write("");
  }
  // Gives the server bytes, and the client what the server says to them: new tickets.
  void tell(const Bytes& bytes) {
    const Bytes tickets = server.step(bytes);
    EXPECT_EQ(client.decrypt_stream(tickets).consumed, tickets.size()) << why();
  }
  bool knows_client() const {
    const X509* peer = SSL_get0_peer_certificate(server.ssl());
    return peer != nullptr && X509_cmp(peer, pki().client.x509.get()) == 0;
  }
  void expect_alive() {
    tell(client.encrypt("to the server"));
    EXPECT_EQ(server.text, "to the server");
    EXPECT_EQ(client.decrypt(server.write("to the client")).text, "to the client");
  }
  Credential credential;
  RawEnd server;
  End client;
};

TEST(LateCertificateRequest, IsAnsweredWithTheCredentialsCertificate) {
  LateRequest pair(pki().client_certificate.get());
  const Bytes request = pair.ask();
  ASSERT_FALSE(request.empty());
  const auto plain = pair.client.decrypt(join({request, Bytes(3, 0x17)}));
  EXPECT_EQ(plain.status, SEC_I_RENEGOTIATE) << why();
  EXPECT_EQ(plain.extra, 3U);
  const Outcome answer = pair.client.step(Bytes(3, 0x17));
  EXPECT_EQ(answer.status, SEC_E_OK) << why();
  EXPECT_EQ(answer.extra, 3U) << "what came behind stays the caller's";
  pair.tell(answer.token);
  EXPECT_TRUE(pair.knows_client());
  pair.expect_alive();
}

TEST(LateCertificateRequest, WithoutACertificateWaitsForOneOrForTheWordToGoOn) {
  for (const bool gives : {true, false}) {
    LateRequest pair(nullptr);
    EXPECT_EQ(pair.client.decrypt(pair.ask()).status, SEC_I_RENEGOTIATE) << why();
    std::size_t size = 0;
    EXPECT_EQ(OpenSspiEncryptStream(pair.client.handle(), "x", 1, nullptr, &size), SEC_E_OUT_OF_SEQUENCE);
    EXPECT_EQ(pair.client.decrypt_stream(Bytes(10, 23)).status, SEC_E_OUT_OF_SEQUENCE);
    for (int i = 0; i < 2; ++i) {
      const Outcome outcome = pair.client.step({});
      EXPECT_EQ(outcome.status, SEC_I_INCOMPLETE_CREDENTIALS) << why();
      EXPECT_TRUE(outcome.token.empty());
    }
    const auto issuers = pair.client.query<SecPkgContext_IssuerListInfoEx>(SECPKG_ATTR_ISSUER_LIST_EX);
    ASSERT_TRUE(issuers);
    EXPECT_EQ(issuers->cIssuers, 1U);
    FreeContextBuffer(issuers->aIssuers);
    Credential other({.certificates = {pki().client_certificate.get()}, .roots = pki().roots.get()});
    if (gives) pair.client.use_credential(other.handle());
    if (!gives) pair.client.set_flags(ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_USE_SUPPLIED_CREDS);
    const Outcome answer = pair.client.step({});
    EXPECT_EQ(answer.status, SEC_E_OK) << why();
    pair.tell(answer.token);
    EXPECT_EQ(pair.knows_client(), gives);
    pair.expect_alive();
  }
}

TEST(LateCertificateRequest, IsAnsweredByTheStreamFunctionsThemselves) {
  for (const bool has : {true, false}) {
    LateRequest pair(has ? pki().client_certificate.get() : nullptr);
    const Bytes request = pair.ask();
    const auto stream = pair.client.decrypt_stream(request);
    EXPECT_EQ(stream.status, SEC_E_OK) << why();
    EXPECT_EQ(stream.consumed, request.size());
    pair.tell(pair.client.encrypt_stream("behind the answer"));
    EXPECT_EQ(pair.server.text, "behind the answer");
    EXPECT_EQ(pair.knows_client(), has);
    EXPECT_EQ(pair.client.decrypt_stream(pair.server.write("and back")).text, "and back");
  }
}

TEST(LateCertificateRequest, CanBeFollowedByTheEndInsteadOfAnAnswer) {
  LateRequest pair(nullptr);
  EXPECT_EQ(pair.client.decrypt(pair.ask()).status, SEC_I_RENEGOTIATE);
  const Outcome close = pair.client.shut_down();
  EXPECT_EQ(close.status, SEC_E_OK) << why();
  pair.server.step(close.token);
  EXPECT_EQ(SSL_get_shutdown(pair.server.ssl()), SSL_RECEIVED_SHUTDOWN);
  EXPECT_FALSE(pair.knows_client());
}

TEST(LateCertificateRequest, InAStormEndsTheConnection) {
  LateRequest pair(pki().client_certificate.get());
  SECURITY_STATUS status = SEC_E_OK;
  int asked = 0;
  Bytes ignored;  // tickets
  for (; asked < 1000 && status == SEC_E_OK; ++asked) {
    status = pair.client.decrypt_stream(join({ignored, pair.ask()})).status;
    if (status != SEC_E_OK) break;
    std::size_t size = 0;
    ASSERT_EQ(OpenSspiEncryptStream(pair.client.handle(), nullptr, 0, nullptr, &size), SEC_E_OK) << why();
    Bytes answer(size);
    ASSERT_EQ(OpenSspiEncryptStream(pair.client.handle(), "", 0, answer.data(), &size), SEC_E_OK) << why();
    answer.resize(size);
    ignored = pair.server.step(answer);
  }
  EXPECT_EQ(status, SEC_E_ILLEGAL_MESSAGE);
  EXPECT_LT(asked, 100);
}

// ---- TLS 1.2: a new handshake. ----

TEST(Renegotiation, AskedForByAServerIsRefusedAndHarmsNothing) {
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &pki().server, {}, TLS1_2_VERSION);
  End client(false, credential.handle());
  ASSERT_EQ(shake(client, false, server), SEC_E_OK) << why();
  ASSERT_EQ(SSL_renegotiate(server.ssl()), 1);
  ASSERT_EQ(SSL_do_handshake(server.ssl()), 1);
  const Bytes request = server.write("");
  const Bytes data = server.write("behind it");
  const auto plain = client.decrypt(join({request, data}));
  EXPECT_EQ(plain.status, SEC_I_RENEGOTIATE) << why();
  EXPECT_TRUE(plain.text.empty());
  EXPECT_EQ(plain.extra, data.size());
  const Outcome answer = client.step({});
  EXPECT_EQ(answer.status, SEC_E_OK);
  EXPECT_FALSE(answer.token.empty()) << "the refusal";
  EXPECT_EQ(client.decrypt(data).text, "behind it");
  // What the refusal says: no_renegotiation, RFC 5246 7.2.2.
  ERR_clear_error();
  server.step(answer.token);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
  EXPECT_FALSE(client.encrypt("still there").empty());
}

TEST(Renegotiation, AskedForByAClientIsRefusedAndHarmsNothing) {
  Credential credential({.server = true, .certificates = {pki().server_certificate.get()}});
  RawEnd client(false, nullptr, {}, TLS1_2_VERSION);
  End server(true, credential.handle());
  ASSERT_EQ(shake(server, true, client), SEC_E_OK) << why();
  const Bytes before = client.write("before");
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  EXPECT_LT(SSL_do_handshake(client.ssl()), 1);
  const Bytes hello = client.step({});
  ASSERT_FALSE(hello.empty());
  EXPECT_EQ(server.decrypt(before).text, "before");
  const auto plain = server.decrypt(hello);
  EXPECT_EQ(plain.status, SEC_I_RENEGOTIATE) << why();
  const Outcome answer = server.step({});
  EXPECT_EQ(answer.status, SEC_E_OK);
  ERR_clear_error();
  client.step(answer.token);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
  EXPECT_FALSE(server.encrypt("still there").empty());
}

TEST(Renegotiation, StormsEnd) {
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &pki().server, {}, TLS1_2_VERSION);
  End client(false, credential.handle());
  ASSERT_EQ(shake(client, false, server), SEC_E_OK) << why();
  SECURITY_STATUS status = SEC_E_OK;
  int asked = 0;
  for (; asked < 1000 && status == SEC_E_OK; ++asked) {
    SSL_renegotiate(server.ssl());
    SSL_do_handshake(server.ssl());
    status = client.decrypt_stream(server.write("")).status;
  }
  EXPECT_EQ(status, SEC_E_ILLEGAL_MESSAGE);
  EXPECT_LT(asked, 100);
}

// ---- TLS 1.3: new keys. ----

TEST(KeyUpdate, OfOpensslIsAnsweredThroughTheContext) {
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &pki().server, {}, TLS1_3_VERSION);
  End client(false, credential.handle());
  ASSERT_EQ(shake(client, false, server), SEC_E_OK) << why();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(SSL_key_update(server.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(server.ssl()), 1);
    EXPECT_EQ(client.decrypt(server.write("")).status, SEC_I_RENEGOTIATE) << why();
    const Outcome answer = client.step({});
    EXPECT_EQ(answer.status, SEC_E_OK) << why();
    server.text.clear();
    server.step(join({answer.token, client.encrypt("new keys")}));
    EXPECT_EQ(server.text, "new keys");
    EXPECT_EQ(client.decrypt(server.write("both ways")).text, "both ways");
    // One that asks for nothing back says nothing to the caller.
    ASSERT_EQ(SSL_key_update(server.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(server.ssl()), 1);
    EXPECT_EQ(client.decrypt(server.write("")).status, SEC_E_OK);
    EXPECT_EQ(client.decrypt(server.write("once more")).text, "once more");
  }
}

TEST(Tickets, SayNothingToTheCaller) {
  Credential credential({.roots = pki().roots.get()});
  RawEnd server(true, &pki().server, {}, TLS1_3_VERSION);
  SSL_set_num_tickets(server.ssl(), 5);
  End client(false, credential.handle());
  const Outcome last = client.step(server.step(client.start().token));
  ASSERT_EQ(last.status, SEC_E_OK) << why();
  Bytes tickets = join({server.step(last.token), server.write("data")});
  std::string text;
  int records = 0;
  for (; !tickets.empty(); ++records) {
    const auto plain = client.decrypt(tickets);
    ASSERT_EQ(plain.status, SEC_E_OK) << why();
    text += plain.text;
    tickets.erase(tickets.begin(), tickets.end() - static_cast<std::ptrdiff_t>(plain.extra));
  }
  EXPECT_EQ(text, "data");
  EXPECT_GE(records, 6);
}

}  // namespace
