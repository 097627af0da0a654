// A context that is imported, from any bytes: read or refused; what was read can be used, and packs to what it was.
#include <algorithm>

#include "fuzz/fuzz_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes packed(data, size);
  auto context = ntlm::NtlmContext::unpack(world().package, packed);
  if (!context) return 0;
  const auto again = (*context)->pack(false);
  require(again.has_value());
  auto copy = ntlm::NtlmContext::unpack(world().package, again->bytes());
  require(copy.has_value());
  const auto third = (*copy)->pack(false);
  require(third && std::ranges::equal(again->bytes(), third->bytes()));
  use(**context);
  return 0;
}
