// Names: SSPI's names of services and users as principals of Kerberos.
#pragma once

#include <string>
#include <string_view>

#include "kerberos/gss.hpp"

namespace opensspi::kerberos {

// "HTTP/host", "HTTP/host:8080", "service/host/domain", each with or without @REALM, "user@REALM", "DOMAIN\user". A
// service without a realm gets that of its host, as krb5.conf has it, or the one that lets the KDC refer us.
// SEC_E_TARGET_UNKNOWN: it is not such a name.
Result<Principal> target_principal(const Krb5& krb5, const std::string& target);

// The same name with its host in lower case; empty where that changes nothing. SSPI compares without regard to case,
// Kerberos does not.
std::string with_lower_case_host(const std::string& target);

// "host" of "HTTP/host:8080@REALM"; empty where there is none.
std::string_view host_of(std::string_view target);

// Whether the host of a target, or a target without a service, is an address: "HTTP/192.0.2.1:80", "[2001:db8::1]".
bool is_ip_address(std::string_view target);

// A user to log on as: `user` alone, with a domain, "DOMAIN\user" or "user@domain". A domain is
// made a realm by realm_of_domain. SEC_E_LOGON_DENIED.
Result<Principal> user_principal(const Krb5& krb5, const std::string& user, const std::string& domain);

// "user@domain" as a name that the KDC of the default realm looks up, RFC 6806 section 5.
Result<Principal> enterprise_principal(const Krb5& krb5, const std::string& user);

}  // namespace opensspi::kerberos
