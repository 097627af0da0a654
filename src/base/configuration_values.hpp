// The checks on values of the configuration, shared by its file and the environment.
#pragma once

#include <string>
#include <string_view>

namespace opensspi::configuration_values {

// Each says what is wrong with a value and what would be right; empty where it is right.
std::string wrong_netbios_name(std::string_view value);
std::string wrong_dns_name(std::string_view value);
std::string wrong_account_source(std::string_view value);
std::string wrong_kerberos_file(std::string_view value);  // the name of a credential cache or keytab

}  // namespace opensspi::configuration_values
