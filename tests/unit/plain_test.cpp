#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/file_source.hpp"
#include "accounts/owf.hpp"
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

Result<AccountTable> parse(std::string_view text) {
  return kPlainFormat.parse(text, "accounts", testing::FixedHost().names());
}

bool fits(const AccountTable::Entry* entry, std::u16string_view password) {
  return entry != nullptr &&
         equal_in_constant_time(entry->nt_hash.bytes(), ntowf_v1(testing::utf16le(password)).bytes());
}

TEST(Plain, ReadsItsLines) {
  const auto table = parse(
      "# comment\n"
      "\n"
      "CORP:alice:Password\n"
      ":bob:a:b:\n"
      "corp:# not a comment: x \n"
      "CORP:zo\u00eb:p\u00e4ss\U0001F511");
  ASSERT_TRUE(table) << table.error().detail;
  EXPECT_EQ(table->size(), 4U);
  EXPECT_TRUE(fits(table->find(u"Corp", u"Alice"), u"Password"));
  EXPECT_TRUE(fits(table->find(u"", u"bob"), u"a:b:")) << "colons are the password's";
  EXPECT_TRUE(fits(table->find(u"CORP", u"# not a comment"), u" x ")) << "blanks are the password's";
  EXPECT_TRUE(fits(table->find(u"CORP", u"ZO\u00cb"), u"p\u00e4ss\U0001F511"));
  EXPECT_EQ(table->find(u"corp", u"alice")->domain, u"CORP");
  EXPECT_EQ(table->find(u"", u"bob")->domain, u"SERVER");
  EXPECT_EQ(table->find(u"", u"alice"), nullptr);
}

TEST(Plain, HasAnLmHashWhereThePasswordHasOne) {
  const auto table = parse(":short:Password\n:long:a password of more than fourteen\n");
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->find(u"", u"short")->has_lm_hash);
  EXPECT_EQ(to_hex(table->find(u"", u"short")->lm_hash.bytes()), "e52cac67419a9a224a3b108f3fa6cb6d");
  EXPECT_FALSE(table->find(u"", u"long")->has_lm_hash);
}

struct BadLine {
  const char* line;
  const char* reason;
};

class BadPlain : public ::testing::TestWithParam<BadLine> {};

TEST_P(BadPlain, RefusesTheFileByTheNumberOfTheLine) {
  const auto table = parse(std::string(":first:pw\n") + GetParam().line + "\n:last:pw\n");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().status, Status::invalid_parameter);
  EXPECT_THAT(table.error().detail, AllOf(HasSubstr("\"accounts\" line 2: "), HasSubstr(GetParam().reason)));
  EXPECT_THAT(table.error().detail, Not(HasSubstr("hunter2"))) << "a password stands in a message";
}

INSTANTIATE_TEST_SUITE_P(Lines, BadPlain,
                         ::testing::Values(BadLine{"alice", "is not DOMAIN:user:password"},
                                           BadLine{"alice:hunter2", "is not DOMAIN:user:password"},
                                           BadLine{"::hunter2", "user is empty"},
                                           BadLine{":alice:", "password is empty"},
                                           BadLine{"alice:hunter2\\:x", "the user has"},
                                           BadLine{" CORP:alice:hunter2", "the domain begins"},
                                           BadLine{"CORP:alice :hunter2", "the user begins or ends"},
                                           BadLine{"CO/RP:alice:hunter2", "the domain has"},
                                           BadLine{":FIRST:hunter2", "stands in line 1 already"},
                                           BadLine{":alice:hunter2\r", "carriage return"},
                                           BadLine{":alice:hunter2\xC3", "not UTF-8"}, BadLine{"  ", "is not DOMAIN"}));

TEST(Plain, ANulAndAByteOrderMarkAreRefused) {
  EXPECT_FALSE(parse(std::string_view(":alice:a\0b\n", 11)));
  EXPECT_FALSE(parse("\xEF\xBB\xBF:alice:pw\n"));
}

struct Claim {
  std::u16string user, domain, password;
  const char16_t* canonical_domain;  // nullptr: refused
};

class PlainClaim : public ::testing::TestWithParam<Claim> {};

TEST_P(PlainClaim, IsVerifiedByItsLine) {
  const testing::FixedHost host;
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("f",
                                           "CORP:alice:of corp\n"
                                           ":alice:of any\n"
                                           "SERVER:carol:of server\n"
                                           "corp.com:dave:of dave\n"
                                           "CORP:erin:of erin\n");
  const auto source = open_account_source("plain:" + path, host);
  ASSERT_TRUE(source) << source.error().detail;
  const auto verdict =
      (*source)->verify(ntlm_v2_logon(GetParam().user, GetParam().domain, GetParam().password).request());
  ASSERT_EQ(verdict.has_value(), GetParam().canonical_domain != nullptr);
  if (verdict) {
    EXPECT_EQ(verdict->domain, GetParam().canonical_domain);
  } else {
    EXPECT_EQ(verdict.error().status, Status::logon_denied);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, PlainClaim,
    ::testing::Values(Claim{u"Alice", u"Corp", u"of corp", u"CORP"}, Claim{u"alice", u"CORP", u"of any", nullptr},
                      Claim{u"alice", u"OTHER", u"of any", u"SERVER"}, Claim{u"alice", u"", u"of any", u"SERVER"},
                      Claim{u"alice", u"OTHER", u"of corp", nullptr}, Claim{u"carol", u"", u"of server", u"SERVER"},
                      Claim{u"carol", u".", u"of server", u"SERVER"}, Claim{u"carol", u"CORP", u"of server", nullptr},
                      Claim{u"dave@Corp.com", u"", u"of dave", u"corp.com"}, Claim{u"dave", u"", u"of dave", nullptr},
                      Claim{u"dave@corp.com", u"CORP", u"of dave", nullptr},
                      Claim{u"erin@nowhere", u"", u"of erin", nullptr},
                      Claim{u"alice@nowhere", u"", u"of any", u"SERVER"}, Claim{u"", u"", u"", nullptr}));

}  // namespace
}  // namespace opensspi::accounts
