// Workers: calls that may wait for somebody else (a KDC, winbindd), each in a thread of its own, with a deadline.
//
// The libraries that make such calls have no setting that bounds the wait. So the caller waits for the thread, not for
// the library; past the deadline the thread alone owns what it works on, and frees it when the library gives up.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace opensspi {

using Milliseconds = std::chrono::milliseconds;

// All that wait for the same kind of answer. Of static storage: a thread may end after everything else.
class Workers {
 public:
  // `check` names who is asked, in errors and the trace; `why_silent` says what it may be where no answer comes.
  constexpr Workers(const char* check, const char* why_silent) : check_(check), why_silent_(why_silent) {}
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // The result of `work`, which owns all that it uses and runs in a thread that takes no signals.
  // SEC_E_NO_AUTHENTICATING_AUTHORITY: it did not come in time, or too many wait already; SEC_E_INSUFFICIENT_MEMORY: no
  // thread can be had.
  template <typename T>
  Result<T> within(Milliseconds deadline, const std::string& waited_for, std::move_only_function<Result<T>()> work);

 private:
  Result<void> start(std::move_only_function<void()> work);
  void run(std::move_only_function<void()>& work) noexcept;
  std::unexpected<Error> no_answer(Milliseconds deadline, const std::string& waited_for) const;
  std::unexpected<Error> no_memory() const;

  const char* const check_;
  const char* const why_silent_;
  std::atomic<int> at_work_{0};
};

template <typename T>
Result<T> Workers::within(Milliseconds deadline, const std::string& waited_for,
                          std::move_only_function<Result<T>()> work) {
  struct Job {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<T>> result;
  };
  auto job = std::make_shared<Job>();
  auto started = start([this, job, work = std::move(work)]() mutable {
    std::optional<Result<T>> result;
    try {
      result.emplace(work());
    } catch (const std::bad_alloc&) {  // the caller hears of it at once
      result.emplace(no_memory());
    }
    work = nullptr;  // what it held ends before anyone goes on
    {
      const std::scoped_lock lock(job->mutex);
      job->result.emplace(std::move(*result));
    }
    job->done.notify_one();
  });
  if (!started) return fail(started);
  std::unique_lock lock(job->mutex);
  if (!job->done.wait_for(lock, deadline, [&] { return job->result.has_value(); })) {
    return no_answer(deadline, waited_for);
  }
  return std::move(*job->result);
}

}  // namespace opensspi
