#include "kerberos/pac.hpp"

#include "base/text.hpp"
#include "wire/reader.hpp"

namespace opensspi::kerberos {
namespace {

// RPC_UNICODE_STRING: its text stands behind the structure, where its pointer is not null.
struct Text {
  std::uint16_t bytes = 0;
  bool present = false;
};

Text read_text_head(wire::Reader& r) {
  Text text;
  text.bytes = r.u16le();
  r.skip(2);  // MaximumLength
  text.present = r.u32le() != 0;
  return text;
}

void align(wire::Reader& r) { r.skip((4 - r.position() % 4) % 4); }

// A conformant varying array of characters.
std::u16string read_text(wire::Reader& r, const Text& head) {
  if (!head.present) return {};
  align(r);
  const std::uint32_t most = r.u32le();
  const std::uint32_t offset = r.u32le();
  const std::uint32_t count = r.u32le();
  if (r.ok() && (offset != 0 || count > most || count != head.bytes / 2U)) {
    r.fail("a text has " + std::to_string(count) + " of " + std::to_string(most) + " characters from " +
           std::to_string(offset) + " where its head says " + std::to_string(head.bytes) + " bytes");
  }
  return from_utf16le(r.take(r.ok() ? std::size_t{2} * count : 0));
}

std::u16string digits(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return {text.begin(), text.end()};
}

// RPC_SID as text.
std::u16string read_sid(wire::Reader& r) {
  align(r);
  const std::uint32_t most = r.u32le();
  const std::uint8_t revision = r.u8();
  const std::uint8_t count = r.u8();
  if (r.ok() && (revision != 1 || count != most || count > 15)) r.fail("a SID is malformed");
  std::uint64_t authority = 0;
  for (int i = 0; i < 6; ++i) authority = (authority << 8) | r.u8();
  std::u16string sid = u"S-1-" + digits(authority);
  for (unsigned i = 0; r.ok() && i < count; ++i) sid += u"-" + digits(r.u32le());
  return sid;
}

constexpr std::uint32_t kMostGroups = 4096;

}  // namespace

Result<LogonInfo> parse_logon_info(Bytes content) {
  wire::Reader r{content};
  r.skip(16);  // MS-RPCE 2.2.6: common and private headers
  r.skip(4);   // referent of the structure
  r.skip(48);  // six times
  const Text effective_name = read_text_head(r);
  Text others[5];  // FullName, LogonScript, ProfilePath, HomeDirectory, HomeDirectoryDrive
  for (Text& text : others) text = read_text_head(r);
  r.skip(4);  // LogonCount, BadPasswordCount
  const std::uint32_t user = r.u32le();
  r.skip(4);  // PrimaryGroupId: one of the groups below
  const std::uint32_t group_count = r.u32le();
  const bool has_groups = r.u32le() != 0;
  r.skip(4 + 16);  // UserFlags, UserSessionKey
  const Text logon_server = read_text_head(r);
  const Text logon_domain = read_text_head(r);
  const bool has_domain_sid = r.u32le() != 0;
  r.skip(8);              // Reserved1
  r.skip(4);              // UserAccountControl
  r.skip(4 + 8 + 8 + 4);  // SubAuthStatus, LastSuccessfulILogon, LastFailedILogon, FailedILogonCount
  r.skip(4);              // Reserved3
  r.skip(4 + 4);          // SidCount, ExtraSids
  r.skip(4 + 4 + 4);      // ResourceGroupDomainSid, ResourceGroupCount, ResourceGroupIds

  // What the pointers above point at, in their order.
  LogonInfo info;
  info.account = read_text(r, effective_name);
  for (const Text& text : others) read_text(r, text);
  std::vector<std::uint32_t> groups;
  if (has_groups) {
    align(r);
    const std::uint32_t count = r.u32le();
    if (r.ok() && (count != group_count || count > kMostGroups)) r.fail("it has " + std::to_string(count) + " groups");
    for (std::uint32_t i = 0; r.ok() && i < count; ++i) {
      groups.push_back(r.u32le());
      r.skip(4);  // Attributes
    }
  }
  read_text(r, logon_server);
  info.domain = read_text(r, logon_domain);
  if (has_domain_sid) {
    const std::u16string domain = read_sid(r);
    info.sids.push_back(domain + u"-" + digits(user));
    for (const std::uint32_t group : groups) info.sids.push_back(domain + u"-" + digits(group));
  }
  if (!r.ok()) return fail(Status::invalid_token, "PAC logon information", r.why());
  return info;
}

}  // namespace opensspi::kerberos
