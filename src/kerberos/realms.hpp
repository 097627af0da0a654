// Realms: what krb5.conf says of them, and which one a domain of Windows means. No KDC and no DNS is asked.
#pragma once

#include <string>
#include <vector>

#include "kerberos/gss.hpp"

namespace opensspi::kerberos {

inline std::string text_of(const krb5_data& data) { return {data.data, data.length}; }
inline std::string realm_of(const krb5_principal_data& principal) { return text_of(principal.realm); }

// Names of hosts, which are ASCII.
std::string lower_ascii(std::string text);

// Empty where krb5.conf names none.
std::string default_realm(const Krb5& krb5);

// Whether krb5.conf has a section for the realm, or makes it the default.
bool is_known_realm(const Krb5& krb5, const std::string& realm);

// A domain as users write it, "example.test" or the NetBIOS name "EXAMPLE". In this order: the realm of that name in
// upper case where krb5.conf knows it; for a name of one label, the default realm, or else the only realm of krb5.conf,
// that begins with it; what [domain_realm] has for it; the name in upper case.
std::string realm_of_domain(const Krb5& krb5, const std::string& domain);

}  // namespace opensspi::kerberos
