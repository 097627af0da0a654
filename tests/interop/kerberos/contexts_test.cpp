// Log-ons by the package Kerberos against the test's KDC: credentials, attributes, delegation, channel bindings.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "ends.hpp"
#include "support/corruption.hpp"

namespace {

using namespace interop;
using opensspi::testing::Corruption;

constexpr ULONG kMutual = ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONNECTION;
const std::string kTarget = "HTTP/localhost";

Credential::Settings alice() { return {.user = "alice", .domain = "OPENSSPI.TEST", .password = "Passw0rd!"}; }

TEST(Contexts, DefaultCredentials) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  EXPECT_NE(ours.expiry.QuadPart, 0x7FFFFFFFFFFFFFFF);  // the end of alice's ticket
  Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(client.name(), "alice@OPENSSPI.TEST");
  EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
  EXPECT_NE(client.attributes() & ISC_RET_MUTUAL_AUTH, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_MUTUAL_AUTH, 0U);
  EXPECT_EQ(client.attributes() & (ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT), 0U);
  EXPECT_NE(client.attributes() & ISC_RET_CONFIDENTIALITY, 0U);

  SecPkgContext_NativeNamesW names{};
  ASSERT_EQ(QueryContextAttributesW(client.handle(), SECPKG_ATTR_NATIVE_NAMES, &names), SEC_E_OK) << last_failure();
  EXPECT_EQ(narrow(names.sClientName), "alice@OPENSSPI.TEST");
  EXPECT_EQ(narrow(names.sServerName), "HTTP/localhost@OPENSSPI.TEST");
  FreeContextBuffer(names.sClientName);
  FreeContextBuffer(names.sServerName);

  SecPkgContext_SessionKey keys[2] = {};
  ASSERT_EQ(QueryContextAttributesW(client.handle(), SECPKG_ATTR_SESSION_KEY, &keys[0]), SEC_E_OK);
  ASSERT_EQ(QueryContextAttributesW(server.handle(), SECPKG_ATTR_SESSION_KEY, &keys[1]), SEC_E_OK);
  ASSERT_EQ(keys[0].SessionKeyLength, 32U);
  EXPECT_EQ(Blob(keys[0].SessionKey, keys[0].SessionKey + 32), Blob(keys[1].SessionKey, keys[1].SessionKey + 32));
  for (const auto& key : keys) FreeContextBuffer(key.SessionKey);

  SecPkgContext_Sizes sizes = client.sizes();
  EXPECT_EQ(sizes.cbSecurityTrailer, 60U);
  EXPECT_EQ(sizes.cbMaxSignature, 28U);
  EXPECT_EQ(sizes.cbMaxToken, 48000U);

  SecPkgContext_Lifespan span{};
  ASSERT_EQ(QueryContextAttributesW(client.handle(), SECPKG_ATTR_LIFESPAN, &span), SEC_E_OK);
  EXPECT_GT(span.tsExpiry.QuadPart, 0);
  EXPECT_LT(span.tsExpiry.QuadPart, 0x7FFFFFFFFFFFFFFF);

  OpenSspiContext_Identity identity{};
  ASSERT_EQ(QueryContextAttributesW(server.handle(), OPENSSPI_ATTR_IDENTITY, &identity), SEC_E_OK);
  EXPECT_EQ(narrow(identity.Identity->Account), "alice");
  EXPECT_EQ(narrow(identity.Identity->Domain), "OPENSSPI.TEST");
  FreeContextBuffer(identity.Identity);
}

TEST(Contexts, WithoutMutualAuthenticationOneTokenIsAll) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, ISC_REQ_CONNECTION), server(theirs, 0U);
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_E_OK) << last_failure();
  ASSERT_EQ(server.step(up, down), SEC_E_OK) << last_failure();
  EXPECT_TRUE(down.empty());
  Sealed message = client.seal(blob("no subkey of the acceptor"));
  EXPECT_EQ(server.unseal(message), SEC_E_OK) << last_failure();
}

TEST(Contexts, FlagsTravel) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_IDENTIFY | ISC_REQ_EXTENDED_ERROR | ISC_REQ_REPLAY_DETECT);
  Sspi server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_NE(server.attributes() & ASC_RET_IDENTIFY, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_EXTENDED_ERROR, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_REPLAY_DETECT, 0U);
  EXPECT_EQ(server.attributes() & ASC_RET_SEQUENCE_DETECT, 0U);
}

TEST(Contexts, WithoutIntegrityMessagesAreRefused) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_NO_INTEGRITY), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  constexpr ULONG kProtection = ISC_RET_INTEGRITY | ISC_RET_CONFIDENTIALITY;
  EXPECT_EQ(client.attributes() & kProtection, 0U);
  EXPECT_EQ(server.attributes() & (ASC_RET_INTEGRITY | ASC_RET_CONFIDENTIALITY), 0U);
  Sealed sealed{Blob(60), Blob(5), {}};
  EXPECT_EQ(server.unseal(sealed), SEC_E_UNSUPPORTED_FUNCTION);
}

// The flags of the log-on tell the server what each message will have.
TEST(Contexts, IntegrityAloneIsIntegrityAlone) {
  Credential ours(SECPKG_CRED_OUTBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_INTEGRITY), with_both(ours, kTarget, kMutual);
  Gss server(0U), server_of_both(0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(client.attributes() & (ISC_RET_INTEGRITY | ISC_RET_CONFIDENTIALITY), ULONG{ISC_RET_INTEGRITY});
  EXPECT_EQ(server.granted() & (GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG), OM_uint32{GSS_C_INTEG_FLAG});
  Sealed refused{Blob(60), Blob(5), {}};
  SecBuffer buffers[] = {{60, SECBUFFER_TOKEN, refused.token.data()}, {5, SECBUFFER_DATA, refused.data.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  EXPECT_EQ(EncryptMessage(client.handle(), 0, &message, 0), SEC_E_UNSUPPORTED_FUNCTION);
  Blob out;
  bool encrypted = true;
  ASSERT_EQ(server.unwrap(client.seal(blob("to be signed"), SECQOP_WRAP_NO_ENCRYPT).all(), out, encrypted), 0U);
  EXPECT_EQ(out, blob("to be signed"));
  EXPECT_FALSE(encrypted);
  // The same credential has not kept it for the next.
  ASSERT_TRUE(log_on(with_both, server_of_both));
  EXPECT_NE(server_of_both.granted() & GSS_C_CONF_FLAG, 0U);
}

class Names : public ::testing::TestWithParam<std::string> {};
TEST_P(Names, OfTheTarget) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, GetParam(), kMutual), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
}
INSTANTIATE_TEST_SUITE_P(Kerberos, Names,
                         ::testing::Values("HTTP/localhost", "HTTP/LOCALHOST", "HTTP/localhost@OPENSSPI.TEST",
                                           "HTTP/localhost:8080", "HTTP/localhost/OPENSSPI.TEST"));

class Logons : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};
TEST_P(Logons, ByPassword) {
  const Variable none("KRB5CCNAME", "FILE:/nonexistent/ccache");
  Credential ours(SECPKG_CRED_OUTBOUND,
                  {.user = GetParam().first, .domain = GetParam().second, .password = "Passw0rd!"});
  Credential theirs(SECPKG_CRED_INBOUND);
  for (int i = 0; i < 2; ++i) {  // the second time with what the first one brought
    Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
    ASSERT_TRUE(log_on(client, server));
    EXPECT_EQ(server.name(), "bob@OPENSSPI.TEST");
  }
}
INSTANTIATE_TEST_SUITE_P(Kerberos, Logons,
                         ::testing::Values(std::pair{"bob", "OPENSSPI.TEST"}, std::pair{"bob", "openssPI.test"},
                                           std::pair{"bob", "OPENSSPI"}, std::pair{"bob", ""},
                                           std::pair{"bob@openssPI.TEST", ""}, std::pair{"OPENSSPI\\bob", ""}));

TEST(Contexts, ByClientKeytab) {
  const Variable none("KRB5CCNAME", "FILE:/nonexistent/ccache");
  Credential ours(SECPKG_CRED_OUTBOUND, {.client_keytab = "FILE:" + kdc_folder() + "/bob.keytab"});
  Credential theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(server.name(), "bob@OPENSSPI.TEST");
}

TEST(Contexts, ByPrincipal) {
  Credential ours(SECPKG_CRED_OUTBOUND, {.principal = "alice@OPENSSPI.TEST"});
  Credential theirs(SECPKG_CRED_INBOUND, {.principal = "HTTP/localhost"});
  Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  // A server of one service takes no tickets for another.
  Sspi other(ours, "aes256/localhost", kMutual), refusing(theirs, 0U);
  EXPECT_FALSE(log_on(other, refusing));
}

TEST(Contexts, APackageListThatLeavesKerberosOutIsObeyed) {
  Credential::Settings settings = alice();
  settings.package_list = "!Kerberos";
  EXPECT_EQ(Credential(SECPKG_CRED_OUTBOUND, settings).status(), SEC_E_NO_CREDENTIALS);
  settings.package_list = "NTLM";
  EXPECT_EQ(Credential(SECPKG_CRED_OUTBOUND, settings).status(), SEC_E_NO_CREDENTIALS);
  settings.package_list = "NTLM, kerberos";
  EXPECT_EQ(Credential(SECPKG_CRED_OUTBOUND, settings).status(), SEC_E_OK);
}

// Kerberos' other object identifier, 1.2.840.48018.1.2.2, around the tokens themselves: MIT's client sends it where it
// is told to, and wants to see it again.
class WindowsSpelling : public ::testing::TestWithParam<const char*> {};
TEST_P(WindowsSpelling, IsTakenAndAnsweredInKind) {
  Credential theirs(SECPKG_CRED_INBOUND, {.package = GetParam()});
  Gss client(kTarget, GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG);
  client.spell_as_windows();
  Sspi server(theirs, 0U);
  Blob request, reply, none;
  ASSERT_EQ(client.step({}, request), static_cast<OM_uint32>(GSS_S_CONTINUE_NEEDED));
  ASSERT_TRUE(is_spelled_as_windows(request));
  ASSERT_EQ(server.step(request, reply), SEC_E_OK) << last_failure();
  EXPECT_TRUE(is_spelled_as_windows(reply));
  ASSERT_EQ(client.step(reply, none), 0U);
  EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
  Sealed sealed = server.seal(blob("data"));
  Blob opened;
  bool encrypted = false;
  EXPECT_EQ(client.unwrap(sealed.all(), opened, encrypted), 0U);
  EXPECT_EQ(opened, blob("data"));
  EXPECT_TRUE(encrypted);
}
// What goes wrong is told in the same spelling.
TEST_P(WindowsSpelling, IsThatOfAKrbErrorToo) {
  Credential theirs(SECPKG_CRED_INBOUND, {.package = GetParam(), .keytab = kdc_folder() + "/wrong.keytab"});
  Gss client(kTarget, GSS_C_MUTUAL_FLAG);
  client.spell_as_windows();
  Sspi server(theirs, static_cast<ULONG>(ASC_REQ_EXTENDED_ERROR));
  Blob request, reply;
  ASSERT_EQ(client.step({}, request), static_cast<OM_uint32>(GSS_S_CONTINUE_NEEDED));
  EXPECT_LT(server.step(request, reply), 0);
  EXPECT_TRUE(is_spelled_as_windows(reply));
}
INSTANTIATE_TEST_SUITE_P(Packages, WindowsSpelling, ::testing::Values("Kerberos", "Negotiate"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Contexts, ADelegatedCredentialServesTheNextHop) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, "deleg/localhost", kMutual | ISC_REQ_DELEGATE), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_NE(client.attributes() & ISC_RET_DELEGATE, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_DELEGATE, 0U);
  OpenSspiContext_DelegatedCredential got{};
  ASSERT_EQ(QueryContextAttributesW(server.handle(), OPENSSPI_ATTR_DELEGATED_CREDENTIAL, &got), SEC_E_OK)
      << last_failure();
  const Variable none("KRB5CCNAME", "FILE:/nonexistent/ccache");
  Credential delegated(got.Credential);
  Sspi next(delegated, "aes256/localhost", kMutual), last(theirs, 0U);
  ASSERT_TRUE(log_on(next, last));
  EXPECT_EQ(last.name(), "alice@OPENSSPI.TEST");
}

// Windows delegates only to services that the KDC trusts with it.
TEST(Contexts, AServiceThatIsNotTrustedGetsNoDelegation) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_DELEGATE), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(server.attributes() & ASC_RET_DELEGATE, 0U);
  OpenSspiContext_DelegatedCredential got{};
  EXPECT_EQ(QueryContextAttributesW(server.handle(), OPENSSPI_ATTR_DELEGATED_CREDENTIAL, &got), SEC_E_NO_CREDENTIALS);
}

TEST(Contexts, DelegationNeedsAServerThatProvesItself) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, "deleg/localhost", ISC_REQ_INTEGRITY | ISC_REQ_DELEGATE), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_EQ(client.attributes() & ISC_RET_DELEGATE, 0U);
  EXPECT_EQ(server.attributes() & ASC_RET_DELEGATE, 0U);
}

struct Account {
  const char* target;
  const char* user;
  const char* domain;
};
class ServicesByPassword : public ::testing::TestWithParam<Account> {};

// An account's password opens the tickets of its services; there is no keytab.
TEST_P(ServicesByPassword, AcceptWithoutAKeytab) {
  const Variable none("KRB5_KTNAME", "FILE:/nonexistent/keytab");
  Credential ours(SECPKG_CRED_OUTBOUND);
  Credential theirs(SECPKG_CRED_INBOUND,
                    {.user = GetParam().user, .domain = GetParam().domain, .password = "Passw0rd!"});
  for (int i = 0; i < 2; ++i) {
    Sspi client(ours, GetParam().target, kMutual), server(theirs, 0U);
    ASSERT_TRUE(log_on(client, server));
    EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
  }
}
INSTANTIATE_TEST_SUITE_P(Kerberos, ServicesByPassword,
                         ::testing::Values(Account{"secret/localhost", "secret/localhost", "OPENSSPI.TEST"},
                                           Account{"secret/localhost", "secret/localhost@OPENSSPI.TEST", ""},
                                           Account{"host/web1.opensspi.test@OPENSSPI.TEST", "WEB1$", "OPENSSPI"},
                                           Account{"bob@OPENSSPI.TEST", "bob", "OPENSSPI.TEST"},
                                           Account{"bob@OPENSSPI.TEST", "OPENSSPI\\bob", ""}));

TEST(ServicePasswords, EveryTypeOfAes) {
  const Variable none("KRB5_KTNAME", "FILE:/nonexistent/keytab");
  for (const char* type : {"aes256", "aes128", "sha384", "sha256"}) {
    const Variable preferred("KRB5_CONFIG", kdc_folder() + "/krb5-" + type + ".conf");
    Credential ours(SECPKG_CRED_OUTBOUND, alice());
    Credential theirs(SECPKG_CRED_INBOUND, {.user = "secret/localhost", .password = "Passw0rd!"});
    Sspi client(ours, "secret/localhost", kMutual), server(theirs, 0U);
    EXPECT_TRUE(log_on(client, server)) << type;
  }
}

TEST(ServicePasswords, AWrongOneOpensNothing) {
  const Variable none("KRB5_KTNAME", "FILE:/nonexistent/keytab");
  Credential ours(SECPKG_CRED_OUTBOUND);
  Credential theirs(SECPKG_CRED_INBOUND, {.user = "secret/localhost", .password = "Passw0rd?"});
  Sspi client(ours, "secret/localhost", kMutual), server(theirs, 0U);
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED) << last_failure();
  EXPECT_EQ(server.step(up, down), SEC_E_MESSAGE_ALTERED) << last_failure();
}

TEST(ServicePasswords, ARealmThatIsNotKnownIsNoCredential) {
  Credential theirs(SECPKG_CRED_INBOUND, {.user = "web", .domain = "ELSEWHERE.TEST", .password = "Passw0rd!"});
  Credential ours(SECPKG_CRED_OUTBOUND);
  Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(server.step(up, down), SEC_E_NO_CREDENTIALS);
  EXPECT_NE(last_failure().find("\"ELSEWHERE.TEST\" is not a realm of krb5.conf"), std::string::npos) << last_failure();
}

// What is named by the program comes before the password.
TEST(ServicePasswords, AKeytabThatIsNamedComesFirst) {
  Credential ours(SECPKG_CRED_OUTBOUND);
  Credential theirs(SECPKG_CRED_INBOUND, {.user = "bob",
                                          .domain = "OPENSSPI.TEST",
                                          .password = "Passw0rd!",
                                          .keytab = "FILE:" + kdc_folder() + "/service.keytab"});
  Sspi client(ours, kTarget, kMutual), server(theirs, 0U);
  EXPECT_TRUE(log_on(client, server));
}

// Order is not for datagrams; that none comes twice is.
TEST(Datagrams, ComeInAnyOrderOrNotAtAllButNotTwice) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, ISC_REQ_DATAGRAM | ISC_REQ_MUTUAL_AUTH | ISC_REQ_SEQUENCE_DETECT),
      server(theirs, ASC_REQ_DATAGRAM);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_NE(client.attributes() & ISC_RET_DATAGRAM, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_DATAGRAM, 0U);
  EXPECT_EQ(client.attributes() & (ISC_RET_CONNECTION | ISC_RET_SEQUENCE_DETECT), 0U);
  EXPECT_EQ(server.attributes() & ASC_RET_SEQUENCE_DETECT, 0U);
  EXPECT_NE(client.attributes() & ISC_RET_REPLAY_DETECT, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_REPLAY_DETECT, 0U);
  std::vector<Sealed> up, down;
  for (int i = 0; i < 6; ++i) {
    up.push_back(client.seal(blob("up")));
    down.push_back(server.seal(blob("down")));
  }
  for (const std::size_t which : {3U, 0U, 5U, 1U}) {  // 2 and 4 are lost
    Sealed to_server = up[which], to_client = down[which];
    EXPECT_EQ(server.unseal(to_server), SEC_E_OK) << which << " " << last_failure();
    EXPECT_EQ(to_server.data, blob("up"));
    EXPECT_EQ(client.unseal(to_client), SEC_E_OK) << which << " " << last_failure();
    Sealed again = up[which];
    EXPECT_EQ(server.unseal(again), SEC_E_OUT_OF_SEQUENCE);
  }
}

// The order that a client of a connection asks for is not kept by a server that expects datagrams.
TEST(Datagrams, AServerThatExpectsThemKeepsNoOrder) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_SEQUENCE_DETECT), server(theirs, ASC_REQ_DATAGRAM);
  ASSERT_TRUE(log_on(client, server));
  Sealed first = client.seal(blob("first")), second = client.seal(blob("second"));
  EXPECT_EQ(server.unseal(second), SEC_E_OK) << last_failure();
  EXPECT_EQ(server.unseal(first), SEC_E_OK) << last_failure();
}

struct Binding {
  const char* client;
  const char* server;
  ULONG flags;
  bool accepted;
};
class Bindings : public ::testing::TestWithParam<Binding> {};
TEST_P(Bindings, ArePolicy) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual), server(theirs, GetParam().flags);
  client.bind(GetParam().client);
  server.bind(GetParam().server);
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED) << last_failure();
  EXPECT_EQ(server.step(up, down), GetParam().accepted ? SEC_E_OK : SEC_E_BAD_BINDINGS) << last_failure();
}
INSTANTIATE_TEST_SUITE_P(
    Kerberos, Bindings,
    ::testing::Values(Binding{"a", "a", 0, true}, Binding{"a", "b", 0, false}, Binding{"", "b", 0, false},
                      Binding{"a", "", 0, true}, Binding{"", "", 0, true},
                      Binding{"", "b", ASC_REQ_ALLOW_MISSING_BINDINGS, true},
                      Binding{"a", "a", ASC_REQ_ALLOW_MISSING_BINDINGS, true},
                      Binding{"a", "b", ASC_REQ_ALLOW_MISSING_BINDINGS, false},
                      Binding{"a", "", ASC_REQ_PROXY_BINDINGS, true}, Binding{"", "", ASC_REQ_PROXY_BINDINGS, true},
                      Binding{"a", "a", ASC_REQ_PROXY_BINDINGS, true}, Binding{"a", "b", ASC_REQ_PROXY_BINDINGS, true},
                      Binding{"", "b", ASC_REQ_PROXY_BINDINGS, false},
                      Binding{"", "b", ASC_REQ_PROXY_BINDINGS | ASC_REQ_ALLOW_MISSING_BINDINGS, true},
                      Binding{"a", "b", ASC_REQ_PROXY_BINDINGS | ASC_REQ_ALLOW_MISSING_BINDINGS, true}));

// In DCE style the bindings are in the first leg of three.
TEST_P(Bindings, ArePolicyInDceStyleToo) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_USE_DCE_STYLE), server(theirs, GetParam().flags);
  client.bind(GetParam().client);
  server.bind(GetParam().server);
  Blob up, down, third, none;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED) << last_failure();
  ASSERT_EQ(server.step(up, down), GetParam().accepted ? SEC_I_CONTINUE_NEEDED : SEC_E_BAD_BINDINGS) << last_failure();
  if (!GetParam().accepted) return;
  ASSERT_EQ(client.step(down, third), SEC_E_OK) << last_failure();
  EXPECT_EQ(server.step(third, none), SEC_E_OK) << last_failure();
}

// What was only looked at for its bindings is remembered once it is accepted.
TEST(ProxyBindings, AReplayIsStillOne) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual), server(theirs, ASC_REQ_PROXY_BINDINGS), again(theirs, ASC_REQ_PROXY_BINDINGS);
  client.bind("a");
  server.bind("b");
  again.bind("b");
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(server.step(up, down), SEC_E_OK) << last_failure();
  EXPECT_EQ(again.step(up, down), SEC_E_OUT_OF_SEQUENCE) << last_failure();
}

// Two names that are no text would look alike, and an empty one like nobody.
TEST(Contexts, AClientWhoseNameIsNoTextHasNoNameOrMessages) {
  const std::string ccache = "FILE:" + kdc_folder() + "/latin1.ccache";
  const std::string kinit = "kinit -c " + ccache + " -S nopac/localhost '\351va' >/dev/null";
  ASSERT_EQ(std::system(("echo 'Passw0rd!' | " + kinit).c_str()), 0);
  Credential ours(SECPKG_CRED_OUTBOUND, {.ccache = ccache}), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, "nopac/localhost", kMutual), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  for (const ULONG attribute : {ULONG{SECPKG_ATTR_NAMES}, ULONG{OPENSSPI_ATTR_IDENTITY}}) {
    std::uint8_t memory[64] = {};
    EXPECT_EQ(QueryContextAttributesW(server.handle(), attribute, memory), SEC_E_UNSUPPORTED_FUNCTION);
    EXPECT_NE(last_failure().find("UTF-8"), std::string::npos) << last_failure();
  }
  SecBuffer buffers[] = {{0, SECBUFFER_TOKEN, nullptr}, {0, SECBUFFER_DATA, nullptr}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  EXPECT_EQ(DecryptMessage(server.handle(), &message, 0, nullptr), SEC_E_UNSUPPORTED_FUNCTION);
}

// A user's process as server: it has a ticket, and no keytab.
class UserToUser : public ::testing::Test {
 protected:
  UserToUser() : none_("KRB5_KTNAME", "FILE:/nonexistent/keytab"), ccache_("FILE:" + kdc_folder() + "/bob.ccache") {
    EXPECT_EQ(std::system(("echo 'Passw0rd!' | kinit -c " + ccache_ + " bob >/dev/null").c_str()), 0);
  }
  Variable none_;
  std::string ccache_;
};

TEST_F(UserToUser, LogsOn) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = ccache_});
  Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY | ISC_REQ_SEQUENCE_DETECT),
      server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  EXPECT_NE(client.attributes() & ISC_RET_USE_SESSION_KEY, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_USE_SESSION_KEY, 0U);
  EXPECT_NE(server.attributes() & ASC_RET_SEQUENCE_DETECT, 0U);
  EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
  for (int i = 0; i < 3; ++i) {
    Sealed up = client.seal(blob("from alice")), down = server.seal(blob("from bob"));
    ASSERT_EQ(server.unseal(up), SEC_E_OK) << last_failure();
    ASSERT_EQ(client.unseal(down), SEC_E_OK) << last_failure();
    EXPECT_EQ(down.data, blob("from bob"));
    EXPECT_EQ(server.verify(blob("signed"), client.sign(blob("signed"))), SEC_E_OK) << last_failure();
  }
}

TEST_F(UserToUser, ByPasswordAtBothEnds) {
  const Variable no_tickets("KRB5CCNAME", "FILE:/nonexistent/ccache");
  Credential ours(SECPKG_CRED_OUTBOUND, alice());
  Credential theirs(SECPKG_CRED_INBOUND, {.user = "bob", .domain = "OPENSSPI.TEST", .password = "Passw0rd!"});
  Sspi client(ours, "bob", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
}

TEST_F(UserToUser, BindingsAreCompared) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = ccache_});
  for (const char* bindings : {"same", "other", ""}) {
    Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, 0U);
    client.bind(bindings);
    server.bind("same");
    Blob up, down;
    ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED);
    ASSERT_EQ(server.step(up, down), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_EQ(client.step(down, up), SEC_I_CONTINUE_NEEDED) << last_failure();
    EXPECT_EQ(server.step(up, down), std::string(bindings) == "same" ? SEC_E_OK : SEC_E_BAD_BINDINGS) << last_failure();
  }
}

// Each attempt asks the KDC for a ticket: so one bit of each byte, and some cuts.
TEST_F(UserToUser, CorruptionsOfTheReplyAreRefused) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = ccache_});
  Blob up, down, request;
  constexpr std::size_t kMostBytes = 200;
  std::size_t refused = 0;
  const auto attempt = [&](const Corruption& corruption) {
    const bool flips = corruption.kind == Corruption::Kind::bit_flipped;
    if (flips && corruption.value != corruption.at % 8) return;
    if (corruption.kind == Corruption::Kind::truncated && corruption.at % 16 != 0) return;
    Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, 0U);
    ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED);
    ASSERT_EQ(server.step(up, down), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_EQ(client.step(down, request), SEC_I_CONTINUE_NEEDED) << last_failure();
    ASSERT_EQ(server.step(request, down), SEC_E_OK) << last_failure();
    ASSERT_LT(down.size(), kMostBytes);
    const bool by_size =
        corruption.kind == Corruption::Kind::trailing || corruption.kind == Corruption::Kind::wrong_type;
    if (!by_size && corruption.at >= down.size()) return;
    const Blob forged = corruption.apply(down, 0);
    // Byte 31 is msg-type, which stands under no key; the tag of the message says the same.
    if (forged == down || (flips && corruption.at == 31)) return;
    EXPECT_LT(client.step(forged, up), 0) << corruption.text() << " of " << down.size();
    ++refused;
  };
  opensspi::testing::for_each_corruption({kMostBytes, 0, 0}, attempt);
  EXPECT_GT(refused, 120U);
}

TEST_F(UserToUser, ProxiedBindingsNeedOnlyBeThere) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = ccache_});
  for (const char* bindings : {"other", ""}) {
    Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, ASC_REQ_PROXY_BINDINGS);
    client.bind(bindings);
    server.bind("same");
    EXPECT_EQ(static_cast<bool>(log_on(client, server)), *bindings != 0) << last_failure();
  }
}

// The server's ticket-granting ticket is the same for hours: who heard an AP-REQ may not log on by it again.
TEST_F(UserToUser, AReplayedRequestIsRefused) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = ccache_});
  Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, 0U), again(theirs, 0U);
  Blob question, ticket, request, answer;
  ASSERT_EQ(client.step({}, question), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(server.step(question, ticket), SEC_I_CONTINUE_NEEDED) << last_failure();
  ASSERT_EQ(client.step(ticket, request), SEC_I_CONTINUE_NEEDED) << last_failure();
  ASSERT_EQ(server.step(request, answer), SEC_E_OK) << last_failure();
  ASSERT_EQ(again.step(question, ticket), SEC_I_CONTINUE_NEEDED) << last_failure();
  EXPECT_EQ(again.step(request, answer), SEC_E_OUT_OF_SEQUENCE) << last_failure();
  EXPECT_NE(last_failure().find("replay"), std::string::npos) << last_failure();
}

TEST_F(UserToUser, AServerWithoutATicketSaysSo) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND, {.ccache = "FILE:/nonexistent/ccache"});
  Sspi client(ours, "bob@OPENSSPI.TEST", kMutual | ISC_REQ_USE_SESSION_KEY), server(theirs, 0U);
  Blob up, down;
  ASSERT_EQ(client.step({}, up), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(server.step(up, down), SEC_E_NO_CREDENTIALS);
}

TEST(Contexts, ExportedAndImportedTheyGoOn) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_SEQUENCE_DETECT), server(theirs, 0U);
  ASSERT_TRUE(log_on(client, server));
  Sealed first = client.seal(blob("before"));
  ASSERT_EQ(server.unseal(first), SEC_E_OK);
  SecBuffer packed{};
  ASSERT_EQ(ExportSecurityContext(server.handle(), SECPKG_CONTEXT_EXPORT_DELETE_OLD, &packed, nullptr), SEC_E_OK)
      << last_failure();
  std::u16string package = u"Kerberos";
  CtxtHandle imported{};
  ASSERT_EQ(ImportSecurityContextW(package.data(), &packed, nullptr, &imported), SEC_E_OK) << last_failure();
  FreeContextBuffer(packed.pvBuffer);
  std::swap(*server.handle(), imported);
  DeleteSecurityContext(&imported);
  Sealed second = client.seal(blob("after"));
  EXPECT_EQ(server.unseal(second), SEC_E_OK) << last_failure();
  EXPECT_EQ(second.data, blob("after"));
  EXPECT_EQ(server.name(), "alice@OPENSSPI.TEST");
}

TEST(Contexts, OneCredentialServesManyThreads) {
  Credential ours(SECPKG_CRED_OUTBOUND), theirs(SECPKG_CRED_INBOUND);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        Sspi client(ours, k % 2 == 0 ? kTarget : "aes128/localhost", kMutual), server(theirs, 0U);
        if (!log_on(client, server)) continue;
        Sealed message = client.seal(blob("hello"));
        if (server.unseal(message) == SEC_E_OK) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 160);
}

}  // namespace
