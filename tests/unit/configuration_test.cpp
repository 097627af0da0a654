#include "base/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>

#include "support/temporary_directory.hpp"

namespace opensspi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

Environment environment_of(const std::map<std::string, std::string>& variables) {
  return [variables](const char* name) -> const char* {
    const auto at = variables.find(name);
    return at == variables.end() ? nullptr : at->second.c_str();
  };
}

TEST(ParseConfiguration, AnEmptyTextIsTheDefaults) {
  const auto parsed = parse_configuration("", "x.conf");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->accounts, "");
  EXPECT_FALSE(parsed->allow_weak);
  EXPECT_FALSE(parsed->require_mic);
  EXPECT_FALSE(parsed->ntlm_disabled);
  EXPECT_FALSE(parsed->fips);
  EXPECT_EQ(parsed->lm_level, 3U);
  EXPECT_EQ(parsed->max_lifetime_seconds, 36U * 3600);
  EXPECT_EQ(parsed->winbind_deadline_ms, 15000U);
  EXPECT_EQ(parsed->kerberos_deadline_ms, 5000U);
  EXPECT_EQ(parsed->kerberos_ccache + parsed->kerberos_keytab + parsed->kerberos_client_keytab, "");
  EXPECT_FALSE(parsed->kerberos_allow_rc4 || parsed->kerberos_disabled);
}

TEST(ParseConfiguration, EveryKeyIsTaken) {
  const auto parsed = parse_configuration(
      "# a comment\n"
      "[host]\n"
      "netbios_name = WEB1\n"
      "netbios_domain=EXAMPLE\n"
      "\tdns_name = web1.example.com  \n"
      "dns_domain = example.com\n"
      "dns_tree = example.com\n"
      "domain_member = yes\n"
      "\n"
      "[ntlm]\n"
      "accounts = smbpasswd:/etc/samba/smb passwd\n"
      "allow_weak = yes\n"
      "require_mic = yes\n"
      "disabled = yes\n"
      "lm_level = 0\n"
      "max_lifetime_seconds = 1800\n"
      "winbind_deadline_ms = 600000\n"
      "[kerberos]\n"
      "ccache = KEYRING:persistent:0\n"
      "keytab = /etc/web.keytab\n"
      "client_keytab = FILE:/etc/client.keytab\n"
      "deadline_ms = 600000\n"
      "allow_rc4 = yes\n"
      "disabled = yes\n"
      "[fips]\n"
      "mode = on",
      "x.conf");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->netbios_name, "WEB1");
  EXPECT_EQ(parsed->netbios_domain, "EXAMPLE");
  EXPECT_EQ(parsed->dns_name, "web1.example.com");
  EXPECT_EQ(parsed->dns_domain, "example.com");
  EXPECT_EQ(parsed->dns_tree, "example.com");
  EXPECT_TRUE(parsed->domain_member);
  EXPECT_EQ(parsed->accounts, "smbpasswd:/etc/samba/smb passwd");
  EXPECT_TRUE(parsed->allow_weak);
  EXPECT_TRUE(parsed->require_mic);
  EXPECT_TRUE(parsed->ntlm_disabled);
  EXPECT_EQ(parsed->lm_level, 0U);
  EXPECT_EQ(parsed->max_lifetime_seconds, 1800U);
  EXPECT_EQ(parsed->kerberos_ccache, "KEYRING:persistent:0");
  EXPECT_EQ(parsed->kerberos_keytab, "/etc/web.keytab");
  EXPECT_EQ(parsed->kerberos_client_keytab, "FILE:/etc/client.keytab");
  EXPECT_EQ(parsed->winbind_deadline_ms, 600000U);
  EXPECT_EQ(parsed->kerberos_deadline_ms, 600000U);
  EXPECT_TRUE(parsed->kerberos_allow_rc4 && parsed->kerberos_disabled);
  EXPECT_TRUE(parsed->fips);
}

struct BadText {
  const char* text;
  const char* line;    // where the message says it is
  const char* reason;  // a part of it
};

class BadConfiguration : public ::testing::TestWithParam<BadText> {};

TEST_P(BadConfiguration, IsRefusedWithLineAndReason) {
  const auto parsed = parse_configuration(GetParam().text, "x.conf");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().status, Status::invalid_parameter);
  EXPECT_THAT(parsed.error().detail,
              AllOf(HasSubstr("x.conf"), HasSubstr(GetParam().line), HasSubstr(GetParam().reason)));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadConfiguration,
    ::testing::Values(BadText{"accounts = self", "line 1:", "before the first [section]"},
                      BadText{"[host]\n[krb5]\n", "line 2:", "there is no section \"krb5\""},
                      BadText{"[host\n", "line 1:", "closing"}, BadText{"[]\n", "line 1:", "there is no section"},
                      BadText{"[ntlm]\naccount = self\n",
                              "line 2:", "[ntlm] has no \"account\"; it has accounts, allow_weak"},
                      BadText{"[ntlm]\nNetbios_name = A\n", "line 2:", "has no"},
                      BadText{"[ntlm]\nallow_weak\n", "line 2:", "neither"},
                      BadText{"[ntlm]\nallow_weak = true\n", "line 2:", "\"true\" is neither yes nor no"},
                      BadText{"[ntlm]\nallow_weak = yes # really\n", "line 2:", "neither yes nor no"},
                      BadText{"[ntlm]\n\nrequire_mic = no\nrequire_mic = no\n", "line 4:", "set by line 3"},
                      BadText{"[ntlm]\naccounts =\n", "line 2:", "is empty"},
                      BadText{"[ntlm]\nlm_level = 6\n", "line 2:", "from 0 to 5"},
                      BadText{"[ntlm]\nlm_level = 3x\n", "line 2:", "from 0 to 5"},
                      BadText{"[ntlm]\nlm_level = -1\n", "line 2:", "from 0 to 5"},
                      BadText{"[ntlm]\nlm_level = 2\n", "line 2:", "needs allow_weak"},
                      BadText{"[ntlm]\nmax_lifetime_seconds = 0\n", "line 2:", "not a number"},
                      BadText{"[ntlm]\nmax_lifetime_seconds = 99999999999\n", "line 2:", "not a number"},
                      BadText{"[kerberos]\nkeytab = krb5.keytab\n", "line 2:", "neither an absolute path"},
                      BadText{"[kerberos]\nccache = FILE:\n", "line 2:", "neither an absolute path"},
                      BadText{"[kerberos]\nclient_keytab = :/etc\n", "line 2:", "neither an absolute path"},
                      BadText{"[ntlm]\nwinbind_deadline_ms = 600001\n", "line 2:", "from 1 to 600000"},
                      BadText{"[kerberos]\ndeadline_ms = 0\n", "line 2:", "from 1 to 600000"},
                      BadText{"[kerberos]\nallow_rc4 = 1\n", "line 2:", "neither yes nor no"},
                      BadText{"[fips]\nmode = off\n", "line 2:", "neither auto nor on"},
                      BadText{"[host]\nnetbios_name = SIXTEENLETTERSXX\n", "line 2:", "1 to 15"},
                      BadText{"[host]\nnetbios_name = A\\B\n", "line 2:", "cannot have"},
                      BadText{"[host]\ndns_name = a..b\n", "line 2:", "empty label"},
                      BadText{"[host]\ndns_name = a b\n", "line 2:", "cannot have"},
                      BadText{"[host]\n\ndomain_member = yes\n", "line 3:", "needs netbios_domain"},
                      BadText{"[host]\ndns_tree = example.com\n", "line 2:", "needs domain_member"},
                      BadText{"[host]\r\n", "line 1:", "carriage return"}, BadText{"\xFF", "x.conf", "not UTF-8"}));

TEST(ParseConfiguration, ANulIsRefused) {
  EXPECT_FALSE(parse_configuration(std::string_view("[host]\0", 7), "x.conf"));
}

TEST(ApplyEnvironment, OverridesNamesAndAccounts) {
  auto configuration = parse_configuration("[host]\nnetbios_name = FILE\n[ntlm]\naccounts = self\n", "x");
  ASSERT_TRUE(configuration);
  const auto applied = apply_environment(*configuration, environment_of({{"OPENSSPI_NETBIOS_NAME", "ENV"},
                                                                         {"OPENSSPI_NETBIOS_DOMAIN", "DOM"},
                                                                         {"OPENSSPI_DNS_NAME", "a.b"},
                                                                         {"OPENSSPI_DNS_DOMAIN", "b"},
                                                                         {"OPENSSPI_ACCOUNTS", "winbind"}}));
  ASSERT_TRUE(applied);
  EXPECT_EQ(configuration->netbios_name, "ENV");
  EXPECT_EQ(configuration->netbios_domain, "DOM");
  EXPECT_EQ(configuration->dns_name, "a.b");
  EXPECT_EQ(configuration->dns_domain, "b");
  EXPECT_EQ(configuration->accounts, "winbind");
}

TEST(ApplyEnvironment, SwitchesCanOnlyBeTurnedOn) {
  Configuration strict;
  strict.require_mic = strict.ntlm_disabled = strict.kerberos_disabled = strict.fips = true;
  const auto zero = environment_of({{"OPENSSPI_REQUIRE_MIC", "0"},
                                    {"OPENSSPI_NTLM_DISABLED", ""},
                                    {"OPENSSPI_KERBEROS_DISABLED", "0"},
                                    {"OPENSSPI_FIPS", "0"}});
  ASSERT_TRUE(apply_environment(strict, zero));
  EXPECT_TRUE(strict.require_mic && strict.ntlm_disabled && strict.kerberos_disabled && strict.fips);

  Configuration lax;
  const auto one = environment_of({{"OPENSSPI_REQUIRE_MIC", "1"},
                                   {"OPENSSPI_NTLM_DISABLED", "1"},
                                   {"OPENSSPI_KERBEROS_DISABLED", "1"},
                                   {"OPENSSPI_FIPS", "1"}});
  ASSERT_TRUE(apply_environment(lax, one));
  EXPECT_TRUE(lax.require_mic && lax.ntlm_disabled && lax.kerberos_disabled && lax.fips);
}

TEST(ApplyEnvironment, WeakeningIsNotForTheEnvironment) {
  Configuration configuration;
  ASSERT_TRUE(apply_environment(configuration, environment_of({{"OPENSSPI_ALLOW_WEAK", "1"},
                                                               {"OPENSSPI_LM_LEVEL", "0"},
                                                               {"OPENSSPI_MAX_LIFETIME_SECONDS", "999999"}})));
  EXPECT_FALSE(configuration.allow_weak);
  EXPECT_EQ(configuration.lm_level, 3U);
  EXPECT_EQ(configuration.max_lifetime_seconds, 36U * 3600);
}

TEST(ApplyEnvironment, AWrongValueIsAnErrorThatNamesTheVariable) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"OPENSSPI_REQUIRE_MIC", "yes"},
                                                                      {"OPENSSPI_FIPS", "2"},
                                                                      {"OPENSSPI_NETBIOS_NAME", "A/B"},
                                                                      {"OPENSSPI_DNS_NAME", ".example"}}) {
    Configuration configuration;
    const auto applied = apply_environment(configuration, environment_of({{name, value}}));
    ASSERT_FALSE(applied) << name;
    EXPECT_EQ(applied.error().status, Status::invalid_parameter);
    EXPECT_THAT(applied.error().detail, AllOf(HasSubstr(name), HasSubstr(value)));
  }
}

class ReadConfiguration : public ::testing::Test {
 protected:
  Result<Configuration> read(const std::map<std::string, std::string>& variables = {}) const {
    return read_configuration({.default_path = directory_.path("opensspi.conf"),
                               .environment = environment_of(variables),
                               .fips_flag_path = fips_flag_.c_str()});
  }

  TemporaryDirectory directory_;
  std::string fips_flag_ = directory_.path("fips_enabled");
};

TEST_F(ReadConfiguration, ADefaultFileMayBeAbsent) { EXPECT_TRUE(read()); }

TEST_F(ReadConfiguration, AFileThatIsNamedMayNotBeAbsent) {
  const auto configuration = read({{"OPENSSPI_CONFIG", directory_.path("other.conf")}});
  ASSERT_FALSE(configuration);
  EXPECT_EQ(configuration.error().status, Status::invalid_parameter);
  EXPECT_THAT(configuration.error().detail, HasSubstr("other.conf"));
}

TEST_F(ReadConfiguration, TheNamedFileStandsForTheDefault) {
  directory_.write("opensspi.conf", "[ntlm]\nrequire_mic = yes\n");
  const std::string other = directory_.write("other.conf", "[ntlm]\naccounts = winbind\n");
  const auto configuration = read({{"OPENSSPI_CONFIG", other}});
  ASSERT_TRUE(configuration);
  EXPECT_EQ(configuration->accounts, "winbind");
  EXPECT_FALSE(configuration->require_mic);
}

TEST_F(ReadConfiguration, ARelativePathIsRefused) {
  const auto configuration = read({{"OPENSSPI_CONFIG", "opensspi.conf"}});
  ASSERT_FALSE(configuration);
  EXPECT_THAT(configuration.error().detail, HasSubstr("absolute"));
}

TEST_F(ReadConfiguration, TheEnvironmentComesAfterTheFile) {
  directory_.write("opensspi.conf", "[ntlm]\naccounts = winbind\n");
  const auto configuration = read({{"OPENSSPI_ACCOUNTS", "self"}});
  ASSERT_TRUE(configuration);
  EXPECT_EQ(configuration->accounts, "self");
}

TEST_F(ReadConfiguration, AFileThatOthersMayWriteIsRefused) {
  directory_.write("opensspi.conf", "[ntlm]\n", 0646);
  const auto configuration = read();
  ASSERT_FALSE(configuration);
  EXPECT_EQ(configuration.error().status, Status::invalid_parameter);
  EXPECT_THAT(configuration.error().detail, HasSubstr("chmod go-w"));
}

TEST_F(ReadConfiguration, ASymbolicLinkIsRefused) {
  const std::string real = directory_.write("real.conf", "[ntlm]\n");
  ASSERT_EQ(symlink(real.c_str(), directory_.path("opensspi.conf").c_str()), 0);
  const auto configuration = read();
  ASSERT_FALSE(configuration);
  EXPECT_THAT(configuration.error().detail, HasSubstr("symbolic link"));
}

TEST_F(ReadConfiguration, ADanglingSymbolicLinkIsNotAnAbsentFile) {
  ASSERT_EQ(symlink("/nonexistent/x", directory_.path("opensspi.conf").c_str()), 0);
  EXPECT_FALSE(read());
}

TEST_F(ReadConfiguration, TheKernelsFipsFlagIsHeeded) {
  directory_.write("fips_enabled", "1\n");
  EXPECT_TRUE(read()->fips);
  directory_.write("fips_enabled", "0\n");
  EXPECT_FALSE(read()->fips);
  directory_.write("opensspi.conf", "[fips]\nmode = on\n");
  EXPECT_TRUE(read()->fips);
}

// In processes of their own: a process reads its configuration once.
using ConfigurationOfProcess = ReadConfiguration;

TEST_F(ConfigurationOfProcess, IsReadFromTheEnvironmentOnce) {
  const std::string path = directory_.write("opensspi.conf", "[ntlm]\naccounts = plain:/srv/accounts\n");
  const auto in_child = [&] {
    setenv("OPENSSPI_CONFIG", path.c_str(), 1);
    const bool first = configuration() && configuration()->accounts == "plain:/srv/accounts";
    setenv("OPENSSPI_CONFIG", "/nonexistent", 1);
    testing::leave_process(directory_, first && configuration());
  };
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "");
}

TEST_F(ConfigurationOfProcess, StaysAnErrorWhereTheFileIsWrong) {
  const std::string path = directory_.write("opensspi.conf", "[ntlm]\nnonsense = 1\n");
  const auto in_child = [&] {
    setenv("OPENSSPI_CONFIG", path.c_str(), 1);
    testing::leave_process(directory_, !configuration() && configuration().error().status == Status::invalid_parameter);
  };
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opensspi
