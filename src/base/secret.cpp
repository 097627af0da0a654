#include "base/secret.hpp"

#include <cstring>

namespace opensspi {

void wipe(void* memory, std::size_t size_bytes) {
  if (size_bytes != 0) explicit_bzero(memory, size_bytes);
}

bool equal_in_constant_time(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  // The barrier keeps the compiler from turning the loop into an early exit.
  __asm__ volatile("" : "+r"(difference));
  return difference == 0;
}

}  // namespace opensspi
