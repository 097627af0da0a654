// "DOMAIN:user:password" lines in UTF-8. The password may have colons; an empty DOMAIN fits any.
#include "accounts/account_lines.hpp"
#include "accounts/file_source.hpp"
#include "accounts/owf.hpp"
#include "base/text.hpp"

namespace opensspi::accounts {
namespace {

// The password's hashes are all that is kept of it.
void hash_password(std::string_view password, AccountTable::Entry& entry) {
  auto wide = to_utf16(password);  // well-formed, so that no half of it is left behind
  if (!wide) return;
  Secret bytes(2 * wide->size());
  for (std::size_t i = 0; i < wide->size(); ++i) {
    bytes.writable()[2 * i] = static_cast<std::uint8_t>((*wide)[i] & 0xFF);
    bytes.writable()[2 * i + 1] = static_cast<std::uint8_t>((*wide)[i] >> 8);
  }
  wipe(wide->data(), wide->size() * sizeof(char16_t));
  entry.nt_hash = ntowf_v1(bytes.bytes());
  entry.has_lm_hash = lmowf_v1(bytes.bytes(), entry.lm_hash);
}

std::string take_line(std::string_view line, std::size_t number, const HostNames& names, AccountTable& table) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos) return "is not DOMAIN:user:password";
  const std::string_view domain = line.substr(0, first);
  const std::string_view user = line.substr(first + 1, second - first - 1);
  const std::string_view password = line.substr(second + 1);
  if (user.empty()) return "the user is empty";
  if (password.empty()) return "the password is empty; an account without one cannot log on";
  if (std::string why = wrong_name(domain, "the domain"); !why.empty()) return why;
  if (std::string why = wrong_name(user, "the user"); !why.empty()) return why;

  AccountTable::Entry entry;
  hash_password(password, entry);
  entry.account = to_utf16(user).value_or(u"");  // for_each_line has refused what is not UTF-8
  const std::u16string wide_domain = to_utf16(domain).value_or(u"");
  entry.domain = domain.empty() ? names.netbios_computer : wide_domain;
  entry.line = number;
  const std::u16string account = entry.account;
  const std::size_t earlier = table.add(wide_domain, account, std::move(entry));
  if (earlier == 0) return {};
  return "the same domain and user " + defined_before(earlier);
}

Result<AccountTable> parse(std::string_view text, std::string_view path, const HostNames& names) {
  AccountTable table;
  const auto taken = for_each_line(
      text, path, [&](std::string_view line, std::size_t number) { return take_line(line, number, names, table); });
  if (!taken) return std::unexpected<Error>(taken.error());
  return table;
}

// The line of the domain before the line of any domain. Both are looked for, whatever the first finds.
const AccountTable::Entry* find(const AccountTable& table, std::u16string_view user, std::u16string_view domain) {
  const auto* of_domain = table.find(domain, user);
  const auto* of_any = table.find({}, user);
  return of_domain != nullptr ? of_domain : of_any;
}

// A claim without a domain is for this host, as on Windows, or for the domain of a name "user@domain".
const AccountTable::Entry* look_up(const AccountTable& table, const HostNames& names, std::u16string_view user,
                                   std::u16string_view domain) {
  const auto* entry = find(table, user, domain);
  if (!domain.empty() && domain != u".") return entry;
  if (entry == nullptr) entry = table.find(names.netbios_computer, user);
  if (entry == nullptr) entry = table.find(names.netbios_domain, user);
  const std::size_t at = user.rfind(u'@');
  const bool is_upn = domain.empty() && at != std::u16string_view::npos;
  if (entry == nullptr && is_upn) entry = find(table, user.substr(0, at), user.substr(at + 1));
  return entry;
}

}  // namespace

constinit const FileFormat kPlainFormat{"plain", parse, look_up};

}  // namespace opensspi::accounts
