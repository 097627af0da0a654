// The configuration file: what is taken obeys every rule that ties one key to another.
#include "base/configuration.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace opensspi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = parse_configuration({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!parsed) {
    if (parsed.error().status != Status::invalid_parameter || parsed.error().detail.empty()) std::abort();
    return 0;
  }
  if (parsed->lm_level > 5 || (parsed->lm_level < 3 && !parsed->allow_weak)) std::abort();
  if (parsed->max_lifetime_seconds == 0) std::abort();
  if (parsed->domain_member && parsed->netbios_domain.empty()) std::abort();
  if (!parsed->domain_member && !parsed->dns_tree.empty()) std::abort();
  return 0;
}
