// Our acceptor, given any tokens one after the other: every failure has a reason and is for good, and whoever is
// established has the account's name.
#include <cstdlib>

#include "fuzz/negotiate_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  NegotiateWorld world;
  auto acceptor = world.start(core::Role::acceptor);
  bool failed = false;
  for (const Bytes token : split_steps({data, size})) {
    const bool established = acceptor->established();
    const auto result = step(*acceptor, token);
    if (failed && (result || result.error().status != Status::out_of_sequence)) std::abort();
    if (established && result) std::abort();
    if (!established) check_rules(*acceptor, result);
    failed = failed || (!result && !established);
    if (failed && acceptor->established()) std::abort();
    if (acceptor->established() && !acceptor->query(SECPKG_ATTR_NAMES)) std::abort();
  }
  return 0;
}
