#include "crypto/random.hpp"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

namespace opensspi::crypto {

void random_bytes(MutableBytes out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) == 1) return;
  std::fputs("opensspi: OpenSSL gives no random numbers (RAND_bytes)\n", stderr);
  std::abort();
}

}  // namespace opensspi::crypto
