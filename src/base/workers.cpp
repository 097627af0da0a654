#include "base/workers.hpp"

#include <csignal>

#include <exception>
#include <system_error>
#include <thread>

#include "base/trace.hpp"

namespace opensspi {
namespace {

// Each waits for an answer that may never come: more of them would find out nothing new.
constexpr int kMostWorkers = 256;

// A thread inherits the mask of who makes it: signals stay the process's own.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

void Workers::run(std::move_only_function<void()>& work) noexcept {
  try {
    work();
  } catch (const std::exception& exception) {
    // Nobody is answered: the caller's deadline ends the wait.
    trace::line(check_, std::string("a worker ended: ") + exception.what());
  } catch (...) {
    trace::line(check_, "a worker ended with an unknown exception");
  }
  work = nullptr;
}

Result<void> Workers::start(std::move_only_function<void()> work) {
  if (at_work_.fetch_add(1) >= kMostWorkers) {
    at_work_.fetch_sub(1);
    return fail(Status::no_authenticating_authority, check_,
                std::to_string(kMostWorkers) + " calls wait for an answer that does not come; no further one is begun");
  }
  try {
    const SignalsBlocked blocked;
    std::thread([this, work = std::move(work)]() mutable {
      run(work);
      at_work_.fetch_sub(1);
    }).detach();
    return {};
  } catch (const std::system_error& error) {
    at_work_.fetch_sub(1);
    return fail(Status::insufficient_memory, check_, std::string("no thread can be had that asks it: ") + error.what());
  } catch (...) {
    at_work_.fetch_sub(1);
    throw;
  }
}

std::unexpected<Error> Workers::no_answer(Milliseconds deadline, const std::string& waited_for) const {
  return fail(Status::no_authenticating_authority, check_,
              "no answer within " + std::to_string(deadline.count()) + " ms (" + waited_for + "): " + why_silent_);
}

std::unexpected<Error> Workers::no_memory() const {
  return fail(Status::insufficient_memory, check_, "memory ran out while it was asked");
}

}  // namespace opensspi
