#include "kerberos/worker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace opensspi::kerberos {
namespace {

TEST(KerberosWorker, TheResultComesBack) {
  auto result = within<int>(kDefaultDeadline, "a test", [] { return Result<int>(42); });
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, 42);
  result = within<int>(kDefaultDeadline, "a test",
                       []() -> Result<int> { return fail(Status::target_unknown, "check", "why"); });
  EXPECT_EQ(result.error().status, Status::target_unknown);
}

TEST(KerberosWorker, PastTheDeadlineTheThreadAloneOwnsWhatItWorksOn) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = held;
  std::atomic<bool> go{false};
  const auto result = within<int>(Milliseconds(50), "a silent KDC", [held = std::move(held), &go]() -> Result<int> {
    while (!go) std::this_thread::sleep_for(Milliseconds(1));
    return *held;
  });
  // It did not wait for the end, which comes below.
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().status, Status::no_authenticating_authority);
  EXPECT_NE(result.error().detail.find("a silent KDC"), std::string::npos);
  EXPECT_FALSE(seen.expired());  // still at work
  go = true;
  for (int i = 0; i < 60'000 && !seen.expired(); ++i) std::this_thread::sleep_for(Milliseconds(1));
  EXPECT_TRUE(seen.expired());
}

TEST(KerberosWorker, MemoryThatRunsOutIsToldAtOnce) {
  const auto result = within<int>(kDefaultDeadline, "a test", []() -> Result<int> { throw std::bad_alloc(); });
  EXPECT_EQ(result.error().status, Status::insufficient_memory);
}

TEST(KerberosWorker, TakesNoSignals) {
  const auto blocked = within<bool>(kDefaultDeadline, "a test", []() -> Result<bool> {
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
}  // namespace opensspi::kerberos
