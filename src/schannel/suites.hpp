// Which protocols and cipher suites a credential's settings come to.
#pragma once

#include <vector>

#include "schannel/settings.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// Sets versions, suites, groups and the security level. SEC_E_ALGORITHM_MISMATCH: nothing is left; never anything
// outside of what was asked for.
Result<void> set_algorithms(SSL_CTX* context, const Settings& settings);

// What a context would offer or take: of the protocols that it speaks, at its security level.
std::vector<const SSL_CIPHER*> possible_suites(SSL_CTX* context);

// Whether the strengths and algorithms that the settings ask for have the suite.
bool allows(const Settings& settings, const SSL_CIPHER* suite);

// What a suite is, in SSPI's numbers.
struct SuiteInfo {
  ALG_ID cipher = 0, hash = 0, exchange = 0;
  std::uint32_t cipher_bits = 0, hash_bits = 0, block_bytes = 0;
  bool authenticated = false;  // AEAD: no hash of its own
  const char16_t* cipher_name = u"";
  const char16_t* hash_name = u"";
};
SuiteInfo describe(const SSL_CIPHER* suite);

}  // namespace opensspi::schannel
