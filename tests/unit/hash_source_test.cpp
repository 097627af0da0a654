#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/callback.hpp"
#include "accounts/owf.hpp"
#include "support/logon.hpp"
#include "support/vectors.hpp"

namespace opensspi::accounts {
namespace {

using testing::from_hex;
using ::testing::HasSubstr;
using testing::Logon;
using testing::ntlm_v1_logon;
using testing::ntlm_v2_logon;
using testing::utf16le;

// Knows "alice" with "Password", "disabled" with the same, and breaks for "broken".
Result<HashSource::Account> find(std::u16string_view user, std::u16string_view) {
  if (user == u"broken") return fail(Status::internal_error, "test", "the data base is away");
  if (user != u"alice" && user != u"Alice" && user != u"disabled") {
    return fail(Status::logon_denied, "test", "no such account");
  }
  HashSource::Account account;
  account.nt_hash = ntowf_v1(utf16le(u"Password"));
  account.has_lm_hash = lmowf_v1(utf16le(u"Password"), account.lm_hash);
  if (user == u"disabled") account.may_not_log_on = "disabled by the test";
  if (user == u"Alice") account.account = u"alice";
  if (user == u"Alice") account.domain = u"CANONICAL";
  account.sids = {u"S-1-5-21-1-2-3-1000"};
  return account;
}

class HashSourceTest : public ::testing::Test {
 protected:
  Result<Verdict> verify(const Logon& logon) const { return source_->verify(logon.request()); }

  Status status(const Logon& logon) const {
    const auto verdict = verify(logon);
    return verdict ? Status::ok : verdict.error().status;
  }

  std::shared_ptr<const AccountSource> source_ = make_callback_source(find);
};

TEST_F(HashSourceTest, VerifiesNtlmV2) {
  const Logon logon = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  const auto verdict = verify(logon);
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_TRUE(equal_in_constant_time(verdict->session_base_key.bytes(), logon.session_base_key.bytes()));
  EXPECT_EQ(verdict->account, u"alice");
  EXPECT_EQ(verdict->domain, u"CORP");
  EXPECT_EQ(verdict->sids, (std::vector<std::u16string>{u"S-1-5-21-1-2-3-1000"}));
  EXPECT_FALSE(verdict->guest);
  EXPECT_FALSE(verdict->has_lmowf_v1) << "only an NTLMv1 log-on has a use for it";
}

TEST_F(HashSourceTest, VerifiesTheSpecificationsExample) {
  const auto& common = testing::vectors("ntlm").at("ms-nlmp-4.2.1-common");
  const auto& v2 = testing::vectors("ntlm").at("ms-nlmp-4.2.4-NTLMv2");
  Logon logon;
  logon.server_challenge = from_hex(common.at("ServerChallenge").get<std::string>());
  logon.nt_response = from_hex(v2.at("NTProofStr").get<std::string>() + v2.at("temp").get<std::string>());
  logon.lm_response = from_hex(v2.at("LMv2Response").get<std::string>());
  logon.user = u"User";
  logon.domain = u"Domain";
  const auto source = make_callback_source([](auto, auto) -> Result<HashSource::Account> {
    HashSource::Account account;
    account.nt_hash = ntowf_v1(utf16le(u"Password"));
    return account;
  });
  const auto verdict = source->verify(logon.request());
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(to_hex(verdict->session_base_key.bytes()), v2.at("SessionBaseKey").get<std::string>());
}

TEST_F(HashSourceTest, ReportsTheCanonicalNamesNotTheClaims) {
  const auto verdict = verify(ntlm_v2_logon(u"Alice", u"CORP", u"Password"));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->account, u"alice");
  EXPECT_EQ(verdict->domain, u"CANONICAL");
}

TEST_F(HashSourceTest, TheDomainIsPartOfWhatIsProved) {
  Logon logon = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  logon.domain = u"";
  EXPECT_EQ(status(logon), Status::logon_denied);
  logon = ntlm_v2_logon(u"alice", u"", u"Password");
  logon.domain = u"CORP";
  EXPECT_EQ(status(logon), Status::logon_denied) << "no second try with an empty domain";
}

TEST_F(HashSourceTest, EveryBitOfChallengeAndResponseCounts) {
  const Logon good = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  ASSERT_EQ(status(good), Status::ok);
  for (ByteVector Logon::* part : {&Logon::nt_response, &Logon::server_challenge}) {
    for (std::size_t bit = 0; bit < 8 * (good.*part).size(); ++bit) {
      Logon changed = ntlm_v2_logon(u"alice", u"CORP", u"Password");
      std::uint8_t& byte = (changed.*part)[bit / 8];
      byte = static_cast<std::uint8_t>(byte ^ (1U << (bit % 8)));
      ASSERT_EQ(status(changed), Status::logon_denied) << bit;
    }
  }
}

TEST_F(HashSourceTest, ResponsesOfAllOtherLengthsAreDenied) {
  const Logon whole = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  for (std::size_t size = 0; size < whole.nt_response.size(); ++size) {
    Logon cut = ntlm_v2_logon(u"alice", u"CORP", u"Password");
    cut.nt_response.resize(size);
    for (const bool allow : {false, true}) {
      cut.allow_ntlm_v1 = allow;
      ASSERT_EQ(status(cut), Status::logon_denied) << size;
    }
  }
  Logon longer = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  longer.nt_response.push_back(0);
  EXPECT_EQ(status(longer), Status::logon_denied);
}

TEST_F(HashSourceTest, AServerChallengeOfAnotherLengthIsOurOwnFault) {
  Logon logon = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  logon.server_challenge.pop_back();
  EXPECT_EQ(status(logon), Status::internal_error);
}

TEST_F(HashSourceTest, LmAndLmV2AloneAreDenied) {
  Logon logon = ntlm_v2_logon(u"alice", u"CORP", u"Password");
  const ByteVector client_challenge(8, 0xAA);
  const Key16 key = ntowf_v2(ntowf_v1(utf16le(u"Password")), u"alice", u"CORP");
  logon.nt_response.clear();
  logon.lm_response.clear();
  append(logon.lm_response, nt_proof(key, logon.server_challenge, client_challenge).bytes());  // a right LMv2 response
  append(logon.lm_response, client_challenge);
  for (const bool allow : {false, true}) {
    logon.allow_ntlm_v1 = allow;
    const auto verdict = verify(logon);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().status, Status::logon_denied);
    EXPECT_THAT(verdict.error().detail, HasSubstr("alone"));
  }
}

class NtlmV1 : public HashSourceTest, public ::testing::WithParamInterface<bool> {};

TEST_P(NtlmV1, IsVerifiedWhereItIsAllowed) {
  const Logon logon = ntlm_v1_logon(u"alice", u"CORP", u"Password", GetParam());
  const auto verdict = verify(logon);
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_TRUE(equal_in_constant_time(verdict->session_base_key.bytes(), logon.session_base_key.bytes()));
  ASSERT_TRUE(verdict->has_lmowf_v1);
  EXPECT_EQ(to_hex(verdict->lmowf_v1.bytes()), "e52cac67419a9a224a3b108f3fa6cb6d");
}

TEST_P(NtlmV1, IsRefusedUnreadWhereItIsNot) {
  Logon logon = ntlm_v1_logon(u"alice", u"CORP", u"Password", GetParam());
  logon.allow_ntlm_v1 = false;
  const auto verdict = verify(logon);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, Status::logon_denied);
  EXPECT_THAT(verdict.error().detail, HasSubstr("NTLMv1"));
}

TEST_P(NtlmV1, OneFormIsNotTheOther) {
  Logon logon = ntlm_v1_logon(u"alice", u"CORP", u"Password", GetParam());
  logon.extended_session_security = !GetParam();
  EXPECT_EQ(status(logon), Status::logon_denied);
}

TEST_P(NtlmV1, AWrongPasswordIsDenied) {
  EXPECT_EQ(status(ntlm_v1_logon(u"alice", u"CORP", u"password", GetParam())), Status::logon_denied);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutExtendedSessionSecurity, NtlmV1, ::testing::Bool());

TEST_F(HashSourceTest, NtlmV1WithExtendedSessionSecurityNeedsItsClientChallenge) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{8}, std::size_t{23}, std::size_t{25}}) {
    Logon logon = ntlm_v1_logon(u"alice", u"CORP", u"Password", true);
    logon.lm_response.resize(size);
    EXPECT_EQ(status(logon), Status::logon_denied) << size;
  }
}

TEST_F(HashSourceTest, UnknownWrongAndDisabledLookAlikeToThePeer) {
  const auto unknown = verify(ntlm_v2_logon(u"nobody", u"CORP", u"Password"));
  const auto wrong = verify(ntlm_v2_logon(u"alice", u"CORP", u"password"));
  const auto disabled = verify(ntlm_v2_logon(u"disabled", u"CORP", u"Password"));
  for (const auto* verdict : {&unknown, &wrong, &disabled}) {
    ASSERT_FALSE(*verdict);
    EXPECT_EQ(verdict->error().status, Status::logon_denied);
    EXPECT_STREQ(verdict->error().check, unknown.error().check);
    EXPECT_TRUE(verdict->error().output.empty());
  }
  EXPECT_THAT(unknown.error().detail, HasSubstr("no such account"));
  EXPECT_THAT(wrong.error().detail, HasSubstr("does not fit"));
  EXPECT_THAT(disabled.error().detail, HasSubstr("disabled by the test"));
}

TEST_F(HashSourceTest, NoPasswordFitsAnUnknownUser) {
  for (const auto& logon : {ntlm_v2_logon(u"nobody", u"CORP", u""), ntlm_v2_logon(u"nobody", u"CORP", Key16())}) {
    EXPECT_EQ(status(logon), Status::logon_denied);
  }
}

// Zeros are what a program leaves that fills in no hash: anybody could log on with them.
TEST_F(HashSourceTest, AnAccountWithoutAHashCannotLogOn) {
  const auto source =
      make_callback_source([](auto, auto) -> Result<HashSource::Account> { return HashSource::Account{}; });
  const auto verdict = source->verify(ntlm_v2_logon(u"alice", u"CORP", Key16()).request());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, Status::logon_denied);
  EXPECT_THAT(verdict.error().detail, HasSubstr("zeros"));
}

TEST_F(HashSourceTest, ASourceThatFailsIsNotADenial) {
  const auto verdict = verify(ntlm_v2_logon(u"broken", u"CORP", u"Password"));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, Status::internal_error);
  EXPECT_EQ(verdict.error().detail, "the data base is away");
}

TEST_F(HashSourceTest, AReasonDoesNotObeyThePeersControlCharacters) {
  const auto verdict = verify(ntlm_v2_logon(u"x\nNTLM: accepted\x1b", u"", u"Password"));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().detail.find_first_of("\n\x1b"), std::string::npos);
}

TEST_F(HashSourceTest, IsNamedCallback) { EXPECT_EQ(source_->name(), "callback"); }

}  // namespace
}  // namespace opensspi::accounts
