// "DOMAIN:user:password" files: what is refused has a reason, what is taken is found again whatever its case.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "accounts/file_source.hpp"

using namespace opensspi;
using namespace opensspi::accounts;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HostNames names{.netbios_computer = u"SERVER",
                        .netbios_domain = u"SERVER",
                        .dns_computer = u"server",
                        .dns_domain = u"server",
                        .dns_tree = u"",
                        .domain_member = false};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = kPlainFormat.parse(text, "fuzz", names);
  if (!table) {
    if (table.error().status != Status::invalid_parameter || table.error().detail.empty()) std::abort();
    return 0;
  }
  if (table->size() > size / 4) std::abort();  // the shortest line is "::" with a letter each for user and password
  const auto* entry = kPlainFormat.look_up(*table, names, u"ALICE", u"corp");
  if (entry != nullptr && kPlainFormat.look_up(*table, names, u"alice", u"CORP") != entry) std::abort();
  kPlainFormat.look_up(*table, names, u"alice@corp", u"");
  return 0;
}
