// What goes wrong with Kerberos, each with its status and words that tell what to do.
#include <chrono>
#include <thread>

#include "ends.hpp"
#include "silent_kdc.hpp"

namespace {

using namespace interop;

constexpr ULONG kMutual = ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONNECTION;
const std::string kTarget = "HTTP/localhost";

void expect_words(const std::string& words) {
  EXPECT_NE(last_failure().find(words), std::string::npos) << last_failure();
}

SECURITY_STATUS first_step(Credential& credential, const std::string& target, ULONG flags = kMutual) {
  Sspi client(credential, target, flags);
  Blob token;
  return client.step({}, token);
}

SECURITY_STATUS accept(Credential& credential, const Blob& token, Blob& answer, ULONG flags = 0) {
  Sspi server(credential, flags);
  return server.step(token, answer);
}

Blob ap_req(const std::string& target = kTarget, bool allow_rc4 = false) {
  Credential credential(SECPKG_CRED_OUTBOUND, {.allow_rc4 = allow_rc4});
  Sspi client(credential, target, kMutual);
  Blob token;
  EXPECT_EQ(client.step({}, token), SEC_I_CONTINUE_NEEDED) << last_failure();
  return token;
}

TEST(Failures, WrongPassword) {
  Credential credential(SECPKG_CRED_OUTBOUND, {.user = "alice", .domain = "OPENSSPI.TEST", .password = "wrong"});
  ASSERT_EQ(credential.status(), SEC_E_OK);  // as on Windows it shows with the first step
  EXPECT_EQ(first_step(credential, kTarget), SEC_E_LOGON_DENIED);
  expect_words("password");
}

TEST(Failures, UnknownUser) {
  Credential credential(SECPKG_CRED_OUTBOUND, {.user = "nobody", .domain = "OPENSSPI.TEST", .password = "wrong"});
  EXPECT_EQ(first_step(credential, kTarget), SEC_E_LOGON_DENIED);
}

TEST(Failures, UnknownService) {
  Credential credential(SECPKG_CRED_OUTBOUND);
  EXPECT_EQ(first_step(credential, "HTTP/unknown.localhost"), SEC_E_TARGET_UNKNOWN);
  expect_words("no such service is registered");
}

// As it is where krb5.conf lacks a line in [domain_realm]: the host's domain is taken for a realm.
TEST(Failures, ARealmWithoutTrust) {
  Credential credential(SECPKG_CRED_OUTBOUND);
  EXPECT_EQ(first_step(credential, "HTTP/www.other.example"), SEC_E_TARGET_UNKNOWN);
  expect_words("krbtgt/OTHER.EXAMPLE");
}

TEST(Failures, EmptyTarget) {
  Credential credential(SECPKG_CRED_OUTBOUND);
  EXPECT_EQ(first_step(credential, ""), SEC_E_TARGET_UNKNOWN);
}

TEST(Failures, NoTickets) {
  const Variable none("KRB5CCNAME", "FILE:/nonexistent/ccache");
  Credential credential(SECPKG_CRED_OUTBOUND);
  EXPECT_EQ(first_step(credential, kTarget), SEC_E_NO_CREDENTIALS);
  expect_words("kinit");
}

TEST(Failures, ExpiredTicket) {
  const std::string ccache = "FILE:" + kdc_folder() + "/short.ccache";
  ASSERT_EQ(std::system(("echo 'Passw0rd!' | kinit -l 2s -c " + ccache + " bob >/dev/null").c_str()), 0);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  Credential credential(SECPKG_CRED_OUTBOUND, {.ccache = ccache});
  EXPECT_EQ(first_step(credential, kTarget), SEC_E_CONTEXT_EXPIRED);
  expect_words("kinit");
}

TEST(Failures, MissingKeytab) {
  Credential credential(SECPKG_CRED_INBOUND, {.keytab = "FILE:/nonexistent/keytab"});
  Blob answer;
  EXPECT_EQ(accept(credential, ap_req(), answer), SEC_E_NO_CREDENTIALS);
  expect_words("/nonexistent/keytab");
}

TEST(Failures, KeytabWithoutTheService) {
  Credential credential(SECPKG_CRED_INBOUND, {.keytab = "FILE:" + kdc_folder() + "/other.keytab"});
  Blob answer;
  EXPECT_EQ(accept(credential, ap_req(), answer), SEC_E_WRONG_PRINCIPAL) << last_failure();
  expect_words("ktadd");
}

TEST(Failures, KeytabWithAWrongKey) {
  Credential credential(SECPKG_CRED_INBOUND, {.keytab = "FILE:" + kdc_folder() + "/wrong.keytab"});
  Blob answer;
  EXPECT_EQ(accept(credential, ap_req(), answer), SEC_E_MESSAGE_ALTERED) << last_failure();
  expect_words("keytab");
}

TEST(Failures, KeytabOfBeforeTheKeyWasChanged) {
  Credential credential(SECPKG_CRED_INBOUND, {.keytab = "FILE:" + kdc_folder() + "/old.keytab"});
  Blob answer;
  EXPECT_EQ(accept(credential, ap_req("changed/localhost"), answer), SEC_E_NO_KERB_KEY) << last_failure();
  expect_words("export");
}

TEST(Failures, SkewedClock) {
  const Blob token = ap_req();
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const Configuration strict("skew.conf", "rdns = false", "rdns = false\n  clockskew = 1");
  Credential credential(SECPKG_CRED_INBOUND);
  Blob answer;
  EXPECT_EQ(accept(credential, token, answer), SEC_E_TIME_SKEW) << last_failure();
  EXPECT_TRUE(answer.empty());
  expect_words("clock");
  // A KRB-ERROR where it is asked for, and the client understands it.
  Credential ours(SECPKG_CRED_OUTBOUND);
  Sspi client(ours, kTarget, kMutual | ISC_REQ_EXTENDED_ERROR);
  Blob request;
  ASSERT_EQ(client.step({}, request), SEC_I_CONTINUE_NEEDED);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(accept(credential, request, answer, ASC_REQ_EXTENDED_ERROR), SEC_E_TIME_SKEW);
  ASSERT_FALSE(answer.empty());
  Blob none;
  EXPECT_EQ(client.step(answer, none), SEC_E_TIME_SKEW) << last_failure();
  EXPECT_EQ(client.step(answer, none), SEC_E_OUT_OF_SEQUENCE);
}

TEST(Failures, ReplayedRequest) {
  const Blob token = ap_req();
  Credential credential(SECPKG_CRED_INBOUND);
  Blob answer;
  EXPECT_EQ(accept(credential, token, answer), SEC_E_OK) << last_failure();
  EXPECT_EQ(accept(credential, token, answer), SEC_E_OUT_OF_SEQUENCE) << last_failure();
  expect_words("replay");
}

TEST(Failures, Rc4UnlessChosen) {
  Credential ours(SECPKG_CRED_OUTBOUND);
  EXPECT_EQ(first_step(ours, "rc4/localhost"), SEC_E_KDC_UNKNOWN_ETYPE) << last_failure();
  expect_words("RC4");
  Credential theirs(SECPKG_CRED_INBOUND);
  Blob answer;
  const SECURITY_STATUS status = accept(theirs, ap_req("rc4/localhost", true), answer);
  EXPECT_EQ(status, SEC_E_CRYPTO_SYSTEM_INVALID) << std::hex << status << " " << last_failure();
}

TEST(Failures, TicketUnderRc4UnlessChosen) {
  const Blob token = ap_req("half/localhost");  // the session key is of AES: nothing for the client to refuse
  Credential theirs(SECPKG_CRED_INBOUND);
  Blob answer;
  EXPECT_EQ(accept(theirs, token, answer), SEC_E_CRYPTO_SYSTEM_INVALID) << last_failure();
  expect_words("the ticket is encrypted with arcfour-hmac");
  Credential chosen(SECPKG_CRED_INBOUND, {.allow_rc4 = true});
  EXPECT_EQ(accept(chosen, token, answer), SEC_E_OK) << last_failure();
}

TEST(Failures, TokensThatAreNotOfKerberos) {
  Credential theirs(SECPKG_CRED_INBOUND);
  Blob answer;
  for (const char* token : {"NTLMSSP\0\1", "garbage", "`\x06", "n"}) {
    EXPECT_EQ(accept(theirs, blob(token), answer), SEC_E_INVALID_TOKEN) << token << " " << last_failure();
  }
}

TEST(Failures, ASilentKdcIsGivenUpAtTheDeadline) {
  const SilentKdc silent;
  const std::string port = std::getenv("OPENSSPI_KDC_PORT");
  const Configuration dead("dead.conf", "127.0.0.1:" + port, "127.0.0.1:" + std::to_string(silent.port()));
  const auto took = [&](Credential& credential, SECURITY_STATUS wanted) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(first_step(credential, "aes256/localhost"), wanted) << last_failure();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Credential by_password(SECPKG_CRED_OUTBOUND, {.user = "alice", .password = "Passw0rd!", .deadline_ms = 700});
  const double quick = took(by_password, SEC_E_NO_AUTHENTICATING_AUTHORITY);
  EXPECT_GE(quick, 0.69);
  EXPECT_LT(quick, kUsualWait);
  expect_words("700 ms");
  const std::string ccache = "FILE:" + kdc_folder() + "/fresh.ccache";
  {
    const Variable live("KRB5_CONFIG", kdc_folder() + "/krb5.conf");
    ASSERT_EQ(std::system(("echo 'Passw0rd!' | kinit -c " + ccache + " bob >/dev/null").c_str()), 0);
  }
  Credential by_ticket(SECPKG_CRED_OUTBOUND, {.ccache = ccache});
  const double usual = took(by_ticket, SEC_E_NO_AUTHENTICATING_AUTHORITY);
  EXPECT_GE(usual, kUsualWait);
  EXPECT_LT(usual, 15.0);  // MIT's own patience is longer
}

double seconds_of_first_step(Credential& credential, SECURITY_STATUS wanted) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(first_step(credential, "aes256/localhost"), wanted) << last_failure();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Who waited in vain once does not wait a second time, with this credential or another.
TEST(Failures, ASilentKdcLetsNobodyWaitTwice) {
  const SilentKdc silent;
  const std::string port = std::getenv("OPENSSPI_KDC_PORT");
  const Configuration dead("dead2.conf", "127.0.0.1:" + port, "127.0.0.1:" + std::to_string(silent.port()));
  Credential alice(SECPKG_CRED_OUTBOUND, {.user = "alice", .password = "Passw0rd!", .deadline_ms = 3000});
  Credential bob(SECPKG_CRED_OUTBOUND, {.user = "bob", .password = "Passw0rd!", .deadline_ms = 3000});
  EXPECT_GE(seconds_of_first_step(alice, SEC_E_NO_AUTHENTICATING_AUTHORITY), 2.9);
  EXPECT_LT(seconds_of_first_step(alice, SEC_E_NO_AUTHENTICATING_AUTHORITY), 2.9);
  expect_words("without an answer");
  EXPECT_LT(seconds_of_first_step(bob, SEC_E_NO_AUTHENTICATING_AUTHORITY), 2.9);
  expect_words("OPENSSPI.TEST");
}

// A ticket that is in the cache needs no KDC.
TEST(Failures, ASilentKdcDoesNotMatterWhereTheTicketIsThere) {
  const std::string ccache = "FILE:" + kdc_folder() + "/there.ccache";
  ASSERT_EQ(std::system(("echo 'Passw0rd!' | kinit -c " + ccache + " bob >/dev/null && kvno -q -c " + ccache +
                         " aes256/localhost")
                            .c_str()),
            0);
  const SilentKdc silent;
  const std::string port = std::getenv("OPENSSPI_KDC_PORT");
  const Configuration dead("dead3.conf", "127.0.0.1:" + port, "127.0.0.1:" + std::to_string(silent.port()));
  Credential waits(SECPKG_CRED_OUTBOUND, {.user = "alice", .password = "Passw0rd!", .deadline_ms = 300});
  EXPECT_GE(seconds_of_first_step(waits, SEC_E_NO_AUTHENTICATING_AUTHORITY), 0.29);
  Credential has(SECPKG_CRED_OUTBOUND, {.ccache = ccache});
  EXPECT_LT(seconds_of_first_step(has, SEC_I_CONTINUE_NEEDED), kUsualWait);
}

// No KDC is known, and DNS is not to be asked.
TEST(Failures, ADomainWithoutAKdcFailsAtOnce) {
  Credential credential(SECPKG_CRED_OUTBOUND, {.user = "alice", .domain = "ELSEWHERE.TEST", .password = "Passw0rd!"});
  EXPECT_LT(seconds_of_first_step(credential, SEC_E_NO_AUTHENTICATING_AUTHORITY), kUsualWait);
  expect_words("ELSEWHERE.TEST");
}

TEST(Failures, ARefusingKdcFailsAtOnce) {
  const std::string port = std::getenv("OPENSSPI_KDC_PORT");
  const Configuration closed("closed.conf", "127.0.0.1:" + port, "127.0.0.1:1");
  Credential credential(SECPKG_CRED_OUTBOUND, {.user = "alice", .password = "Passw0rd!"});
  EXPECT_EQ(first_step(credential, kTarget), SEC_E_NO_AUTHENTICATING_AUTHORITY) << last_failure();
}

}  // namespace
