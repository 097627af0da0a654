// The same user on the same machine: the account source that needs no set-up, and the credential that goes with it.
//
// A key file in the home of the effective user (getpwuid, never $HOME) that only this user can read; the NT hash of the
// account "self" is derived from it, the machine-id and the uid. What it proves: the peer could read that file. What it
// does not protect from: root; containers that share home, uid and machine-id; the relaying of a log-on without
// integrity.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "accounts/account_source.hpp"

namespace opensspi::accounts {

struct SelfAccount {
  std::u16string user;    // the name of the effective user, as getpwuid has it
  std::u16string domain;  // the NetBIOS name of this computer
  Key16 nt_hash;
};

// The account, its key file made where there is none. SEC_E_NO_CREDENTIALS with the safeguard that refused: AT_SECURE,
// ruid and euid differ, no passwd entry, home not a directory of the user's or writable by others, the file a symbolic
// link, not regular, with several links, of another owner, with another mode than 0600, or of another length.
Result<SelfAccount> self_account(const Host& host);

// The account of a user whose home and name are known; the same refusals but those of the process and of passwd.
Result<SelfAccount> self_account_in(const std::string& home, const std::string& user, uid_t uid, const Host& host);

// Named "self": verifies this account and no other, SEC_E_LOGON_DENIED.
Result<std::shared_ptr<const AccountSource>> open_self_source(const Host& host);
std::shared_ptr<const AccountSource> make_self_source(SelfAccount account);

}  // namespace opensspi::accounts
