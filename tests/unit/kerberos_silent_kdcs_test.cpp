#include "kerberos/silent_kdcs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace opensspi::kerberos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = SilentKdcs::Clock;

constexpr milliseconds kPatience{5000};

class SilentKdcsTest : public ::testing::Test {
 protected:
  SilentKdcsTest() { now_ = Clock::time_point(std::chrono::hours(1)); }

  // A question that began so long ago, and that nobody answers.
  auto open(milliseconds ago, const std::string& name = "REALM") {
    now_ -= ago;
    auto question = kdcs_.ask(name, kPatience);
    now_ += ago;
    EXPECT_TRUE(question) << question.error().detail;
    return std::move(*question);
  }
  bool may_ask(milliseconds patience = kPatience, const std::string& name = "REALM") {
    auto question = kdcs_.ask(name, patience);
    if (!question) {
      EXPECT_EQ(question.error().status, Status::no_authenticating_authority);
      EXPECT_THAT(question.error().detail, ::testing::HasSubstr(name));
      return false;
    }
    (*question)->answered();
    return true;
  }

  static inline Clock::time_point now_;  // the clock stands unless a test moves it
  SilentKdcs kdcs_{+[] { return now_; }};
};

TEST_F(SilentKdcsTest, WhoWouldWaitLongerThanAnotherHasWaitedAsks) {
  const auto waiting = open(seconds(2));
  EXPECT_TRUE(may_ask(seconds(5)));
  EXPECT_TRUE(may_ask(milliseconds(2400)));
  EXPECT_FALSE(may_ask(milliseconds(2100)));  // it began to wait a little before it asked
  EXPECT_FALSE(may_ask(seconds(1)));
  EXPECT_TRUE(may_ask(seconds(1), "ANOTHER"));
}

TEST_F(SilentKdcsTest, AfterSilenceNobodyAsksForAWhile) {
  open(seconds(6)).reset();
  EXPECT_FALSE(may_ask());
  EXPECT_TRUE(may_ask(kPatience, "ANOTHER"));
  now_ += SilentKdcs::kHold - milliseconds(1);
  EXPECT_FALSE(may_ask());
  now_ += milliseconds(1);
  EXPECT_TRUE(may_ask());
}

TEST_F(SilentKdcsTest, AFailureThatCostNoTimeIsNotRemembered) {
  open(milliseconds(10)).reset();
  EXPECT_TRUE(may_ask());
}

TEST_F(SilentKdcsTest, AnAnswerEndsTheSilence) {
  auto late = open(seconds(6));
  late->answered();
  late.reset();
  EXPECT_TRUE(may_ask());
  auto first = open(seconds(3)), second = open(seconds(2));
  first.reset();  // in vain
  EXPECT_FALSE(may_ask());
  second->answered();
  second.reset();
  EXPECT_TRUE(may_ask());
}

}  // namespace
}  // namespace opensspi::kerberos
