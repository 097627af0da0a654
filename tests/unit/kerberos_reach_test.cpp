// Whether Kerberos can log on to a target, told without asking a KDC, and with words for Negotiate's reasons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.hpp"
#include "kerberos/names.hpp"
#include "kerberos/package.hpp"
#include "kerberos/realms.hpp"
#include "opensspi/extra.h"
#include "support/fixed_host.hpp"
#include "support/temporary_directory.hpp"

namespace opensspi::kerberos {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Sets a variable until its end.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

constexpr const char* kRealms =
    "[libdefaults]\n  default_realm = OPENSSPI.TEST\n  dns_lookup_kdc = false\n  dns_lookup_realm = false\n"
    "[realms]\n  OPENSSPI.TEST = {\n    kdc = 127.0.0.1:1\n  }\n  CORP.EXAMPLE = {\n    kdc = 127.0.0.1:1\n  }\n"
    "  TWICE.ONE = {\n  }\n  TWICE.TWO = {\n  }\n  FLAT = {\n  }\n"
    "[domain_realm]\n  sales = CORP.EXAMPLE\n";

class KerberosReach : public ::testing::Test {
 protected:
  KerberosReach() { configure(kRealms); }
  void configure(const char* text) { directory_.write("krb5.conf", text); }

  std::shared_ptr<core::Credential> acquire(const core::AuthIdentity* identity = nullptr) {
    core::AcquireInput input;
    input.use = SECPKG_CRED_OUTBOUND;
    input.identity = identity;
    return package_.acquire(input).value();
  }
  static core::AuthIdentity identity(std::u16string user, std::u16string domain) {
    core::AuthIdentity identity;
    identity.user = std::move(user);
    identity.domain = std::move(domain);
    identity.password = Secret(bytes_of(std::string_view("p\0", 2)));
    identity.has_user = identity.has_domain = identity.has_password = true;
    return identity;
  }
  std::string why_not(std::u16string user, std::u16string domain, std::u16string_view target = u"HTTP/localhost") {
    const core::AuthIdentity given = identity(std::move(user), std::move(domain));
    const core::Reach reach = acquire(&given)->reach(target);
    EXPECT_EQ(reach.reachable, reach.why_not.empty());
    return reach.why_not;
  }

  opensspi::testing::TemporaryDirectory directory_;
  Variable configuration_{"KRB5_CONFIG", directory_.path("krb5.conf")};
  Variable no_tickets_{"KRB5CCNAME", "FILE:" + directory_.path("ccache")};
  Variable no_client_keytab_{"KRB5_CLIENT_KTNAME", "FILE:" + directory_.path("client.keytab")};
  opensspi::testing::FixedHost host_;
  Configuration settings_;
  KerberosPackage package_{host_, settings_};
};

TEST_F(KerberosReach, AnEmptyTargetIsNoService) {
  EXPECT_THAT(why_not(u"alice", u"OPENSSPI.TEST", u""), HasSubstr("the target is empty"));
}

TEST_F(KerberosReach, AnAddressHasNoService) {
  for (const char16_t* target :
       {u"HTTP/127.0.0.1", u"HTTP/127.0.0.1:8080", u"HTTP/127.0.0.1@OPENSSPI.TEST", u"127.0.0.1", u"127.0.0.1:80",
        u"HTTP/::1", u"HTTP/[::1]", u"HTTP/[::1]:8080", u"HTTP/[2001:db8::17]:80/OPENSSPI.TEST", u"[::1]", u"::1",
        u"cifs/fe80::1%eth0", u"ldap/[fe80::1%eth0]:389", u"HTTP/::ffff:192.0.2.1"}) {
    EXPECT_THAT(why_not(u"alice", u"OPENSSPI.TEST", target), HasSubstr("IP address")) << to_utf8(target);
  }
}

TEST_F(KerberosReach, NamesAreNoAddresses) {
  for (const char16_t* target :
       {u"HTTP/localhost", u"HTTP/localhost:8080", u"HTTP/1.example.com", u"HTTP/a::g", u"HTTP/[", u"HTTP/[]", u"HTTP/",
        u"HTTP/cafe", u"HTTP/127.0.0.1.example.com", u"bob@OPENSSPI.TEST", u"OPENSSPI\\bob", u"bob"}) {
    EXPECT_THAT(why_not(u"alice", u"OPENSSPI.TEST", target), IsEmpty()) << to_utf8(target);
  }
}

TEST_F(KerberosReach, WithoutTicketsThereIsNoWay) {
  const core::Reach reach = acquire()->reach(u"HTTP/localhost");
  EXPECT_FALSE(reach.reachable);
  EXPECT_THAT(reach.why_not, HasSubstr("kinit"));
  EXPECT_THAT(reach.why_not, HasSubstr(directory_.path("ccache")));
}

TEST_F(KerberosReach, WithoutARealmAUserNeedsADomain) {
  configure("[libdefaults]\n  dns_lookup_kdc = false\n  dns_lookup_realm = false\n");
  EXPECT_THAT(why_not(u"alice", u""), HasSubstr("default_realm"));
}

TEST_F(KerberosReach, AConfigurationThatIsBrokenSaysSo) {
  configure("[libdefaults\n  default_realm = X\n");
  EXPECT_THAT(why_not(u"alice", u""), HasSubstr("krb5.conf"));
}

// NetBIOS' names of domains and machines, and local accounts, are not realms that DNS could know.
TEST_F(KerberosReach, ADomainOfOneLabelMustBeKnownHere) {
  EXPECT_THAT(why_not(u"alice", u"WORKGROUP"), HasSubstr("\"WORKGROUP\" is neither a realm"));
  EXPECT_THAT(why_not(u"WORKGROUP\\alice", u""), HasSubstr("\"WORKGROUP\""));
  EXPECT_THAT(why_not(u"alice", u"server"), HasSubstr("this machine"));  // the fixed host's name
  EXPECT_THAT(why_not(u"alice", u"."), HasSubstr("this machine"));
  EXPECT_THAT(why_not(u"alice", u"TWICE"), HasSubstr("\"TWICE\""));
  for (const char16_t* domain : {u"OPENSSPI", u"openssPI.test", u"CORP", u"corp.example", u"SALES", u"flat", u""}) {
    EXPECT_THAT(why_not(u"alice", domain), IsEmpty()) << to_utf8(domain);
  }
  // DNS may know it: the log-on itself finds out.
  EXPECT_THAT(why_not(u"alice", u"elsewhere.example"), IsEmpty());
}

TEST_F(KerberosReach, DomainsBecomeRealms) {
  auto krb5 = Krb5::open();
  ASSERT_TRUE(krb5);
  const std::pair<const char*, const char*> kPairs[] = {{"OPENSSPI", "OPENSSPI.TEST"},
                                                        {"opensspi", "OPENSSPI.TEST"},
                                                        {"OpenSSPI.test", "OPENSSPI.TEST"},
                                                        {"corp", "CORP.EXAMPLE"},
                                                        {"Sales", "CORP.EXAMPLE"},
                                                        {"flat", "FLAT"},
                                                        {"TWICE", "TWICE"},
                                                        {"elsewhere.example", "ELSEWHERE.EXAMPLE"}};
  for (const auto& [domain, realm] : kPairs) EXPECT_EQ(realm_of_domain(*krb5, domain), realm) << domain;
  EXPECT_TRUE(is_known_realm(*krb5, "OPENSSPI.TEST"));
  EXPECT_TRUE(is_known_realm(*krb5, "FLAT"));
  EXPECT_FALSE(is_known_realm(*krb5, "flat"));
  EXPECT_FALSE(is_known_realm(*krb5, ""));
}

TEST_F(KerberosReach, HostsOfTargets) {
  const std::pair<const char*, const char*> kPairs[] = {{"HTTP/www.example.com", "www.example.com"},
                                                        {"HTTP/www:80", "www"},
                                                        {"HTTP/www@REALM", "www"},
                                                        {"ldap/dc/example.com", "dc"},
                                                        {"HTTP/[::1]:80", "[::1]"},
                                                        {"HTTP/[", "["},
                                                        {"bob@REALM", ""},
                                                        {"HTTP/", ""}};
  for (const auto& [target, host] : kPairs) EXPECT_EQ(host_of(target), host) << target;
  EXPECT_EQ(with_lower_case_host("HTTP/WWW.Example.COM:80@REALM"), "HTTP/www.example.com:80@REALM");
  EXPECT_EQ(with_lower_case_host("HTTP/www"), "");
}

// A host that switches Kerberos off does not list it; Negotiate says why it does without.
TEST_F(KerberosReach, SwitchedOffItIsNotOffered) {
  EXPECT_THAT(package_.why_unavailable(), IsEmpty());
  settings_.kerberos_disabled = true;
  EXPECT_THAT(package_.why_unavailable(), HasSubstr("[kerberos]"));
}

TEST_F(KerberosReach, TheConfigurationNamesSourcesThatTheEnvironmentDoesNot) {
  settings_.kerberos_ccache = "FILE:/configured/ccache";
  EXPECT_THAT(acquire()->reach(u"HTTP/localhost").why_not, HasSubstr(directory_.path("ccache")));
  unsetenv("KRB5CCNAME");
  EXPECT_THAT(acquire()->reach(u"HTTP/localhost").why_not, HasSubstr("/configured/ccache"));
  const auto named = acquire();
  OPENSSPI_KRB_SOURCES sources{u"FILE:/named/ccache", nullptr, nullptr, 0, 0};
  const Bytes value(reinterpret_cast<const std::uint8_t*>(&sources), sizeof sources);
  ASSERT_TRUE(named->set(OPENSSPI_CRED_ATTR_KRB_SOURCES, value));
  EXPECT_THAT(named->reach(u"HTTP/localhost").why_not, HasSubstr("/named/ccache"));
}

TEST_F(KerberosReach, Rc4IsNotToBeHadInFipsMode) {
  OPENSSPI_KRB_SOURCES sources{nullptr, nullptr, nullptr, 0, OPENSSPI_KRB_ALLOW_RC4};
  const Bytes value(reinterpret_cast<const std::uint8_t*>(&sources), sizeof sources);
  EXPECT_TRUE(acquire()->set(OPENSSPI_CRED_ATTR_KRB_SOURCES, value));
  settings_.fips = true;
  const auto set = acquire()->set(OPENSSPI_CRED_ATTR_KRB_SOURCES, value);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().status, Status::unsupported_function);
  EXPECT_THAT(set.error().detail, HasSubstr("FIPS"));
}

}  // namespace
}  // namespace opensspi::kerberos
