// Handshakes of TLS against ourselves: protocols, keys, fragmentation, validation, names, certificates of clients,
// ALPN.
#include <gtest/gtest.h>

#include <map>

#include "tls_pair.hpp"

namespace {

using namespace tls;

struct Kind {
  const char* name;
  DWORD protocols;
  ULONG key;
};
constexpr Kind kKinds[] = {{"TLS12_ECDSA", SP_PROT_TLS1_2, OPENSSPI_KEY_EC},
                           {"TLS12_RSA", SP_PROT_TLS1_2, OPENSSPI_KEY_RSA},
                           {"TLS13_ECDSA", SP_PROT_TLS1_3, OPENSSPI_KEY_EC},
                           {"TLS13_RSA", SP_PROT_TLS1_3, OPENSSPI_KEY_RSA}};

// Certificates of RSA take long to make: one house for each kind of key.
const House& house(ULONG key) {
  static std::map<ULONG, House> houses;
  const auto found = houses.find(key);
  return found == houses.end() ? houses.try_emplace(key, key).first->second : found->second;
}

class TlsKinds : public testing::TestWithParam<Kind> {
 protected:
  const House& own() const { return house(GetParam().key); }
  CredentialWish server_wish() const {
    return {.server = true, .certificates = {own().server.get()}, .protocols = GetParam().protocols};
  }
  CredentialWish client_wish() const { return {.roots = own().roots.get(), .protocols = GetParam().protocols}; }
};
INSTANTIATE_TEST_SUITE_P(Tls, TlsKinds, testing::ValuesIn(kKinds), [](const auto& kind) { return kind.param.name; });

TEST_P(TlsKinds, ShakesHandsAndCarriesDataBothWays) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  ASSERT_EQ(server_credential.status(), SEC_E_OK) << why();
  ASSERT_EQ(client_credential.status(), SEC_E_OK) << why();
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  Result result = shake(client, server);
  ASSERT_TRUE(result.good()) << std::hex << result.client << " " << result.server << " " << why();
  EXPECT_EQ(client.decrypt_stream(result.client_rest).status, SEC_E_OK);  // tickets say nothing
  const auto to_server = server.decrypt(client.encrypt("to the server"));
  EXPECT_EQ(to_server.status, SEC_E_OK);
  EXPECT_EQ(to_server.text, "to the server");
  const auto to_client = client.decrypt(server.encrypt("to the client"));
  EXPECT_EQ(to_client.text, "to the client");
}

TEST_P(TlsKinds, TakesTheHandshakeInPiecesOfAnySize) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  for (const std::size_t chunk : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 100U, 1000U}) {
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    Result result = shake(client, server, chunk);
    ASSERT_TRUE(result.good()) << chunk << " " << why();
    EXPECT_EQ(client.decrypt_stream(result.client_rest).status, SEC_E_OK);
    EXPECT_EQ(server.decrypt(client.encrypt("x")).text, "x");
  }
}

TEST_P(TlsKinds, LeavesApplicationDataBehindTheHandshakeToTheCaller) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  Outcome hello = client.start();
  Outcome flight = server.step(hello.token);
  Outcome last = client.step(flight.token);
  if (GetParam().protocols == SP_PROT_TLS1_3) {
    ASSERT_EQ(last.status, SEC_E_OK);
    Bytes all = last.token;
    const Bytes data = client.encrypt("early bird");
    all.insert(all.end(), data.begin(), data.end());
    Outcome done = server.step(all);
    ASSERT_EQ(done.status, SEC_E_OK);
    EXPECT_EQ(done.extra, data.size());
    EXPECT_EQ(server.decrypt({all.end() - static_cast<std::ptrdiff_t>(done.extra), all.end()}).text, "early bird");
  } else {
    Outcome finished = server.step(last.token);
    ASSERT_EQ(finished.status, SEC_E_OK);
    Bytes all = finished.token;
    const Bytes data = server.encrypt("early bird");
    all.insert(all.end(), data.begin(), data.end());
    Outcome done = client.step(all);
    ASSERT_EQ(done.status, SEC_E_OK);
    EXPECT_EQ(done.extra, data.size());
    EXPECT_EQ(client.decrypt({all.end() - static_cast<std::ptrdiff_t>(done.extra), all.end()}).text, "early bird");
  }
}

TEST_P(TlsKinds, TellsHowManyBytesAreMissing) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle());
  const Outcome hello = client.start();
  for (std::size_t size = 1; size < 60; ++size) {
    End server(true, server_credential.handle());
    const Outcome outcome = server.step({hello.token.begin(), hello.token.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(outcome.status, SEC_E_INCOMPLETE_MESSAGE);
    EXPECT_EQ(outcome.missing, size < 5 ? 5 - size : hello.token.size() - size);
  }
}

TEST_P(TlsKinds, ReportsTheConnection) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  ASSERT_TRUE(shake(client, server).good());
  const auto info = client.query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->dwProtocol, GetParam().protocols == SP_PROT_TLS1_3 ? SP_PROT_TLS1_3_CLIENT : SP_PROT_TLS1_2_CLIENT);
  EXPECT_EQ(info->aiCipher, static_cast<ALG_ID>(CALG_AES_128));
  EXPECT_EQ(info->dwCipherStrength, 128U);
  EXPECT_EQ(info->dwHashStrength, 0U);
  const auto cipher = server.query<SecPkgContext_CipherInfo>(SECPKG_ATTR_CIPHER_INFO);
  ASSERT_TRUE(cipher);
  EXPECT_EQ(cipher->dwProtocol, GetParam().protocols == SP_PROT_TLS1_3 ? 0x304U : 0x303U);
  EXPECT_EQ(std::u16string(cipher->szCipher), u"AES");
  EXPECT_EQ(std::u16string(cipher->szCertificate), GetParam().key == OPENSSPI_KEY_RSA ? u"RSA" : u"ECDSA");
  const auto certificate = client.remote_certificate();
  ASSERT_TRUE(certificate);
  EXPECT_EQ(Bytes(certificate->pbCertEncoded, certificate->pbCertEncoded + certificate->cbCertEncoded),
            Bytes(own().server->pbCertEncoded, own().server->pbCertEncoded + own().server->cbCertEncoded));
  EXPECT_FALSE(server.remote_certificate());
  EXPECT_EQ(server.last_query, SEC_E_NO_CREDENTIALS);
  EXPECT_EQ(
      client.attributes() & ~static_cast<ULONG>(ISC_RET_ALLOCATED_MEMORY | ISC_RET_EXTENDED_ERROR),
      static_cast<ULONG>(ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT | ISC_RET_CONFIDENTIALITY | ISC_RET_STREAM));
}

TEST_P(TlsKinds, GivesBothEndsTheSameBindings) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  ASSERT_TRUE(shake(client, server).good());
  for (const ULONG id : {ULONG{SECPKG_ATTR_UNIQUE_BINDINGS}, ULONG{SECPKG_ATTR_ENDPOINT_BINDINGS}}) {
    const Bytes one = client.bindings(id), other = server.bindings(id);
    EXPECT_FALSE(one.empty());
    EXPECT_EQ(one, other);
  }
  const Bytes endpoint = client.bindings(SECPKG_ATTR_ENDPOINT_BINDINGS);
  EXPECT_EQ(std::string(endpoint.begin(), endpoint.begin() + 21), "tls-server-end-point:");
  EXPECT_EQ(endpoint.size(), 21U + 32);
}

TEST_P(TlsKinds, ExportsTheSameKeys) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  ASSERT_TRUE(shake(client, server).good());
  char label[] = "EXPERIMENTAL test";
  SecPkgContext_KeyingMaterialInfo info{sizeof label, label, 0, nullptr, 48};
  Bytes keys[2];
  End* ends[] = {&client, &server};
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(SetContextAttributesW(ends[i]->handle(), SECPKG_ATTR_KEYING_MATERIAL_INFO, &info, sizeof info), SEC_E_OK)
        << why();
    const auto material = ends[i]->query<SecPkgContext_KeyingMaterial>(SECPKG_ATTR_KEYING_MATERIAL);
    ASSERT_TRUE(material) << why();
    keys[i].assign(material->pbKeyingMaterial, material->pbKeyingMaterial + material->cbKeyingMaterial);
    FreeContextBuffer(material->pbKeyingMaterial);
  }
  EXPECT_EQ(keys[0].size(), 48U);
  EXPECT_EQ(keys[0], keys[1]);
}

TEST_P(TlsKinds, ResumesOnlyWhatWasVerifiedByTheSameRules) {
  const Certificate own_certificate = make({.subject = u"CN=client", .issuer = own().root.get()});
  CredentialWish wish = client_wish();
  wish.certificates = {own_certificate.get()};
  Credential server_credential(server_wish()), client_credential(wish);
  const auto resumed = [&](std::u16string target, ULONG flags, ULONG server_flags = 0) {
    End client(false, client_credential.handle(), target, flags),
        server(true, server_credential.handle(), u"", server_flags);
    Result result = shake(client, server);
    EXPECT_TRUE(result.good()) << why();
    EXPECT_EQ(client.decrypt_stream(result.client_rest).status, SEC_E_OK);
    const bool one =
        client.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO)->dwFlags == SSL_SESSION_RECONNECT;
    const bool other =
        server.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO)->dwFlags == SSL_SESSION_RECONNECT;
    EXPECT_EQ(one, other);
    EXPECT_TRUE(client.remote_certificate());
    return one;
  };
  EXPECT_FALSE(resumed(u"server.example", ISC_REQ_MANUAL_CRED_VALIDATION));
  EXPECT_FALSE(resumed(u"server.example", 0)) << "manual, then automatic";
  EXPECT_TRUE(resumed(u"server.example", 0));
  EXPECT_TRUE(resumed(u"SERVER.example.", 0)) << "one name, written otherwise";
  EXPECT_FALSE(resumed(u"server.example", ISC_REQ_MANUAL_CRED_VALIDATION)) << "automatic, then manual";
  EXPECT_FALSE(resumed(u"server.example", 0, ASC_REQ_MUTUAL_AUTH)) << "anonymous, then mutual";
}

TEST_P(TlsKinds, ResumesNothingWhereReconnectsAreDisabled) {
  CredentialWish wish = client_wish();
  wish.flags = SCH_CRED_DISABLE_RECONNECTS;
  Credential server_credential(server_wish()), client_credential(wish);
  for (int i = 0; i < 2; ++i) {
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    Result result = shake(client, server);
    ASSERT_TRUE(result.good());
    client.decrypt_stream(result.client_rest);
    EXPECT_EQ(client.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO)->dwFlags, 0U);
  }
}

TEST_P(TlsKinds, GoesOnWithoutACertificateWhereTheCallerSaysSo) {
  CredentialWish wish = server_wish();
  Credential server_credential(wish), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  const Outcome hello = client.start();
  Outcome flight = server.step(hello.token);
  Outcome asked = client.step(flight.token);
  ASSERT_EQ(asked.status, SEC_I_INCOMPLETE_CREDENTIALS) << why();
  EXPECT_TRUE(asked.token.empty());
  client.set_flags(ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_USE_SUPPLIED_CREDS);
  Outcome last = client.step(flight.token);
  ASSERT_TRUE(last.status == SEC_E_OK || last.status == SEC_I_CONTINUE_NEEDED) << why();
  Outcome done = server.step(last.token);
  EXPECT_EQ(done.status, SEC_E_OK) << why();
  EXPECT_FALSE(server.remote_certificate());
  EXPECT_EQ(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
}

TEST_P(TlsKinds, TakesAnotherCredentialAfterIncompleteCredentials) {
  const Certificate own_certificate = make({.subject = u"CN=client", .issuer = own().root.get()});
  CredentialWish with = client_wish();
  with.certificates = {own_certificate.get()};
  CredentialWish server_side = server_wish();
  server_side.roots = own().roots.get();
  Credential server_credential(server_side), client_credential(client_wish()), other(with);
  End client(false, client_credential.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  const Outcome hello = client.start();
  Outcome flight = server.step(hello.token);
  ASSERT_EQ(client.step(flight.token).status, SEC_I_INCOMPLETE_CREDENTIALS) << why();
  const auto issuers = client.query<SecPkgContext_IssuerListInfoEx>(SECPKG_ATTR_ISSUER_LIST_EX);
  ASSERT_TRUE(issuers);
  EXPECT_EQ(issuers->cIssuers, 1U);
  FreeContextBuffer(issuers->aIssuers);
  client.use_credential(other.handle());
  Outcome last = client.step(flight.token);
  ASSERT_TRUE(last.status == SEC_E_OK || last.status == SEC_I_CONTINUE_NEEDED) << why();
  ASSERT_EQ(server.step(last.token).status, SEC_E_OK) << why();
  EXPECT_TRUE(server.remote_certificate());
  EXPECT_NE(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
}

TEST_P(TlsKinds, RefusesOtherBytesAfterIncompleteCredentials) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle(), u"", ASC_REQ_MUTUAL_AUTH);
  Outcome flight = server.step(client.start().token);
  ASSERT_EQ(client.step(flight.token).status, SEC_I_INCOMPLETE_CREDENTIALS);
  client.set_flags(ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_USE_SUPPLIED_CREDS);
  flight.token[20] ^= 1;
  EXPECT_EQ(client.step(flight.token).status, SEC_E_INVALID_TOKEN);
}

TEST_P(TlsKinds, AuthenticatesClientsOnlyByTheRootStore) {
  const Certificate own_certificate = make({.subject = u"CN=client", .issuer = own().root.get()});
  const Certificate stranger = make({.subject = u"CN=stranger"});
  CredentialWish with_store = server_wish();
  with_store.roots = own().roots.get();
  Credential trusting(with_store), plain(server_wish());
  const auto run = [&](CredHandle* server_credential, const CERT_CONTEXT* certificate, ULONG& attributes) {
    CredentialWish wish = client_wish();
    wish.certificates = {certificate};
    Credential client_credential(wish);
    End client(false, client_credential.handle()), server(true, server_credential, u"", ASC_REQ_MUTUAL_AUTH);
    const Result result = shake(client, server);
    attributes = server.attributes();
    if (result.server == SEC_E_OK) {
      EXPECT_TRUE(server.remote_certificate());
    }
    return result.server;
  };
  ULONG attributes = 0;
  EXPECT_EQ(run(trusting.handle(), own_certificate.get(), attributes), SEC_E_OK) << why();
  EXPECT_NE(attributes & ASC_RET_MUTUAL_AUTH, 0U);
  EXPECT_EQ(run(trusting.handle(), stranger.get(), attributes), SEC_E_UNTRUSTED_ROOT);
  EXPECT_EQ(run(plain.handle(), stranger.get(), attributes), SEC_E_OK) << "delivered unverified";
  EXPECT_EQ(attributes & ASC_RET_MUTUAL_AUTH, 0U);
  EXPECT_EQ(run(plain.handle(), own_certificate.get(), attributes), SEC_E_OK);
  EXPECT_EQ(attributes & ASC_RET_MUTUAL_AUTH, 0U);
}

TEST_P(TlsKinds, NegotiatesApplicationProtocols) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  const auto run = [&](std::vector<std::string> client_names, std::vector<std::string> server_names, Result& result) {
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    client.set_protocols(std::move(client_names));
    server.set_protocols(std::move(server_names));
    result = shake(client, server);
    if (!result.good()) return std::string("-");
    const auto one = client.query<SecPkgContext_ApplicationProtocol>(SECPKG_ATTR_APPLICATION_PROTOCOL);
    const auto other = server.query<SecPkgContext_ApplicationProtocol>(SECPKG_ATTR_APPLICATION_PROTOCOL);
    const auto text = [](const auto& protocol) {
      return std::string(reinterpret_cast<const char*>(protocol->ProtocolId), protocol->ProtocolIdSize);
    };
    EXPECT_EQ(text(one), text(other));
    return text(one);
  };
  Result result;
  EXPECT_EQ(run({"h2", "http/1.1"}, {"http/1.1", "h2"}, result), "http/1.1") << "the server's order counts";
  EXPECT_EQ(run({"h2"}, {}, result), "");
  EXPECT_EQ(run({}, {"h2"}, result), "");
  EXPECT_EQ(run({"h2"}, {"spdy"}, result), "-");
  EXPECT_EQ(result.server, SEC_E_APPLICATION_PROTOCOL_MISMATCH);
  EXPECT_EQ(result.client, SEC_E_APPLICATION_PROTOCOL_MISMATCH);
}

TEST_P(TlsKinds, ClosesBothWays) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  Result result = shake(client, server);
  ASSERT_TRUE(result.good());
  client.decrypt_stream(result.client_rest);
  const Outcome close = client.shut_down();
  EXPECT_EQ(close.status, SEC_E_OK);
  EXPECT_FALSE(close.token.empty());
  EXPECT_EQ(server.decrypt(close.token).status, SEC_I_CONTEXT_EXPIRED);
  EXPECT_EQ(client.decrypt(server.encrypt("still")).text, "still") << "the other direction stays open";
  std::size_t size = 0;
  EXPECT_EQ(OpenSspiEncryptStream(client.handle(), "x", 1, nullptr, &size), SEC_E_CONTEXT_EXPIRED);
  const Outcome answer = server.shut_down();
  EXPECT_EQ(client.decrypt_stream(answer.token).status, SEC_I_CONTEXT_EXPIRED);
}

TEST_P(TlsKinds, FailsOnEachBitOfEachRecordOfAConversation) {
  Credential server_credential(server_wish()), client_credential(client_wish());
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  Result result = shake(client, server);
  ASSERT_TRUE(result.good());
  client.decrypt_stream(result.client_rest);
  const Bytes record = client.encrypt("payment: 100");
  // Each flip kills the connection, so each gets its own.
  for (std::size_t bit = 0; bit < record.size() * 8; bit += 3) {
    End one(false, client_credential.handle()), other(true, server_credential.handle());
    Result again = shake(one, other);
    ASSERT_TRUE(again.good());
    Bytes altered = one.encrypt("payment: 100");
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ (1U << (bit % 8)));
    const auto plain = other.decrypt(altered);
    EXPECT_NE(plain.status, SEC_E_OK) << "bit " << bit;
    EXPECT_NE(plain.text, "payment: 100");
  }
}

// ---- Validation. ----

struct Fault {
  const char* name;
  Wish leaf;
  std::u16string target;
  SECURITY_STATUS status;
};

SECURITY_STATUS validate(const Certificate& leaf, HCERTSTORE roots, const std::u16string& target, DWORD flags = 0,
                         std::vector<const CERT_CONTEXT*> = {}) {
  Credential server_credential({.server = true, .certificates = {leaf.get()}});
  Credential client_credential({.roots = roots, .flags = flags});
  EXPECT_EQ(server_credential.status(), SEC_E_OK) << why();
  End client(false, client_credential.handle(), target), server(true, server_credential.handle());
  const Result result = shake(client, server);
  if (result.client != SEC_E_OK) {
    EXPECT_LT(result.server, 0) << "the server must see the handshake fail";
  }
  return result.client;
}

TEST(TlsValidation, GivesEachFaultItsStatus) {
  const House own;
  const CERT_CONTEXT* root = own.root.get();
  const std::string server_auth = szOID_PKIX_KP_SERVER_AUTH, client_auth = szOID_PKIX_KP_CLIENT_AUTH;
  const Fault faults[] = {
      {"good", {.names = {u"DNS:a.example"}, .issuer = root}, u"a.example", SEC_E_OK},
      {"good with usage",
       {.names = {u"DNS:a.example"}, .issuer = root, .usages = {server_auth}},
       u"a.example",
       SEC_E_OK},
      {"untrusted root", {.names = {u"DNS:a.example"}}, u"a.example", SEC_E_UNTRUSTED_ROOT},
      {"untrusted root and wrong name", {.names = {u"DNS:a.example"}}, u"b.example", SEC_E_UNTRUSTED_ROOT},
      {"wrong name", {.names = {u"DNS:a.example"}, .issuer = root}, u"b.example", SEC_E_WRONG_PRINCIPAL},
      {"name of a part", {.names = {u"DNS:a.example"}, .issuer = root}, u"aa.example", SEC_E_WRONG_PRINCIPAL},
      {"expired",
       {.names = {u"DNS:a.example"}, .issuer = root, .from_days = -10, .until_days = -1},
       u"a.example",
       SEC_E_CERT_EXPIRED},
      {"not yet",
       {.names = {u"DNS:a.example"}, .issuer = root, .from_days = 1, .until_days = 10},
       u"a.example",
       SEC_E_CERT_EXPIRED},
      {"usage",
       {.names = {u"DNS:a.example"}, .issuer = root, .usages = {client_auth}},
       u"a.example",
       SEC_E_CERT_WRONG_USAGE},
      {"wildcard", {.names = {u"DNS:*.b.example"}, .issuer = root}, u"a.b.example", SEC_E_OK},
      {"wildcard too deep", {.names = {u"DNS:*.b.example"}, .issuer = root}, u"a.a.b.example", SEC_E_WRONG_PRINCIPAL},
      {"wildcard of the top", {.names = {u"DNS:*.example"}, .issuer = root}, u"a.example", SEC_E_WRONG_PRINCIPAL},
      {"wildcard within a label",
       {.names = {u"DNS:a.b.example"}, .issuer = root},
       u"*.b.example",
       SEC_E_WRONG_PRINCIPAL},
      {"address", {.names = {u"IP:192.0.2.1"}, .issuer = root}, u"192.0.2.1", SEC_E_OK},
      {"wrong address", {.names = {u"IP:192.0.2.1"}, .issuer = root}, u"192.0.2.2", SEC_E_WRONG_PRINCIPAL},
      {"address of six", {.names = {u"IP:2001:db8::1"}, .issuer = root}, u"2001:db8::1", SEC_E_OK},
      {"IDNA", {.names = {u"DNS:b\u00FCcher.example"}, .issuer = root}, u"B\u00DCcher.example", SEC_E_OK},
      {"IDNA, other name",
       {.names = {u"DNS:b\u00FCcher.example"}, .issuer = root},
       u"bucher.example",
       SEC_E_WRONG_PRINCIPAL},
      {"CN without alternative names", {.subject = u"CN=a.example", .issuer = root}, u"a.example", SEC_E_OK},
      {"CN beside alternative names",
       {.subject = u"CN=b.example", .names = {u"DNS:a.example"}, .issuer = root},
       u"b.example",
       SEC_E_WRONG_PRINCIPAL},
      {"dot at the end", {.names = {u"DNS:a.example"}, .issuer = root}, u"a.example.", SEC_E_OK}};
  for (const Fault& fault : faults) {
    EXPECT_EQ(validate(make(fault.leaf), own.roots.get(), fault.target), fault.status) << fault.name << ": " << why();
  }
}

TEST(TlsValidation, RefusesAuthoritiesThatAreNone) {
  const House own;
  const Certificate no_authority = make({.subject = u"CN=Not a CA", .issuer = own.root.get()});
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = no_authority.get()});
  const Store all = store_of({leaf.get(), no_authority.get()});
  PCCERT_CONTEXT in_store =
      CertFindCertificateInStore(all.get(), X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, leaf.get(), nullptr);
  const Certificate with_chain(in_store);
  ASSERT_TRUE(with_chain);
  EXPECT_LT(validate(with_chain, own.roots.get(), u"a.example"), 0);
}

TEST(TlsValidation, SendsTheChainOfTheCertificatesStore) {
  const House own;
  const Certificate middle = make({.subject = u"CN=Middle", .issuer = own.root.get(), .authority = true});
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = middle.get()});
  EXPECT_EQ(validate(leaf, own.roots.get(), u"a.example"), SEC_E_UNTRUSTED_ROOT) << "without the one between";
  const Store all = store_of({leaf.get(), middle.get()});
  const Certificate with_chain(
      CertFindCertificateInStore(all.get(), X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, leaf.get(), nullptr));
  EXPECT_EQ(validate(with_chain, own.roots.get(), u"a.example"), SEC_E_OK) << why();
}

TEST(TlsValidation, HoldsPathLengths) {
  const House own;
  const Certificate first =
      make({.subject = u"CN=First", .issuer = own.root.get(), .authority = true, .path_length = 0});
  const Certificate second = make({.subject = u"CN=Second", .issuer = first.get(), .authority = true});
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = second.get()});
  const Store all = store_of({leaf.get(), first.get(), second.get()});
  const Certificate with_chain(
      CertFindCertificateInStore(all.get(), X509_ASN_ENCODING, 0, CERT_FIND_EXISTING, leaf.get(), nullptr));
  EXPECT_EQ(validate(with_chain, own.roots.get(), u"a.example"), SEC_E_CERT_UNKNOWN);
}

TEST(TlsValidation, KnowsNothingOfRevocationWithoutALists) {
  const House own;
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = own.root.get()});
  EXPECT_EQ(validate(leaf, own.roots.get(), u"a.example", SCH_CRED_REVOCATION_CHECK_CHAIN),
            static_cast<SECURITY_STATUS>(CRYPT_E_NO_REVOCATION_CHECK));
  EXPECT_EQ(validate(leaf, own.roots.get(), u"a.example",
                     SCH_CRED_REVOCATION_CHECK_CHAIN | SCH_CRED_IGNORE_NO_REVOCATION_CHECK),
            SEC_E_OK)
      << why();
}

TEST(TlsValidation, RefusesAnEmptyTargetUnlessValidationIsManual) {
  const House own;
  Credential automatic({.roots = own.roots.get()}), manual({.flags = SCH_CRED_MANUAL_CRED_VALIDATION});
  EXPECT_EQ(End(false, automatic.handle(), u"").start().status, SEC_E_WRONG_PRINCIPAL);
  EXPECT_EQ(End(false, automatic.handle(), u"bad name").start().status, SEC_E_WRONG_PRINCIPAL);
  EXPECT_EQ(End(false, manual.handle(), u"").start().status, SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(End(false, automatic.handle(), u"", ISC_REQ_MANUAL_CRED_VALIDATION).start().status, SEC_I_CONTINUE_NEEDED);
}

TEST(TlsValidation, TrustsNothingButTheRestrictedRoots) {
  const House own;
  const Certificate leaf = make({.names = {u"DNS:a.example"}, .issuer = own.root.get()});
  EXPECT_EQ(validate(leaf, own.roots.get(), u"a.example", SCH_CRED_RESTRICTED_ROOTS), SEC_E_OK);
  const Store empty = store_of({});
  EXPECT_EQ(validate(leaf, empty.get(), u"a.example", SCH_CRED_RESTRICTED_ROOTS), SEC_E_UNTRUSTED_ROOT);
  EXPECT_EQ(validate(leaf, nullptr, u"a.example"), SEC_E_UNTRUSTED_ROOT);
}

// ---- Credentials. ----

TEST(TlsCredential, SaysWhatItCannotDo) {
  const House own;
  EXPECT_EQ(Credential({.server = true}).status(), SEC_E_NO_CREDENTIALS);
  EXPECT_EQ(Credential({.protocols = SP_PROT_SSL3}).status(), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(Credential({.protocols = SP_PROT_SSL2}).status(), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(Credential({.least = 512}).status(), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(Credential({.most = 64}).status(), SEC_E_ALGORITHM_MISMATCH);
  EXPECT_EQ(Credential({.flags = SCH_USE_DTLS_ONLY}).status(), SEC_E_UNSUPPORTED_FUNCTION);
  const Certificate no_key(
      CertCreateCertificateContext(X509_ASN_ENCODING, own.server->pbCertEncoded, own.server->cbCertEncoded));
  EXPECT_EQ(Credential({.server = true, .certificates = {no_key.get()}}).status(), SEC_E_UNKNOWN_CREDENTIALS);
  const Certificate weak = make({.issuer = own.root.get(), .digest = "SHA1"});
  EXPECT_EQ(Credential({.server = true, .certificates = {weak.get()}}).status(), SEC_E_UNKNOWN_CREDENTIALS);
  SCHANNEL_CRED old{};
  old.dwVersion = 2;
  CredHandle handle;
  char16_t package[] = u"Schannel";
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, package, SECPKG_CRED_OUTBOUND, nullptr, &old, nullptr, nullptr, &handle,
                                      nullptr),
            SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, package, SECPKG_CRED_BOTH, nullptr, nullptr, nullptr, nullptr, &handle,
                                      nullptr),
            SEC_E_UNKNOWN_CREDENTIALS);
}

SECURITY_STATUS connect(const CredentialWish& client_wish, const CredentialWish& server_wish,
                        SecPkgContext_ConnectionInfo* info = nullptr) {
  Credential client_credential(client_wish), server_credential(server_wish);
  EXPECT_EQ(client_credential.status(), SEC_E_OK) << why();
  EXPECT_EQ(server_credential.status(), SEC_E_OK) << why();
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  const Result result = shake(client, server);
  if (result.good() && info != nullptr)
    *info = *client.query<SecPkgContext_ConnectionInfo>(SECPKG_ATTR_CONNECTION_INFO);
  if (result.good()) {
    EXPECT_EQ(server.decrypt(client.encrypt(std::string(5000, 'x'))).text, std::string(5000, 'x'));
    const auto sizes = client.query<SecPkgContext_StreamSizes>(SECPKG_ATTR_STREAM_SIZES);
    EXPECT_EQ(sizes->cbMaximumMessage, 16384U);
  }
  return result.good() ? SEC_E_OK : std::min(result.client, result.server);
}

TEST(TlsCredential, UsesOnlyWhatItIsAskedFor) {
  const House own;
  const CredentialWish server{.server = true, .certificates = {own.server.get()}};
  const CredentialWish client{.roots = own.roots.get()};
  SecPkgContext_ConnectionInfo info{};
  const auto with = [&](CredentialWish base, DWORD protocols, DWORD least = 0, DWORD most = 0) {
    base.protocols = protocols;
    base.least = least;
    base.most = most;
    return base;
  };
  EXPECT_EQ(connect(client, server, &info), SEC_E_OK) << why();
  EXPECT_EQ(info.dwProtocol, static_cast<DWORD>(SP_PROT_TLS1_3_CLIENT));
  EXPECT_EQ(connect(with(client, SP_PROT_TLS1_2), server, &info), SEC_E_OK);
  EXPECT_EQ(info.dwProtocol, static_cast<DWORD>(SP_PROT_TLS1_2_CLIENT));
  EXPECT_LT(connect(with(client, SP_PROT_TLS1_2), with(server, SP_PROT_TLS1_3)), 0);
  EXPECT_LT(connect(with(client, SP_PROT_TLS1_0), server), 0) << "the default server speaks 1.2 and 1.3 only";
  for (const DWORD protocol : {DWORD{SP_PROT_TLS1_0}, DWORD{SP_PROT_TLS1_1}}) {
    EXPECT_EQ(connect(with(client, protocol), with(server, protocol), &info), SEC_E_OK) << why();
    EXPECT_EQ(info.dwProtocol, protocol & SP_PROT_TLS1_X_CLIENT);
  }
  EXPECT_EQ(connect(with(client, 0, 256, 256), server, &info), SEC_E_OK) << why();
  EXPECT_EQ(info.dwCipherStrength, 256U);
  EXPECT_EQ(connect(with(client, 0, 128, 128), server, &info), SEC_E_OK) << why();
  EXPECT_EQ(info.dwCipherStrength, 128U);
  EXPECT_LT(connect(with(client, 0, 256, 256), with(server, 0, 128, 128)), 0);
  const DWORD none = 0xFFFFFFFF;
  EXPECT_LT(connect(with(client, 0, none, none), server), 0) << "no encryption only where both ask for it";
  EXPECT_EQ(connect(with(client, 0, none, none), with(server, 0, none, none), &info), SEC_E_OK) << why();
  EXPECT_EQ(info.aiCipher, static_cast<ALG_ID>(CALG_NULLCIPHER));
  EXPECT_EQ(info.dwCipherStrength, 0U);
  EXPECT_EQ(info.dwProtocol, static_cast<DWORD>(SP_PROT_TLS1_2_CLIENT));
}

TEST(TlsCredential, TakesExactSuites) {
  const House own;
  for (const std::u16string suites : {u"TLS_CHACHA20_POLY1305_SHA256", u"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                      u"ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    Credential client_credential({.roots = own.roots.get()});
    Credential server_credential({.server = true, .certificates = {own.server.get()}});
    OPENSSPI_TLS_POLICY policy{};
    policy.CipherSuites = suites.c_str();
    ASSERT_EQ(
        SetCredentialsAttributesW(client_credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy),
        SEC_E_OK)
        << why();
    End client(false, client_credential.handle()), server(true, server_credential.handle());
    ASSERT_TRUE(shake(client, server).good()) << why();
    const auto cipher = client.query<SecPkgContext_CipherInfo>(SECPKG_ATTR_CIPHER_INFO);
    if (suites.starts_with(u"TLS_")) {
      EXPECT_EQ(std::u16string(cipher->szCipherSuite), suites);
    }
    EXPECT_EQ(
        SetCredentialsAttributesW(client_credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy),
        SEC_E_OUT_OF_SEQUENCE);
  }
  Credential client_credential({.roots = own.roots.get()});
  OPENSSPI_TLS_POLICY policy{};
  policy.CipherSuites = u"NO-SUCH-SUITE";
  EXPECT_EQ(
      SetCredentialsAttributesW(client_credential.handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy),
      SEC_E_INVALID_PARAMETER);
}

TEST(TlsCredential, ChoosesTheServersCertificateByName) {
  const House own;
  const Certificate a = make({.subject = u"CN=A", .names = {u"DNS:a.example"}, .issuer = own.root.get()});
  const Certificate b =
      make({.subject = u"CN=B", .names = {u"DNS:b.example", u"DNS:*.b.example"}, .issuer = own.root.get()});
  Credential server_credential({.server = true, .certificates = {a.get(), b.get()}});
  Credential client_credential({.roots = own.roots.get()});
  for (const auto& [name, status] : std::map<std::u16string, SECURITY_STATUS>{{u"a.example", SEC_E_OK},
                                                                              {u"b.example", SEC_E_OK},
                                                                              {u"x.b.example", SEC_E_OK},
                                                                              {u"c.example", SEC_E_WRONG_PRINCIPAL}}) {
    End client(false, client_credential.handle(), name), server(true, server_credential.handle());
    EXPECT_EQ(shake(client, server).client, status) << why();
  }
}

TEST(TlsCredential, OutlivesItsHandleInItsContexts) {
  const House own;
  auto client_credential = std::make_unique<Credential>(CredentialWish{.roots = own.roots.get()});
  auto server_credential =
      std::make_unique<Credential>(CredentialWish{.server = true, .certificates = {own.server.get()}});
  End client(false, client_credential->handle()), server(true, server_credential->handle());
  ASSERT_TRUE(shake(client, server).good());
  client_credential.reset();
  server_credential.reset();
  EXPECT_EQ(server.decrypt(client.encrypt("alive")).text, "alive");
}

}  // namespace
