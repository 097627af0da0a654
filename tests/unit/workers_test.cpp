#include "base/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <semaphore>

namespace opensspi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kLong{60'000};

constinit Workers workers{"oracle", "it may be asleep"};

TEST(Workers, TheResultComesBack) {
  auto result = workers.within<int>(kLong, "a test", [] { return Result<int>(42); });
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, 42);
  result = workers.within<int>(kLong, "a test",
                               []() -> Result<int> { return fail(Status::target_unknown, "check", "why"); });
  EXPECT_EQ(result.error().status, Status::target_unknown);
}

TEST(Workers, PastTheDeadlineTheThreadAloneOwnsWhatItWorksOn) {
  // Tells when it ends.
  struct Held {
    std::binary_semaphore& ended;
    ~Held() { ended.release(); }
  };
  static std::binary_semaphore go{0}, ended{0};
  const auto start = Clock::now();
  const auto result = workers.within<int>(Milliseconds(50), "a silent one",
                                          [held = std::unique_ptr<Held>(new Held{ended})]() -> Result<int> {
                                            go.acquire();
                                            return 1;
                                          });
  EXPECT_LT(Clock::now() - start, kLong);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().status, Status::no_authenticating_authority);
  EXPECT_EQ(std::string(result.error().check), "oracle");
  EXPECT_EQ(result.error().detail, "no answer within 50 ms (a silent one): it may be asleep");
  EXPECT_FALSE(ended.try_acquire());  // still at work
  go.release();
  EXPECT_TRUE(ended.try_acquire_for(kLong));
}

TEST(Workers, MoreThanEnoughOfThemAreNotBegun) {
  static constinit Workers crowd{"oracle", "it may be asleep"};
  static std::latch go{1};
  constexpr int kMost = 256;
  const auto ask = [] {
    return crowd.within<int>(Milliseconds(1), "a test", [] {
      go.wait();
      return Result<int>(1);
    });
  };
  for (int i = 0; i < kMost; ++i) {
    const auto result = ask();
    ASSERT_FALSE(result.has_value());
    ASSERT_TRUE(result.error().detail.starts_with("no answer within 1 ms")) << i << ": " << result.error().detail;
  }
  const auto result = ask();
  go.count_down();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().status, Status::no_authenticating_authority);
  EXPECT_TRUE(result.error().detail.starts_with("256 calls wait")) << result.error().detail;
}

TEST(Workers, MemoryThatRunsOutIsToldAtOnce) {
  const auto result = workers.within<int>(kLong, "a test", []() -> Result<int> { throw std::bad_alloc(); });
  EXPECT_EQ(result.error().status, Status::insufficient_memory);
}

TEST(Workers, TakeNoSignals) {
  const auto blocked = workers.within<bool>(kLong, "a test", []() -> Result<bool> {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
  });
  EXPECT_TRUE(*blocked);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

}  // namespace
}  // namespace opensspi
