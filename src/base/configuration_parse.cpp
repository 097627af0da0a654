#include <algorithm>
#include <charconv>
#include <map>
#include <string>

#include "base/configuration.hpp"
#include "base/configuration_values.hpp"
#include "base/text.hpp"

namespace opensspi {
namespace configuration_values {
namespace {

constexpr std::size_t kMostNetbiosCharacters = 15;  // MS-NLMP 2.2.2.1 names; the sixteenth byte is the suffix
constexpr std::size_t kMostDnsBytes = 255;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

std::string wrong_netbios_name(std::string_view value) {
  const auto text = to_utf16(value);
  if (!text) return "is not UTF-8";
  if (text->empty() || text->size() > kMostNetbiosCharacters) {
    return "has " + std::to_string(text->size()) + " characters; a NetBIOS name has 1 to 15";
  }
  static constexpr std::string_view kForbidden = "\\/:*?\"<>|.@ ";
  const auto bad = std::ranges::find_if(value, [](char c) { return is_control(c) || kForbidden.contains(c); });
  if (bad == value.end()) return {};
  return "has a character that a NetBIOS name cannot have: control characters, blanks and \\ / : * ? \" < > | . @";
}

std::string wrong_dns_name(std::string_view value) {
  if (value.empty() || value.size() > kMostDnsBytes) {
    return "has " + std::to_string(value.size()) + " bytes; a DNS name has 1 to 255";
  }
  const bool letters = std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (!letters) return "has a character that a DNS name cannot have; use letters, digits, \"-\", \"_\" and \".\"";
  if (value.front() == '.' || value.back() == '.' || value.contains("..")) return "has an empty label";
  return {};
}

std::string wrong_account_source(std::string_view value) {
  if (value.empty()) return "is empty; name smbpasswd:PATH, plain:PATH, winbind or self";
  return {};
}

std::string wrong_kerberos_file(std::string_view value) {
  const std::size_t kind = value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const bool has_kind = kind != 0 && kind != std::string_view::npos && value[kind] == ':' && kind + 1 < value.size();
  if (has_kind || value.starts_with('/')) return {};
  return "is neither an absolute path nor a kind and a name, like FILE:/etc/krb5.keytab or KEYRING:persistent:0";
}

}  // namespace configuration_values

namespace {

constexpr const char* kCheck = "configuration";
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Every setter says what is wrong with a value; empty where it was taken.
using Setter = std::string (*)(Configuration&, std::string_view value);

std::string set_boolean(bool& to, std::string_view value) {
  if (value != "yes" && value != "no") return "is neither yes nor no";
  to = value == "yes";
  return {};
}

std::string set_number(unsigned& to, std::string_view value, unsigned least, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (!whole || number < least || number > most) {
    return "is not a number from " + std::to_string(least) + " to " + std::to_string(most);
  }
  to = number;
  return {};
}

using Check = std::string (*)(std::string_view);

template <std::string Configuration::* Member, Check check>
std::string set_text(Configuration& configuration, std::string_view value) {
  std::string why = check(value);
  if (why.empty()) configuration.*Member = value;
  return why;
}

template <bool Configuration::* Member>
std::string set_flag(Configuration& configuration, std::string_view value) {
  return set_boolean(configuration.*Member, value);
}

// Which packages there are is Negotiate's to know: it refuses the names that it does not.
std::string set_negotiate_packages(Configuration& configuration, std::string_view value) {
  if (value.empty()) return "is empty; name packages to use, as kerberos, or to leave out, as !ntlm";
  configuration.negotiate_packages = value;
  return {};
}

std::string set_fips_mode(Configuration& configuration, std::string_view value) {
  if (value != "auto" && value != "on") return "is neither auto nor on";
  configuration.fips = value == "on";
  return {};
}

constexpr unsigned kMostLmLevel = 5;
constexpr unsigned kSecondsOfYear = 366 * 24 * 3600;
constexpr unsigned kMostDeadlineMs = 600'000;

struct Key {
  std::string_view section, name;
  Setter set;
};

constexpr Key kKeys[] = {
    {"host", "netbios_name", set_text<&Configuration::netbios_name, configuration_values::wrong_netbios_name>},
    {"host", "netbios_domain", set_text<&Configuration::netbios_domain, configuration_values::wrong_netbios_name>},
    {"host", "dns_name", set_text<&Configuration::dns_name, configuration_values::wrong_dns_name>},
    {"host", "dns_domain", set_text<&Configuration::dns_domain, configuration_values::wrong_dns_name>},
    {"host", "dns_tree", set_text<&Configuration::dns_tree, configuration_values::wrong_dns_name>},
    {"host", "domain_member", set_flag<&Configuration::domain_member>},
    {"ntlm", "accounts", set_text<&Configuration::accounts, configuration_values::wrong_account_source>},
    {"ntlm", "allow_weak", set_flag<&Configuration::allow_weak>},
    {"ntlm", "require_mic", set_flag<&Configuration::require_mic>},
    {"ntlm", "disabled", set_flag<&Configuration::ntlm_disabled>},
    {"ntlm", "lm_level",
     [](Configuration& c, std::string_view v) { return set_number(c.lm_level, v, 0, kMostLmLevel); }},
    {"ntlm", "max_lifetime_seconds",
     [](Configuration& c, std::string_view v) { return set_number(c.max_lifetime_seconds, v, 1, kSecondsOfYear); }},
    {"ntlm", "winbind_deadline_ms",
     [](Configuration& c, std::string_view v) { return set_number(c.winbind_deadline_ms, v, 1, kMostDeadlineMs); }},
    {"kerberos", "ccache", set_text<&Configuration::kerberos_ccache, configuration_values::wrong_kerberos_file>},
    {"kerberos", "keytab", set_text<&Configuration::kerberos_keytab, configuration_values::wrong_kerberos_file>},
    {"kerberos", "client_keytab",
     set_text<&Configuration::kerberos_client_keytab, configuration_values::wrong_kerberos_file>},
    {"kerberos", "deadline_ms",
     [](Configuration& c, std::string_view v) { return set_number(c.kerberos_deadline_ms, v, 1, kMostDeadlineMs); }},
    {"kerberos", "allow_rc4", set_flag<&Configuration::kerberos_allow_rc4>},
    {"kerberos", "disabled", set_flag<&Configuration::kerberos_disabled>},
    {"negotiate", "packages", set_negotiate_packages},
    {"negotiate", "strict", set_flag<&Configuration::negotiate_strict>},
    {"fips", "mode", set_fips_mode},
};

std::string known_names(std::string_view section) {
  std::string known;
  for (const Key& key : kKeys) {
    if (key.section == section) known += (known.empty() ? "" : ", ") + std::string(key.name);
  }
  return known;
}

class Parser {
 public:
  // Takes one line; says what is wrong with it.
  std::string line(std::string_view text, std::size_t number) {
    text = trimmed(text);
    if (text.empty() || text.front() == '#') return {};
    if (text.back() == '\r') return "ends with a carriage return; lines end with a line feed alone";
    if (text.front() == '[') return section(text);
    return assignment(text, number);
  }

  // What no single line shows; says which line is to be mended.
  std::string whole() const {
    if (configuration_.lm_level < 3 && !configuration_.allow_weak) {
      return at("ntlm.lm_level") + "lm_level " + std::to_string(configuration_.lm_level) +
             " sends NTLMv1, which needs allow_weak = yes in [ntlm]";
    }
    if (configuration_.domain_member && configuration_.netbios_domain.empty()) {
      return at("host.domain_member") + "domain_member = yes needs netbios_domain in [host]";
    }
    if (!configuration_.domain_member && !configuration_.dns_tree.empty()) {
      return at("host.dns_tree") + "dns_tree needs domain_member = yes in [host]";
    }
    return {};
  }

  Configuration take() { return std::move(configuration_); }

 private:
  std::string section(std::string_view text) {
    if (text.back() != ']') return "a section lacks its closing \"]\"";
    const std::string_view name = trimmed(text.substr(1, text.size() - 2));
    if (std::ranges::find(kKeys, name, &Key::section) == std::end(kKeys)) {
      return "there is no section \"" + std::string(name) +
             "\"; there are [host], [ntlm], [kerberos], [negotiate] and [fips]";
    }
    section_ = name;
    return {};
  }

  std::string assignment(std::string_view text, std::size_t number) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return "is neither \"name = value\", \"[section]\" nor a comment";
    const std::string_view name = trimmed(text.substr(0, equals));
    const std::string_view value = trimmed(text.substr(equals + 1));
    if (section_.empty()) return "\"" + std::string(name) + "\" stands before the first [section]";
    const auto* key = std::ranges::find_if(
        kKeys, [&](const Key& candidate) { return candidate.section == section_ && candidate.name == name; });
    if (key == std::end(kKeys)) {
      return "[" + section_ + "] has no \"" + std::string(name) + "\"; it has " + known_names(section_);
    }
    const auto [earlier, is_new] = lines_.try_emplace(section_ + "." + std::string(name), number);
    if (!is_new) return "\"" + std::string(name) + "\" was set by line " + std::to_string(earlier->second) + " already";
    const std::string why = key->set(configuration_, value);
    return why.empty() ? why : std::string(name) + ": \"" + std::string(value) + "\" " + why;
  }

  std::string at(const std::string& key) const { return "line " + std::to_string(lines_.at(key)) + ": "; }

  Configuration configuration_;
  std::string section_;
  std::map<std::string, std::size_t> lines_;  // where each key was set
};

std::unexpected<Error> refuse(std::string_view name, const std::string& why) {
  return fail(Status::invalid_parameter, kCheck, std::string(name) + ": " + why);
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, std::string_view name) {
  if (!to_utf16(text)) return refuse(name, "is not UTF-8");
  if (text.contains('\0')) return refuse(name, "has a NUL character");
  Parser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const std::string why = parser.line(text.substr(0, end), number); !why.empty()) {
      return refuse(name, "line " + std::to_string(number) + ": " + why);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (const std::string why = parser.whole(); !why.empty()) return refuse(name, why);
  return parser.take();
}

}  // namespace opensspi
