#include "kerberos/realms.hpp"

#include <profile.h>

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::kerberos {
namespace {

std::string upper_utf8(const std::string& text) {
  const auto wide = to_utf16(text);
  return wide ? to_utf8(upcase(*wide)) : text;
}

class Profile {
 public:
  explicit Profile(const Krb5& krb5) { (void)krb5_get_profile(krb5.get(), &profile_); }
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  ~Profile() {
    if (profile_ != nullptr) profile_release(profile_);
  }

  std::vector<std::string> subsections(const char* section) const {
    const char* names[] = {section, nullptr};
    return listed([&](char*** list) { return profile_get_subsection_names(profile_, names, list); });
  }
  std::vector<std::string> values(const char* section, const std::string& name) const {
    const char* names[] = {section, name.c_str(), nullptr};
    return listed([&](char*** list) { return profile_get_values(profile_, names, list); });
  }

 private:
  template <typename Ask>
  std::vector<std::string> listed(Ask ask) const {
    char** list = nullptr;
    if (profile_ == nullptr || ask(&list) != 0) return {};
    std::vector<std::string> copy;
    for (char** entry = list; entry != nullptr && *entry != nullptr; ++entry) copy.emplace_back(*entry);
    profile_free_list(list);
    return copy;
  }

  profile_t profile_ = nullptr;
};

}  // namespace

std::string lower_ascii(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string default_realm(const Krb5& krb5) {
  char* realm = nullptr;
  if (krb5_get_default_realm(krb5.get(), &realm) != 0) return {};
  std::string copy = realm;
  krb5_free_default_realm(krb5.get(), realm);
  return copy;
}

bool is_known_realm(const Krb5& krb5, const std::string& realm) {
  if (realm.empty()) return false;
  if (realm == default_realm(krb5)) return true;
  const std::vector<std::string> known = Profile(krb5).subsections("realms");
  return std::ranges::find(known, realm) != known.end();
}

std::string realm_of_domain(const Krb5& krb5, const std::string& domain) {
  std::string realm = upper_utf8(domain);
  std::string usual = default_realm(krb5);
  if (realm == usual) return realm;
  const Profile profile(krb5);
  const std::vector<std::string> known = profile.subsections("realms");
  if (std::ranges::find(known, realm) != known.end()) return realm;
  const auto begins = [&](const std::string& candidate) { return candidate.starts_with(realm + '.'); };
  if (realm.find('.') == std::string::npos) {
    if (begins(usual)) return usual;
    const auto first = std::ranges::find_if(known, begins);
    if (first != known.end() && std::find_if(first + 1, known.end(), begins) == known.end()) return *first;
  }
  const auto mapped = profile.values("domain_realm", lower_ascii(domain));
  return mapped.empty() ? realm : mapped.front();
}

}  // namespace opensspi::kerberos
