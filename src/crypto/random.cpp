#include "crypto/random.hpp"

#include <pthread.h>

#include <array>
#include <atomic>

#include "base/kernel_random.hpp"
#include "base/secret.hpp"

namespace opensspi::crypto {
namespace {

std::atomic<unsigned> forks{0};

// Parent and child must not give out the same numbers.
const int kForksAreCounted = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

struct Pool {
  ~Pool() { wipe(bytes.data(), bytes.size()); }

  void refill() {
    kernel_random(bytes);
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
  if (out.size() > pool.bytes.size() || kForksAreCounted != 0) return kernel_random(out);
  if (pool.left < out.size() || pool.drawn_after != forks.load(std::memory_order_relaxed)) pool.refill();
  std::uint8_t* const next = pool.bytes.data() + pool.bytes.size() - pool.left;
  copy_bytes(out, Bytes(next, out.size()));
  wipe(next, out.size());
  pool.left -= out.size();
}

}  // namespace opensspi::crypto
