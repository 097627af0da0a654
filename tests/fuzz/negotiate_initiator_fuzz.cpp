// Our initiator, given any replies one after the other, the first of them a hint or nothing: every failure has a reason
// and is for good, and what is established has the protection that was asked for.
#include <cstdlib>

#include "fuzz/negotiate_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  NegotiateWorld world;
  auto initiator = world.start(core::Role::initiator);
  bool failed = false;
  for (const Bytes token : split_steps({data, size})) {
    const bool established = initiator->established();
    const auto result = step(*initiator, token);
    if (failed && (result || result.error().status != Status::out_of_sequence)) std::abort();
    if (established && result) std::abort();
    if (!established) check_rules(*initiator, result);
    failed = failed || (!result && !established);
    if (failed && initiator->established()) std::abort();
    // What was asked for is had, or nothing is.
    if (initiator->established() && (initiator->attributes() & ISC_RET_CONFIDENTIALITY) == 0) std::abort();
  }
  return 0;
}
