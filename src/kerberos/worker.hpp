// Calls that may reach a KDC, in a thread of their own, with a deadline.
//
// MIT krb5 1.20 has no setting that bounds how long it waits for a KDC. So the caller waits for the thread, not for the
// KDC; past the deadline the thread alone owns what it works on, and frees it when libkrb5 gives up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace opensspi::kerberos {

using Milliseconds = std::chrono::milliseconds;
inline constexpr Milliseconds kDefaultDeadline{5000};

// Starts `work` in a detached thread that takes no signals. SEC_E_INSUFFICIENT_MEMORY: no thread can be had;
// SEC_E_NO_AUTHENTICATING_AUTHORITY: too many wait for KDCs already.
Result<void> start_worker(std::move_only_function<void()> work);

std::unexpected<Error> no_answer(Milliseconds deadline, const std::string& waited_for);

// The result of `work`, which owns all that it uses. SEC_E_NO_AUTHENTICATING_AUTHORITY: it did not come in time.
template <typename T>
Result<T> within(Milliseconds deadline, const std::string& waited_for, std::move_only_function<Result<T>()> work) {
  struct Job {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<T>> result;
  };
  auto job = std::make_shared<Job>();
  auto started = start_worker([job, work = std::move(work)]() mutable {
    std::optional<Result<T>> result;
    try {
      result.emplace(work());
    } catch (const std::bad_alloc&) {  // the caller hears of it at once
      result.emplace(fail(Status::insufficient_memory, "call of the KDC", "memory ran out"));
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

}  // namespace opensspi::kerberos
