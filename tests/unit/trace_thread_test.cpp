// The function of the trace, replaced while other threads call it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/trace.hpp"

namespace opensspi {
namespace {

class TraceThreads : public ::testing::Test {
 protected:
  ~TraceThreads() override { trace::set_function(nullptr, nullptr); }
};

// A function that takes its time, and notices when it is called after it was replaced.
struct Slow {
  std::atomic<bool> entered{false}, replaced{false}, called_late{false};
};

void be_slow(void* context, const char*) {
  auto& slow = *static_cast<Slow*>(context);
  slow.entered = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (slow.replaced) slow.called_late = true;
}

TEST_F(TraceThreads, NoCallRunsAnyMoreWhenSetFunctionReturns) {
  Slow slow;
  trace::set_function(be_slow, &slow);
  std::thread tracing([] { trace::line("NTLM", "x"); });
  while (!slow.entered) std::this_thread::yield();
  trace::set_function(nullptr, nullptr);
  slow.replaced = true;
  tracing.join();
  EXPECT_FALSE(slow.called_late);
}

struct Counter {
  std::atomic<bool> alive{true};
  std::atomic<int> calls{0}, calls_when_dead{0};
};

void count(void* context, const char*) {
  auto& counter = *static_cast<Counter*>(context);
  ++counter.calls;
  if (!counter.alive) ++counter.calls_when_dead;
}

TEST_F(TraceThreads, AFunctionIsReplacedUnderFireFromManyThreads) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&stop] {
      while (!stop) trace::line("NTLM", "busy");
    });
  }
  std::vector<std::unique_ptr<Counter>> counters;
  for (int i = 0; i < 200; ++i) {
    counters.push_back(std::make_unique<Counter>());
    trace::set_function(count, counters.back().get());
    while (counters.back()->calls == 0) std::this_thread::yield();
    trace::set_function(nullptr, nullptr);
    counters.back()->alive = false;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const auto& counter : counters) EXPECT_EQ(counter->calls_when_dead, 0);
}

TEST_F(TraceThreads, AFunctionCanBeReplacedInAChildForkedWhileAnotherThreadWasInIt) {
  Slow slow;
  trace::set_function(be_slow, &slow);
  std::thread tracing([] { trace::line("NTLM", "x"); });
  while (!slow.entered) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // a hang is a failure
    trace::set_function(nullptr, nullptr);
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  tracing.join();
}

}  // namespace
}  // namespace opensspi
