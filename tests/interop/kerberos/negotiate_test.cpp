// Negotiate where Kerberos cannot be had: it falls back to NTLM, and soon.
#include <chrono>
#include <fstream>

#include "ends.hpp"
#include "silent_kdc.hpp"

namespace {

using namespace interop;

class NegotiateFallback : public ::testing::Test {
 protected:
  // The package of the first token, and how long it took.
  struct First {
    std::string package;
    double seconds = 0;
  };
  static First first(const std::string& user, const std::string& domain, const std::string& target) {
    Credential credential(SECPKG_CRED_OUTBOUND,
                          {.package = "Negotiate", .user = user, .domain = domain, .password = "Passw0rd!"});
    const auto start = std::chrono::steady_clock::now();
    Sspi client(credential, target, ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONNECTION);
    Blob token;
    EXPECT_EQ(client.step({}, token), SEC_I_CONTINUE_NEEDED) << last_failure();
    First first;
    first.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    SecPkgContext_NegotiationInfoW info{};
    EXPECT_EQ(QueryContextAttributesW(client.handle(), SECPKG_ATTR_NEGOTIATION_INFO, &info), SEC_E_OK)
        << last_failure();
    if (info.PackageInfo != nullptr) {
      first.package = narrow(info.PackageInfo->Name);
      FreeContextBuffer(info.PackageInfo);
    }
    return first;
  }
};

TEST_F(NegotiateFallback, KerberosIsTakenWhereTheKdcKnowsTheService) {
  EXPECT_EQ(first("alice", "OPENSSPI.TEST", "HTTP/localhost").package, "Kerberos");
  EXPECT_EQ(first("alice", "OPENSSPI", "HTTP/localhost").package, "Kerberos");
}

TEST_F(NegotiateFallback, WhereNoKdcCanBeThereItIsAtOnce) {
  for (const auto& [domain, target] : {std::pair{"WORKGROUP", "HTTP/localhost"},
                                       {".", "HTTP/localhost"},
                                       {"ELSEWHERE.TEST", "HTTP/localhost"},
                                       {"OPENSSPI.TEST", "HTTP/127.0.0.1"},
                                       {"OPENSSPI.TEST", "HTTP/[::1]:8080"},
                                       {"OPENSSPI.TEST", "HTTP/unknown.localhost"},
                                       {"OPENSSPI.TEST", ""}}) {
    const First got = first("alice", domain, target);
    EXPECT_EQ(got.package, "NTLM") << domain << " " << target;
    EXPECT_LT(got.seconds, kUsualWait) << domain << " " << target;
  }
}

// The first waits for the KDC as long as the deadline says, the next do not.
TEST_F(NegotiateFallback, ASilentKdcIsWaitedForOnce) {
  const SilentKdc silent;
  const Configuration dead("negotiate.conf", "127.0.0.1:" + std::string(std::getenv("OPENSSPI_KDC_PORT")),
                           "127.0.0.1:" + std::to_string(silent.port()));
  const First waited = first("alice", "OPENSSPI.TEST", "HTTP/localhost");
  EXPECT_EQ(waited.package, "NTLM");
  EXPECT_GE(waited.seconds, kUsualWait);
  for (const char* user : {"alice", "bob"}) {
    const First next = first(user, "OPENSSPI.TEST", "HTTP/localhost");
    EXPECT_EQ(next.package, "NTLM");
    EXPECT_LT(next.seconds, kUsualWait) << user;
  }
}

TEST_F(NegotiateFallback, AWrongPasswordIsNoReason) {
  Credential credential(SECPKG_CRED_OUTBOUND,
                        {.package = "Negotiate", .user = "alice", .domain = "OPENSSPI.TEST", .password = "wrong"});
  Sspi client(credential, "HTTP/localhost", ISC_REQ_MUTUAL_AUTH);
  Blob token;
  EXPECT_EQ(client.step({}, token), SEC_E_LOGON_DENIED) << last_failure();
  EXPECT_TRUE(token.empty());
}

}  // namespace
