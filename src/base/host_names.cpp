#include "base/host_names.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace opensspi {
namespace {

constexpr std::size_t kMostNetbiosCharacters = 15;

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string_view first_label(std::string_view name) { return name.substr(0, name.find('.')); }

std::string_view domain_part(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

// A kernel takes any bytes for its name; those that are none would break DOMAIN\user, so they become "localhost".
std::string usable(std::string_view machine) {
  static constexpr std::string_view kBreaking = "\\/@:";
  const bool breaks = std::ranges::any_of(
      machine, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || kBreaking.contains(c); });
  const bool named = !machine.empty() && !first_label(machine).empty();
  return named && !breaks && to_utf16(machine) ? lower_case(machine) : "localhost";
}

// The configuration's texts were checked when it was read; the machine's in usable().
std::u16string wide(std::string_view text) { return to_utf16(text).value_or(u""); }

std::u16string netbios(std::string_view configured, std::string_view otherwise) {
  const std::string_view text = configured.empty() ? otherwise : configured;
  return upcase(wide(text)).substr(0, kMostNetbiosCharacters);
}

}  // namespace

HostNames host_names(const Configuration& configuration, std::string_view machine) {
  const std::string full = configuration.dns_name.empty() ? usable(machine) : lower_case(configuration.dns_name);
  HostNames names;
  names.domain_member = configuration.domain_member;
  names.netbios_computer = netbios(configuration.netbios_name, first_label(full));
  names.netbios_domain =
      configuration.netbios_domain.empty() ? names.netbios_computer : netbios(configuration.netbios_domain, {});
  names.dns_computer = wide(full);
  std::string domain = lower_case(configuration.dns_domain);
  if (domain.empty()) domain = domain_part(full);
  // Outside of any domain Windows gives the computer's names as the domain's too.
  names.dns_domain = domain.empty() ? names.dns_computer : wide(domain);
  if (configuration.domain_member) names.dns_tree = wide(lower_case(configuration.dns_tree));
  return names;
}

}  // namespace opensspi
