// The key file of the same-user account, and the safeguards around it, as functions of what they look at.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace opensspi::accounts {

using SelfKey = SecretArray<32>;

// The identities of a process, as the kernel has them.
struct ProcessIdentity {
  bool secure_execution;  // AT_SECURE: set-user-id, set-group-id or file capabilities
  uid_t real_uid, effective_uid;
  gid_t real_gid, effective_gid;

  static ProcessIdentity of_this_process();
};

// SEC_E_NO_CREDENTIALS where a process has more or other rights than the user who started it.
Result<void> check_not_elevated(const ProcessIdentity& process);

// Reads `home`/.opensspi/self.key, made where there is none. SEC_E_NO_CREDENTIALS with the safeguard that refused.
Result<SelfKey> self_key(const std::string& home, uid_t uid);

// The first 16 bytes of HMAC-SHA256(key, "opensspi self account v1" || machine-id || uid as four bytes, little-endian).
Key16 self_nt_hash(const SelfKey& key, std::string_view machine_id, uid_t uid);

// The 32 hexadecimal digits of /etc/machine-id; empty where a machine has none, as in a fresh container. Then home and
// uid alone tell one machine from another.
std::string machine_id(const std::string& path = "/etc/machine-id");

}  // namespace opensspi::accounts
