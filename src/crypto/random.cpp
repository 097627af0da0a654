#include "crypto/random.hpp"

#include <pthread.h>
#include <sys/random.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/secret.hpp"

namespace opensspi::crypto {
namespace {

std::atomic<unsigned> forks{0};

// Parent and child must not give out the same numbers.
const int kForksAreCounted = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

void from_kernel(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      std::perror("opensspi: the kernel gives no random numbers (getrandom)");
      std::abort();
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

struct Pool {
  ~Pool() { wipe(bytes.data(), bytes.size()); }

  void refill() {
    from_kernel(bytes);
    left = bytes.size();
    drawn_after = forks.load(std::memory_order_relaxed);
  }

  std::array<std::uint8_t, 512> bytes{};
  std::size_t left = 0;
  unsigned drawn_after = 0;
};

thread_local Pool pool;

}  // namespace

void random_bytes(MutableBytes out) {
  if (out.size() > pool.bytes.size() || kForksAreCounted != 0) return from_kernel(out);
  if (pool.left < out.size() || pool.drawn_after != forks.load(std::memory_order_relaxed)) pool.refill();
  std::uint8_t* const next = pool.bytes.data() + pool.bytes.size() - pool.left;
  copy_bytes(out, Bytes(next, out.size()));
  wipe(next, out.size());
  pool.left -= out.size();
}

}  // namespace opensspi::crypto
