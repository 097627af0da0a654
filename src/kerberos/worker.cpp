#include "kerberos/worker.hpp"

#include <csignal>

#include <atomic>
#include <exception>
#include <system_error>
#include <thread>

#include "base/trace.hpp"

namespace opensspi::kerberos {
namespace {

// Each waits for a KDC that does not answer, for half a minute or so: more of them would find out nothing new.
constexpr int kMostWorkers = 256;
std::atomic<int> workers{0};

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

void run(std::move_only_function<void()>& work) noexcept {
  try {
    work();
  } catch (const std::exception& exception) {
    // Nobody is answered: the caller's deadline ends the wait.
    trace::line("Kerberos", std::string("a worker ended: ") + exception.what());
  } catch (...) {
    trace::line("Kerberos", "a worker ended with an unknown exception");
  }
  work = nullptr;
}

}  // namespace

Result<void> start_worker(std::move_only_function<void()> work) {
  if (workers.fetch_add(1) >= kMostWorkers) {
    workers.fetch_sub(1);
    return fail(Status::no_authenticating_authority, "KDC",
                std::to_string(kMostWorkers) + " calls wait for KDCs that do not answer; no further one is begun");
  }
  try {
    const SignalsBlocked blocked;
    std::thread([work = std::move(work)]() mutable {
      run(work);
      workers.fetch_sub(1);
    }).detach();
    return {};
  } catch (const std::system_error& error) {
    workers.fetch_sub(1);
    return fail(Status::insufficient_memory, "thread that asks the KDC", error.what());
  }
}

std::unexpected<Error> no_answer(Milliseconds deadline, const std::string& waited_for) {
  return fail(Status::no_authenticating_authority, "KDC",
              "no answer within " + std::to_string(deadline.count()) + " ms (" + waited_for +
                  "): the KDC is down or a firewall drops its answers; see [realms] in krb5.conf");
}

}  // namespace opensspi::kerberos
