// Settings: what SCHANNEL_CRED, SCH_CREDENTIALS and OPENSSPI_TLS_POLICY ask for, read and checked.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cert/store.hpp"
#include "opensspi/schannel.h"

namespace opensspi::schannel {

// Protocols as a set, whichever side.
struct Protocols {
  bool tls1_0 = false, tls1_1 = false, tls1_2 = true, tls1_3 = true;
  bool old() const { return tls1_0 || tls1_1; }
  bool any() const { return tls1_0 || tls1_1 || tls1_2 || tls1_3; }
  bool has(int version) const {  // as the wire has it
    return version == 0x304   ? tls1_3
           : version == 0x303 ? tls1_2
           : version == 0x302 ? tls1_1
                              : version == 0x301 && tls1_0;
  }
};

// An algorithm that is not to be used.
struct Disabled {
  eTlsAlgorithmUsage usage;
  std::string algorithm;           // upper case
  std::vector<std::string> modes;  // "GCM", "CBC", "CCM"; none: all
  std::uint32_t least_bits = 0, most_bits = 0;
};

struct Settings {
  bool server = false;
  Protocols protocols;
  std::uint32_t flags = 0;                              // SCH_CRED_x and those beside
  std::uint32_t least_strength = 0, most_strength = 0;  // bits; 0: default
  bool null_cipher = false, only_null_cipher = false;
  std::vector<ALG_ID> algorithms;  // none: all
  std::vector<Disabled> disabled;
  std::chrono::milliseconds lifespan = std::chrono::hours(10);
  std::vector<cert::ElementPtr> certificates;
  std::vector<cert::ElementPtr> intermediates;  // from the stores of the certificates
  bool has_root_store = false;
  std::vector<cert::ElementPtr> roots;
  std::vector<cert::CrlPtr> crls;

  // OPENSSPI_TLS_POLICY
  std::string cipher_suites, groups;
  ByteVector ocsp_response;

  bool manual_validation() const { return (flags & SCH_CRED_MANUAL_CRED_VALIDATION) != 0; }
  bool resumes() const { return (flags & SCH_CRED_DISABLE_RECONNECTS) == 0; }
  bool checks_revocation() const {
    return (flags & (SCH_CRED_REVOCATION_CHECK_END_CERT | SCH_CRED_REVOCATION_CHECK_CHAIN |
                     SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT)) != 0;
  }
};

// data: pAuthData; NULL: all defaults. SEC_E_UNKNOWN_CREDENTIALS, SEC_E_NO_CREDENTIALS (a server without a
// certificate), SEC_E_ALGORITHM_MISMATCH (nothing is left of the protocols), SEC_E_UNSUPPORTED_FUNCTION (what OpenSSL
// cannot do).
Result<Settings> read_settings(const void* data, bool server);

// Adds what OPENSSPI_TLS_POLICY says. SEC_E_INVALID_PARAMETER.
struct PolicyTexts {
  std::u16string_view cipher_suites, groups, crl_file, ocsp_file;
};
Result<void> apply_policy(Settings& settings, const PolicyTexts& policy);

}  // namespace opensspi::schannel
