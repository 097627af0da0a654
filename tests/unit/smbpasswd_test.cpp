#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "accounts/file_source.hpp"
#include "base/text.hpp"
#include "support/fixed_host.hpp"
#include "support/logon.hpp"
#include "support/temporary_directory.hpp"
#include "support/vectors.hpp"

namespace opensspi::accounts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ntlm_v2_logon;

// The hashes of "Password".
constexpr const char* kNtHash = "A4F49C406510BDCAB6824EE7C30FD852";
constexpr const char* kLmHash = "E52CAC67419A9A224A3B108F3FA6CB6D";
const std::string kNoHash(32, 'X');
constexpr const char* kUser = "[U          ]";

std::string line_of(const std::string& name, const std::string& lm_hash = kNoHash, const std::string& nt_hash = kNtHash,
                    const std::string& flags = kUser) {
  return name + ":1000:" + lm_hash + ":" + nt_hash + ":" + flags + ":LCT-65A0B1C2:\n";
}

Result<AccountTable> parse(std::string_view text) {
  return kSmbpasswdFormat.parse(text, "smbpasswd", testing::FixedHost().names());
}

TEST(Smbpasswd, ReadsWhatSambaWrites) {
  const auto table = parse("# comment\n" + line_of("alice", kLmHash) + "\n" + "Bob:4294967295:" + kNoHash +
                           ":a4f49c406510bdcab6824ee7c30fd852:[UX         ]:LCT-00000000:\n");
  ASSERT_TRUE(table) << table.error().detail;
  EXPECT_EQ(table->size(), 2U);
  const auto* alice = table->find(u"", u"ALICE");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->account, u"alice");
  EXPECT_EQ(alice->domain, u"SERVER");
  EXPECT_EQ(alice->may_not_log_on, "");
  EXPECT_TRUE(equal_in_constant_time(alice->nt_hash.bytes(), testing::from_hex(kNtHash)));
  ASSERT_TRUE(alice->has_lm_hash);
  EXPECT_TRUE(equal_in_constant_time(alice->lm_hash.bytes(), testing::from_hex(kLmHash)));
  const auto* bob = table->find(u"", u"bob");
  ASSERT_NE(bob, nullptr);
  EXPECT_FALSE(bob->has_lm_hash);
  EXPECT_TRUE(equal_in_constant_time(bob->nt_hash.bytes(), testing::from_hex(kNtHash)));
}

TEST(Smbpasswd, IgnoresFieldsBehindTheLastAndALineWithoutItsEnd) {
  const auto table = parse("alice:1000:" + kNoHash + ":" + kNtHash + ":[U]:LCT-65A0B1C2:Alice A.:/home/alice");
  ASSERT_TRUE(table) << table.error().detail;
  EXPECT_EQ(table->size(), 1U);
}

struct BarredAccount {
  std::string flags, nt_hash, reason;
};

class Barred : public ::testing::TestWithParam<BarredAccount> {};

TEST_P(Barred, NeverLogsOnWithTheRightPassword) {
  const testing::TemporaryDirectory directory;
  const testing::FixedHost host;
  const std::string path = directory.write("f", line_of("alice", kNoHash, GetParam().nt_hash, GetParam().flags));
  const auto source = open_account_source("smbpasswd:" + path, host);
  ASSERT_TRUE(source) << source.error().detail;
  for (const auto& logon : {ntlm_v2_logon(u"alice", u"", u"Password"), ntlm_v2_logon(u"alice", u"", u""),
                            ntlm_v2_logon(u"alice", u"", Key16())}) {
    const auto verdict = (*source)->verify(logon.request());
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().status, Status::logon_denied);
    EXPECT_THAT(verdict.error().detail, HasSubstr(GetParam().reason));
  }
}

INSTANTIATE_TEST_SUITE_P(Flags, Barred,
                         ::testing::Values(BarredAccount{"[DU         ]", kNtHash, "flag D"},
                                           BarredAccount{"[UL         ]", kNtHash, "flag L"},
                                           BarredAccount{"[NU         ]", kNtHash, "flag N"},
                                           BarredAccount{"[W          ]", kNtHash, "flag W"},
                                           BarredAccount{"[S          ]", kNtHash, "flag S"},
                                           BarredAccount{"[I          ]", kNtHash, "flag I"},
                                           BarredAccount{"[           ]", kNtHash, "flag U"},
                                           BarredAccount{kUser, "NO PASSWORDXXXXXXXXXXXXXXXXXXXXX", "NO PASSWORD"},
                                           BarredAccount{kUser, "31D6CFE0D16AE931B73C59D7E0C089C0",
                                                         "password is empty"},
                                           BarredAccount{kUser, kNoHash, "no NT hash"},
                                           BarredAccount{kUser, "********************************", "no NT hash"}));

struct BadLine {
  std::string line, reason;
};

class BadSmbpasswd : public ::testing::TestWithParam<BadLine> {};

TEST_P(BadSmbpasswd, RefusesTheFileByTheNumberOfTheLine) {
  const auto table = parse("# one\n" + line_of("first") + GetParam().line + line_of("last"));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().status, Status::invalid_parameter);
  EXPECT_THAT(table.error().detail, AllOf(HasSubstr("\"smbpasswd\" line 3: "), HasSubstr(GetParam().reason)));
  EXPECT_THAT(table.error().detail, Not(HasSubstr("A4F49C40"))) << "a hash stands in a message";
}

const std::string kHash = kNtHash;

INSTANTIATE_TEST_SUITE_P(
    Lines, BadSmbpasswd,
    ::testing::Values(BadLine{"alice\n", "is not name:uid:"},
                      BadLine{"alice:1000:" + kHash + ":" + kHash + ":[U]\n", "is not name:uid:"},
                      BadLine{"alice:1000:" + kHash + ":" + kHash + ":[U]:LCT-65A0B1C2\n", "is not name:uid:"},
                      BadLine{" \n", "is not name:uid:"}, BadLine{line_of(""), "name is empty"},
                      BadLine{line_of("FIRST"), "stands in line 2 already"}, BadLine{line_of("a\\b"), "the name has"},
                      BadLine{line_of(" a"), "blank"}, BadLine{line_of("a\x01"), "control character"},
                      BadLine{line_of("\xFF"), "not UTF-8"},
                      BadLine{"alice:x:" + kHash + ":" + kHash + ":[U]:LCT-65A0B1C2:\n", "uid"},
                      BadLine{"alice::" + kHash + ":" + kHash + ":[U]:LCT-65A0B1C2:\n", "uid"},
                      BadLine{"alice:" + kHash + ":" + kHash + ":[U]:LCT-65A0B1C2:x:\n", "uid"},
                      BadLine{line_of("alice", kNoHash, "A4F49C40"), "the NT hash is neither"},
                      BadLine{line_of("alice", kNoHash, kHash.substr(1) + "G"), "the NT hash is neither"},
                      BadLine{line_of("alice", kHash + "0"), "the LM hash is neither"},
                      BadLine{line_of("alice", kNoHash, kHash, "U"), "brackets"},
                      BadLine{line_of("alice", kNoHash, kHash, ""), "brackets"},
                      BadLine{line_of("alice", kNoHash, kHash, kHash), "brackets"},
                      BadLine{line_of("alice", kNoHash, kHash, "[UQ]"), "\"Q\" is not known"},
                      BadLine{line_of("alice", kNoHash, kHash, "[u]"), "\"u\" is not known"},
                      BadLine{"alice:1000:" + kHash + ":" + kHash + ":[U]:65A0B1C2:\n", "LCT-"},
                      BadLine{"alice:1000:" + kHash + ":" + kHash + ":[U]:LCT-65A0B1C:\n", "LCT-"},
                      BadLine{"alice:1000:" + kHash + ":" + kHash + ":[U]:LCT-65A0B1CX:\n", "LCT-"},
                      BadLine{line_of("alice").substr(0, line_of("alice").size() - 1) + "\r\n", "carriage return"}));

TEST(Smbpasswd, AByteOrderMarkIsRefused) {
  const auto table = parse("\xEF\xBB\xBF" + line_of("alice"));
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().detail, AllOf(HasSubstr("line 1"), HasSubstr("byte order mark")));
}

struct Claim {
  std::u16string user, domain;
  bool accepted;
};

class SmbpasswdClaim : public ::testing::TestWithParam<Claim> {};

TEST_P(SmbpasswdClaim, IsForThisHostOrRefused) {
  testing::FixedHost host;
  host.writable_names().netbios_domain = u"EXAMPLE";
  const testing::TemporaryDirectory directory;
  const auto source = open_account_source("smbpasswd:" + directory.write("f", line_of("Alice")), host);
  ASSERT_TRUE(source);
  const auto verdict = (*source)->verify(ntlm_v2_logon(GetParam().user, GetParam().domain, u"Password").request());
  ASSERT_EQ(verdict.has_value(), GetParam().accepted);
  if (verdict) {
    EXPECT_EQ(verdict->account, u"Alice");
    EXPECT_EQ(verdict->domain, u"SERVER");
  } else {
    EXPECT_EQ(verdict.error().status, Status::logon_denied);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, SmbpasswdClaim,
    ::testing::Values(Claim{u"alice", u"", true}, Claim{u"ALICE", u".", true}, Claim{u"alice", u"server", true},
                      Claim{u"alice", u"Example", true}, Claim{u"alice", u"OTHER", false}, Claim{u"bob", u"", false},
                      Claim{u"alice@server", u"", true}, Claim{u"alice@Server.Example.com", u"", true},
                      Claim{u"alice@EXAMPLE", u"", true}, Claim{u"alice@example.com", u"", true},
                      Claim{u"alice@other.com", u"", false}, Claim{u"alice@server", u"SERVER", false},
                      Claim{u"bob@server", u"", false}, Claim{u"@server", u"", false}, Claim{u"alice@", u"", false},
                      Claim{u"", u"", false}));

}  // namespace
}  // namespace opensspi::accounts
