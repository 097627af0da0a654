// Samba's smbpasswd format: whatever is parsed, no account that is barred logs on and every entry is found again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "accounts/file_source.hpp"

using namespace opensspi;
using namespace opensspi::accounts;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HostNames names{.netbios_computer = u"SERVER",
                        .netbios_domain = u"EXAMPLE",
                        .dns_computer = u"server.example.com",
                        .dns_domain = u"example.com",
                        .dns_tree = u"",
                        .domain_member = false};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = kSmbpasswdFormat.parse(text, "fuzz", names);
  if (!table) {
    if (table.error().status != Status::invalid_parameter || table.error().detail.empty()) std::abort();
    return 0;
  }
  const auto* entry = kSmbpasswdFormat.look_up(*table, names, u"alice", u"");
  if (entry != nullptr && kSmbpasswdFormat.look_up(*table, names, entry->account, u"server") != entry) std::abort();
  if (kSmbpasswdFormat.look_up(*table, names, u"alice", u"OTHER") != nullptr) std::abort();
  kSmbpasswdFormat.look_up(*table, names, u"alice@example.com", u"");
  return 0;
}
