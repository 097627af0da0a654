// Samba's smbpasswd: "name:uid:LMHASH:NTHASH:[flags]:LCT-XXXXXXXX:", smbpasswd(5).
#include <algorithm>
#include <array>
#include <optional>

#include "accounts/account_lines.hpp"
#include "accounts/file_source.hpp"
#include "accounts/owf.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"

namespace opensspi::accounts {
namespace {

constexpr std::size_t kHashDigits = 32;
constexpr std::string_view kNoPassword = "NO PASSWORD";
constexpr std::string_view kKnownFlags = "DHILMNSTUWX ";

struct Fields {
  std::string_view name, uid, lm_hash, nt_hash, flags, last_change;
};

// Six fields, each ended by ":"; smbpasswd(5) has what follows ignored.
bool split(std::string_view line, Fields& out) {
  for (std::string_view* field : {&out.name, &out.uid, &out.lm_hash, &out.nt_hash, &out.flags, &out.last_change}) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    *field = line.substr(0, colon);
    line.remove_prefix(colon + 1);
  }
  return true;
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.size() <= 10 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return digit_of(c) >= 0; });
}

enum class HashField { hash, of_empty_password, absent, no_password, bad };

HashField read_hash(std::string_view field, Key16& out) {
  if (field.size() != kHashDigits) return HashField::bad;
  if (field.starts_with(kNoPassword)) return HashField::no_password;
  if (std::ranges::all_of(field, [](char c) { return c == 'X'; })) return HashField::absent;
  if (std::ranges::all_of(field, [](char c) { return c == '*'; })) return HashField::absent;
  if (!is_hexadecimal(field)) return HashField::bad;
  for (std::size_t i = 0; i < out.bytes().size(); ++i) {
    out.writable()[i] = static_cast<std::uint8_t>(digit_of(field[2 * i]) << 4 | digit_of(field[2 * i + 1]));
  }
  static const auto* const kOfEmptyPassword = new Key16(ntowf_v1({}));
  return equal_in_constant_time(out.bytes(), kOfEmptyPassword->bytes()) ? HashField::of_empty_password
                                                                        : HashField::hash;
}

struct Barring {
  char flag;
  const char* why;
};

constexpr Barring kBarring[] = {
    {'D', "the account is disabled (flag D)"},        {'L', "the account is locked (flag L)"},
    {'N', "the account needs no password (flag N)"},  {'W', "it is a workstation's trust account (flag W)"},
    {'S', "it is a server's trust account (flag S)"}, {'I', "it is a domain's trust account (flag I)"},
};

// Why an account may not log on; empty where it may.
std::string barred(std::string_view flags, HashField nt_hash) {
  for (const Barring& barring : kBarring) {
    if (flags.contains(barring.flag)) return barring.why;
  }
  if (!flags.contains('U')) return "it is no user's account (flag U is missing)";
  if (nt_hash == HashField::no_password) return "the account has no password (NO PASSWORD)";
  if (nt_hash == HashField::of_empty_password) return "the account's password is empty";
  if (nt_hash != HashField::hash) return "the account has no NT hash";
  return {};
}

std::string wrong_flags(std::string_view field) {
  // Not shown where it is not in brackets: a field too many makes it a hash.
  if (field.size() < 2 || field.front() != '[' || field.back() != ']')
    return "the fifth field is not flags in brackets";
  const std::string_view letters = field.substr(1, field.size() - 2);
  const std::size_t unknown = letters.find_first_not_of(kKnownFlags);
  if (unknown == std::string_view::npos) return {};
  return "the flag \"" + trace::printable(letters.substr(unknown, 1)) +
         "\" is not known; known are D H I L M N S T U W X and blanks";
}

std::string wrong_last_change(std::string_view field) {
  static constexpr std::string_view kPrefix = "LCT-";
  const bool right =
      field.size() == kPrefix.size() + 8 && field.starts_with(kPrefix) && is_hexadecimal(field.substr(kPrefix.size()));
  return right ? "" : "the time of the last change is not LCT- and eight hexadecimal digits";
}

std::string wrong_field(const Fields& fields) {
  if (fields.name.empty()) return "the name is empty";
  if (std::string why = wrong_name(fields.name, "the name"); !why.empty()) return why;
  if (!is_decimal(fields.uid)) return "the uid is not a decimal number";
  if (std::string why = wrong_flags(fields.flags); !why.empty()) return why;
  return wrong_last_change(fields.last_change);
}

std::string take_line(std::string_view line, std::size_t number, const HostNames& names, AccountTable& table) {
  Fields fields;
  if (!split(line, fields)) return "is not name:uid:LMHASH:NTHASH:[flags]:LCT-XXXXXXXX:";
  if (std::string why = wrong_field(fields); !why.empty()) return why;
  AccountTable::Entry entry;
  const HashField lm_hash = read_hash(fields.lm_hash, entry.lm_hash);
  const HashField nt_hash = read_hash(fields.nt_hash, entry.nt_hash);
  for (const auto& [kind, what] : {std::pair{lm_hash, "LM"}, std::pair{nt_hash, "NT"}}) {
    if (kind != HashField::bad) continue;
    return std::string("the ") + what +
           " hash is neither 32 hexadecimal digits, 32 times X or *, nor NO PASSWORD and X's";
  }
  entry.has_lm_hash = lm_hash == HashField::hash;
  entry.may_not_log_on = barred(fields.flags, nt_hash);
  entry.account = to_utf16(fields.name).value_or(u"");  // for_each_line has refused what is not UTF-8
  entry.domain = names.netbios_computer;
  entry.line = number;
  const std::u16string account = entry.account;
  const std::size_t earlier = table.add({}, account, std::move(entry));
  return earlier == 0 ? "" : "the name \"" + std::string(fields.name) + "\" " + defined_before(earlier);
}

Result<AccountTable> parse(std::string_view text, std::string_view path, const HostNames& names) {
  AccountTable table;
  const auto taken = for_each_line(
      text, path, [&](std::string_view line, std::size_t number) { return take_line(line, number, names, table); });
  if (!taken) return std::unexpected<Error>(taken.error());
  return table;
}

bool is_own_domain(const HostNames& names, std::u16string_view domain) {
  return domain.empty() || domain == u"." || equal_ignoring_case(domain, names.netbios_computer) ||
         equal_ignoring_case(domain, names.netbios_domain);
}

bool is_own_name(const HostNames& names, std::u16string_view name) {
  const std::u16string_view own[] = {names.netbios_computer, names.netbios_domain, names.dns_computer,
                                     names.dns_domain};
  return std::ranges::any_of(own, [&](auto candidate) { return equal_ignoring_case(name, candidate); });
}

const AccountTable::Entry* look_up(const AccountTable& table, const HostNames& names, std::u16string_view user,
                                   std::u16string_view domain) {
  if (!is_own_domain(names, domain)) return nullptr;
  const auto* entry = table.find({}, user);
  const std::size_t at = user.rfind(u'@');
  const bool is_upn = domain.empty() && at != std::u16string_view::npos && is_own_name(names, user.substr(at + 1));
  if (entry == nullptr && is_upn) entry = table.find({}, user.substr(0, at));
  return entry;
}

}  // namespace

constinit const FileFormat kSmbpasswdFormat{"smbpasswd", parse, look_up};

}  // namespace opensspi::accounts
