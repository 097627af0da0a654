// The winbind source with a library of the test's own, with the real one where no winbindd runs, and without any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <semaphore>
#include <string>
#include <vector>

#include "accounts/winbind.hpp"
#include "support/fixed_host.hpp"
#include "support/logon.hpp"
#include "support/vectors.hpp"

#if __has_include(<samba-4.0/wbclient.h>)
#include <cstdint>
extern "C" {
#include <samba-4.0/wbclient.h>
}
#define HAVE_WBCLIENT_H 1
#endif

namespace opensspi::accounts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Logon;
using testing::ntlm_v1_logon;
using testing::ntlm_v2_logon;

#ifdef HAVE_WBCLIENT_H
TEST(WbclientLayout, IsThatOfTheInstalledHeader) {
#define SAME_OFFSET(ours, our_member, theirs, their_member) \
  EXPECT_EQ(offsetof(wbc::ours, our_member), offsetof(theirs, their_member))
  EXPECT_EQ(sizeof(wbc::AuthUserParams), sizeof(wbcAuthUserParams));
  SAME_OFFSET(AuthUserParams, account_name, wbcAuthUserParams, account_name);
  SAME_OFFSET(AuthUserParams, domain_name, wbcAuthUserParams, domain_name);
  SAME_OFFSET(AuthUserParams, workstation_name, wbcAuthUserParams, workstation_name);
  SAME_OFFSET(AuthUserParams, flags, wbcAuthUserParams, flags);
  SAME_OFFSET(AuthUserParams, parameter_control, wbcAuthUserParams, parameter_control);
  SAME_OFFSET(AuthUserParams, level, wbcAuthUserParams, level);
  SAME_OFFSET(AuthUserParams, response.challenge, wbcAuthUserParams, password.response.challenge);
  SAME_OFFSET(AuthUserParams, response.nt_length, wbcAuthUserParams, password.response.nt_length);
  SAME_OFFSET(AuthUserParams, response.nt_data, wbcAuthUserParams, password.response.nt_data);
  SAME_OFFSET(AuthUserParams, response.lm_length, wbcAuthUserParams, password.response.lm_length);
  SAME_OFFSET(AuthUserParams, response.lm_data, wbcAuthUserParams, password.response.lm_data);
  EXPECT_EQ(sizeof(wbc::AuthUserInfo), sizeof(wbcAuthUserInfo));
  SAME_OFFSET(AuthUserInfo, user_flags, wbcAuthUserInfo, user_flags);
  SAME_OFFSET(AuthUserInfo, account_name, wbcAuthUserInfo, account_name);
  SAME_OFFSET(AuthUserInfo, domain_name, wbcAuthUserInfo, domain_name);
  SAME_OFFSET(AuthUserInfo, user_session_key, wbcAuthUserInfo, user_session_key);
  SAME_OFFSET(AuthUserInfo, lm_session_key, wbcAuthUserInfo, lm_session_key);
  SAME_OFFSET(AuthUserInfo, sid_count, wbcAuthUserInfo, num_sids);
  SAME_OFFSET(AuthUserInfo, sids, wbcAuthUserInfo, sids);
  EXPECT_EQ(sizeof(wbc::SidWithAttributes), sizeof(wbcSidWithAttr));
  EXPECT_EQ(sizeof(wbc::DomainSid), sizeof(wbcDomainSid));
  SAME_OFFSET(DomainSid, sub_authorities, wbcDomainSid, sub_auths);
  EXPECT_EQ(sizeof(wbc::AuthErrorInfo), sizeof(wbcAuthErrorInfo));
  SAME_OFFSET(AuthErrorInfo, nt_status, wbcAuthErrorInfo, nt_status);
  EXPECT_EQ(wbc::kLevelResponse, wbcAuthUserParams::WBC_AUTH_USER_LEVEL_RESPONSE);
  EXPECT_EQ(wbc::kUserIsGuest, WBC_AUTH_USER_INFO_GUEST);
  EXPECT_EQ(wbc::kAllowServerTrustAccount, WBC_MSV1_0_ALLOW_SERVER_TRUST_ACCOUNT);
  EXPECT_EQ(wbc::kAllowWorkstationTrustAccount, WBC_MSV1_0_ALLOW_WORKSTATION_TRUST_ACCOUNT);
  EXPECT_EQ(static_cast<int>(wbc::Error::winbind_not_available), WBC_ERR_WINBIND_NOT_AVAILABLE);
  EXPECT_EQ(static_cast<int>(wbc::Error::domain_not_found), WBC_ERR_DOMAIN_NOT_FOUND);
  EXPECT_EQ(static_cast<int>(wbc::Error::authentication_error), WBC_ERR_AUTH_ERROR);
  EXPECT_EQ(static_cast<int>(wbc::Error::unknown_user), WBC_ERR_UNKNOWN_USER);
#undef SAME_OFFSET
}
#endif

TEST(WinbindWithoutLibrary, SaysWhatToInstall) {
  const auto library = wbc::load("libwbclient-that-is-not-there.so.0");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().status, Status::no_authenticating_authority);
  EXPECT_THAT(library.error().detail, AllOf(HasSubstr("libwbclient-that-is-not-there.so.0"), HasSubstr("install")));
}

TEST(WinbindWithoutLibrary, ALibraryWithoutTheFunctionsIsRefused) {
  const auto library = wbc::load("libm.so.6");
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().detail, HasSubstr("wbcCtxAuthenticateUserEx"));
}

TEST(WinbindWithoutDaemon, SaysWhatToStart) {
  const auto source = open_account_source("winbind", testing::FixedHost());
  if (!source) {
    EXPECT_EQ(source.error().status, Status::no_authenticating_authority);
    GTEST_SKIP() << "libwbclient.so.0 is not installed";
  }
  EXPECT_EQ((*source)->name(), "winbind");
  const auto verdict = (*source)->verify(ntlm_v2_logon(u"alice", u"CORP", u"Password").request());
  ASSERT_FALSE(verdict) << "a domain knows alice of CORP";
  if (verdict.error().status == Status::logon_denied) GTEST_SKIP() << "a winbindd runs here";
  EXPECT_EQ(verdict.error().status, Status::no_authenticating_authority);
  EXPECT_THAT(verdict.error().detail, HasSubstr("winbind"));
}

// What the library of the test answers, what it was asked, and what it handed out and got back.
struct FakeWinbind {
  wbc::Error outcome = wbc::Error::success;
  std::uint32_t nt_status = 0;
  std::uint32_t user_flags = 0;
  bool names_account = true;
  wbc::Error ping = wbc::Error::winbind_not_available;
  std::uint8_t session_key_byte = 0x42;
  std::vector<std::uint32_t> rids{1105, 513};

  std::string user, domain, workstation;
  int level = 0;
  ByteVector challenge, nt_response, lm_response;
  int contexts = 0, blocks = 0;
  bool hangs = false;
};

FakeWinbind fake;
std::binary_semaphore go{0}, ended{0};  // where it hangs: lets it go on; tells that the connection was closed

template <typename T>
T* hand_out(std::size_t count = 1) {
  ++fake.blocks;
  return static_cast<T*>(calloc(count, sizeof(T)));
}

char* text(const char* content) { return const_cast<char*>(content); }  // as the library declares them

wbc::AuthUserInfo* make_info() {
  static std::vector<wbc::SidWithAttributes> sids;
  sids.clear();
  for (const std::uint32_t rid : fake.rids) {
    sids.push_back({{1, 2, {0, 0, 0, 0, 0, 5}, {21, rid}}, 7});
  }
  auto* info = hand_out<wbc::AuthUserInfo>();
  info->user_flags = fake.user_flags;
  info->account_name = fake.names_account ? text("Alice") : nullptr;
  info->domain_name = text("CORP");
  std::memset(info->user_session_key, fake.session_key_byte, sizeof info->user_session_key);
  info->sid_count = static_cast<std::uint32_t>(sids.size());
  info->sids = sids.data();
  return info;
}

wbc::Error authenticate(wbc::Context*, const wbc::AuthUserParams* asked, wbc::AuthUserInfo** info,
                        wbc::AuthErrorInfo** error) {
  if (fake.hangs) go.acquire();
  fake.user = asked->account_name;
  fake.domain = asked->domain_name;
  fake.workstation = asked->workstation_name;
  fake.level = asked->level;
  const auto& response = asked->response;
  fake.challenge.assign(response.challenge, response.challenge + sizeof response.challenge);
  fake.nt_response.assign(response.nt_data, response.nt_data + response.nt_length);
  fake.lm_response.assign(response.lm_data, response.lm_data + response.lm_length);
  if (fake.outcome == wbc::Error::success) *info = make_info();
  if (fake.outcome == wbc::Error::authentication_error) {
    *error = hand_out<wbc::AuthErrorInfo>();
    (*error)->nt_status = fake.nt_status;
  }
  return fake.outcome;
}

wbc::Library fake_library() {
  return {.create_context =
              [] {
                ++fake.contexts;
                return reinterpret_cast<wbc::Context*>(&fake);  // opaque: never looked into
              },
          .free_context =
              [](wbc::Context*) {
                --fake.contexts;
                if (fake.hangs) ended.release();
              },
          .authenticate_user = authenticate,
          .ping = [](wbc::Context*) { return fake.ping; },
          .free_memory =
              [](void* block) {
                --fake.blocks;
                free(block);
              },
          .error_text = [](wbc::Error) { return "fake words"; },
          .sid_to_text =
              [](const wbc::DomainSid* sid, char* out, int size) {
                return std::snprintf(out, static_cast<std::size_t>(size), "S-1-%d-%u-%u", sid->identifier_authority[5],
                                     sid->sub_authorities[0], sid->sub_authorities[1]);
              }};
}

class Winbind : public ::testing::Test {
 protected:
  Winbind() { fake = {}; }
  ~Winbind() override {
    EXPECT_EQ(fake.contexts, 0) << "a connection leaks";
    EXPECT_EQ(fake.blocks, 0) << "memory of the library leaks";
  }

  Result<Verdict> verify(const Logon& logon) const { return source_->verify(logon.request()); }
  Result<Verdict> verify() const { return verify(ntlm_v2_logon(u"alice", u"corp", u"Password")); }

  std::shared_ptr<const AccountSource> source_ = make_winbind_source(fake_library(), kDefaultWinbindDeadline);
};

TEST_F(Winbind, HandsOverTheResponsesAndTakesTheVerdict) {
  const Logon logon = ntlm_v2_logon(u"zo\u00eb", u"corp", u"Password");
  const auto verdict = verify(logon);
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(fake.user, "zo\u00eb");
  EXPECT_EQ(fake.domain, "corp");
  EXPECT_EQ(fake.workstation, "CLIENT");
  EXPECT_EQ(fake.level, wbc::kLevelResponse);
  EXPECT_EQ(fake.challenge, logon.server_challenge);
  EXPECT_EQ(fake.nt_response, logon.nt_response);
  EXPECT_EQ(fake.lm_response, logon.lm_response);
  EXPECT_EQ(verdict->account, u"Alice");
  EXPECT_EQ(verdict->domain, u"CORP");
  EXPECT_EQ(verdict->sids, (std::vector<std::u16string>{u"S-1-5-21-1105", u"S-1-5-21-513"}));
  EXPECT_EQ(to_hex(verdict->session_base_key.bytes()), "42424242424242424242424242424242");
  EXPECT_FALSE(verdict->guest);
}

TEST_F(Winbind, AGuestHasNoSessionKey) {
  fake.user_flags = wbc::kUserIsGuest;
  const auto verdict = verify();
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->guest);
  EXPECT_EQ(to_hex(verdict->session_base_key.bytes()), std::string(32, '0'));
}

TEST_F(Winbind, ALogOnWithoutSessionKeyOrNameIsNone) {
  fake.session_key_byte = 0;
  EXPECT_EQ(verify().error().status, Status::internal_error);
  fake.session_key_byte = 1;
  fake.names_account = false;
  EXPECT_EQ(verify().error().status, Status::internal_error);
}

TEST_F(Winbind, ExtendedSessionSecurityMixesTheChallengeForTheDomain) {
  const Logon logon = ntlm_v1_logon(u"alice", u"corp", u"Password", true);
  ASSERT_TRUE(verify(logon));
  EXPECT_NE(fake.challenge, logon.server_challenge);
  EXPECT_TRUE(fake.lm_response.empty());
  const Logon plain = ntlm_v1_logon(u"alice", u"corp", u"Password", false);
  ASSERT_TRUE(verify(plain));
  EXPECT_EQ(fake.challenge, plain.server_challenge);
  EXPECT_EQ(fake.lm_response, plain.lm_response);
}

TEST_F(Winbind, WhatNoPolicyAllowsIsNeverAsked) {
  Logon v1 = ntlm_v1_logon(u"alice", u"corp", u"Password", false);
  v1.allow_ntlm_v1 = false;
  EXPECT_EQ(verify(v1).error().status, Status::logon_denied);
  Logon lm = ntlm_v2_logon(u"alice", u"corp", u"Password");
  lm.nt_response.clear();
  EXPECT_EQ(verify(lm).error().status, Status::logon_denied);
  Logon nul = ntlm_v2_logon(std::u16string_view(u"alice\0x", 7), u"corp", u"Password");
  EXPECT_EQ(verify(nul).error().status, Status::logon_denied);
  EXPECT_EQ(fake.level, 0);
}

struct NtStatus {
  std::uint32_t number;
  Status status;
  const char* reason;
};

class WinbindStatus : public Winbind, public ::testing::WithParamInterface<NtStatus> {};

TEST_P(WinbindStatus, HasItsReason) {
  fake.outcome = wbc::Error::authentication_error;
  fake.nt_status = GetParam().number;
  const auto verdict = verify();
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status, GetParam().status);
  EXPECT_THAT(verdict.error().detail, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    NtStatuses, WinbindStatus,
    ::testing::Values(NtStatus{0xC000006D, Status::logon_denied, "the user or the password is wrong"},
                      NtStatus{0xC0000064, Status::logon_denied, "no such user"},
                      NtStatus{0xC000006A, Status::logon_denied, "password is wrong"},
                      NtStatus{0xC0000072, Status::logon_denied, "disabled"},
                      NtStatus{0xC0000234, Status::logon_denied, "locked out"},
                      NtStatus{0xC0000071, Status::logon_denied, "expired"},
                      NtStatus{0xC0000224, Status::logon_denied, "must be changed"},
                      NtStatus{0xC0000022, Status::no_authenticating_authority, "winbindd_priv"},
                      NtStatus{0xC000005E, Status::no_authenticating_authority, "no domain controller"},
                      NtStatus{0xC000018D, Status::no_authenticating_authority, "join"},
                      NtStatus{0xC0001234, Status::internal_error, "0xc0001234"}));

// A winbindd that hangs costs the caller its deadline, and the thread has what it needs when the caller is gone.
TEST_F(Winbind, OneThatHangsIsWaitedForNoLongerThanTheDeadline) {
  fake.hangs = true;
  source_ = make_winbind_source(fake_library(), std::chrono::milliseconds(20));
  {
    const Logon logon = ntlm_v2_logon(u"alice", u"corp", u"Password");
    const auto verdict = verify(logon);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().status, Status::no_authenticating_authority);
    EXPECT_THAT(verdict.error().detail,
                AllOf(HasSubstr("within 20 ms"), HasSubstr("corp\\alice"), HasSubstr("winbindd hangs")));
  }
  source_.reset();
  go.release();
  ASSERT_TRUE(ended.try_acquire_for(std::chrono::minutes(1)));
  EXPECT_EQ(fake.user, "alice");
  EXPECT_EQ(fake.nt_response, ntlm_v2_logon(u"alice", u"corp", u"Password").nt_response);
}

TEST_F(Winbind, FailuresOfTheLibraryAreTold) {
  fake.outcome = wbc::Error::winbind_not_available;
  auto verdict = verify();
  EXPECT_EQ(verdict.error().status, Status::no_authenticating_authority);
  EXPECT_THAT(verdict.error().detail, HasSubstr("start it"));
  fake.ping = wbc::Error::success;
  verdict = verify();
  EXPECT_EQ(verdict.error().status, Status::no_authenticating_authority);
  EXPECT_THAT(verdict.error().detail, HasSubstr("winbindd_priv"));
  fake.outcome = wbc::Error::invalid_response;
  verdict = verify();
  EXPECT_EQ(verdict.error().status, Status::internal_error);
  EXPECT_THAT(verdict.error().detail, HasSubstr("fake words"));
  fake.outcome = wbc::Error::domain_not_found;
  EXPECT_EQ(verify().error().status, Status::logon_denied);
}

}  // namespace
}  // namespace opensspi::accounts
