// Configuration: one small file, /etc/opensspi.conf, and the environment variables that override it where that is safe.
//
// Lines "name = value" in sections "[ntlm]"; "#" begins a comment line. A line that is not understood refuses the file
// by its number: nothing is guessed. The file is OPENSSPI_CONFIG's where that is set; variables are read with
// secure_getenv. docs/configuration.md has every key and variable.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/fips.hpp"
#include "base/result.hpp"

namespace opensspi {

struct Configuration {
  // [host]: names given in CHALLENGE_MESSAGE; empty: from the machine. Environment: OPENSSPI_NETBIOS_NAME,
  // OPENSSPI_NETBIOS_DOMAIN, OPENSSPI_DNS_NAME, OPENSSPI_DNS_DOMAIN.
  std::string netbios_name, netbios_domain, dns_name, dns_domain, dns_tree;
  bool domain_member = false;  // needs netbios_domain; dns_tree needs it

  // [ntlm]
  std::string accounts;                       // default source of acceptors, OPENSSPI_ACCOUNTS; empty: "self"
  bool allow_weak = false;                    // NTLMv1, LM, 56 and 40 bits, no extended session security; file only
  bool require_mic = false;                   // OPENSSPI_REQUIRE_MIC=1 (it can only make stricter)
  bool ntlm_disabled = false;                 // no NTLM at all; OPENSSPI_NTLM_DISABLED=1 (stricter only)
  unsigned lm_level = 3;                      // what initiators send; 0 to 2 need allow_weak; file only
  unsigned max_lifetime_seconds = 36 * 3600;  // age of a response's timestamp that is accepted; file only
  unsigned winbind_deadline_ms = 15'000;      // how long a log-on waits for winbindd; file only

  // [kerberos]: what OPENSSPI_KRB_SOURCES says for one credential, as the default of all. KRB5CCNAME, KRB5_KTNAME and
  // KRB5_CLIENT_KTNAME come before the names here.
  std::string kerberos_ccache, kerberos_keytab, kerberos_client_keytab;
  unsigned kerberos_deadline_ms = 5000;
  bool kerberos_allow_rc4 = false;  // file only
  bool kerberos_disabled = false;   // OPENSSPI_KERBEROS_DISABLED=1 (stricter only)

  // [negotiate]
  std::string negotiate_packages;  // as a PackageList: "kerberos", "!ntlm"; empty: all; file only
  bool negotiate_strict = false;   // mutual authentication and delegation that are asked for and not had are errors

  // [fips] mode = auto|on, OPENSSPI_FIPS=1 (stricter only): the result of looking at the host too.
  bool fips = false;
};

// Parses the text of a file; `name` stands in messages. Pure: no file, no environment, no host.
// SEC_E_INVALID_PARAMETER: a line is wrong (the message has its number).
Result<Configuration> parse_configuration(std::string_view text, std::string_view name);

// Lays the environment's variables over a configuration; `get` answers nullptr for one that is not set.
// SEC_E_INVALID_PARAMETER: a variable has a value that it cannot have.
using Environment = std::function<const char*(const char* name)>;
Result<void> apply_environment(Configuration& configuration, const Environment& get);

// Where a process's configuration comes from; tests give their own.
struct ConfigurationOrigin {
  std::string default_path = "/etc/opensspi.conf";  // may be absent; a file that OPENSSPI_CONFIG names may not
  Environment environment;
  const char* fips_flag_path = kKernelFipsFlag;
};
Result<Configuration> read_configuration(const ConfigurationOrigin& origin);

// The configuration of this process, read once. Where the file is wrong, every acquisition fails with the reason:
// SEC_E_INVALID_PARAMETER, never a silent default.
const Result<Configuration>& configuration();

}  // namespace opensspi
