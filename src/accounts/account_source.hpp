// AccountSource: where an NTLM server has a log-on verified.
//
// A source answers a challenge and its response with a verdict. It alone knows passwords or asks who knows them; what
// it reports of the account is canonical, whatever the client claimed. An unknown user, a wrong password and an account
// that may not log on do equal work and are all SEC_E_LOGON_DENIED; only Error::detail, for the owner, tells them
// apart.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/host.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace opensspi::accounts {

// What the AUTHENTICATE_MESSAGE claims. Views into the message: valid during the call.
struct LogonRequest {
  Bytes server_challenge;  // 8 bytes
  Bytes nt_response;       // 24 bytes: NTLMv1; 48 or more: NTLMv2, MS-NLMP 2.2.2.8
  Bytes lm_response;
  std::u16string_view user, domain, workstation;
  bool extended_session_security = false;  // which form an NTLMv1 response has
  bool allow_ntlm_v1 = false;              // else a response of 24 bytes is refused unread
};

struct Verdict {
  Key16 session_base_key;  // MS-NLMP 3.3: Z(16) for a guest
  Key16 lmowf_v1;          // with NTLMv1 only, where the source knows it; for LM_KEY
  bool has_lmowf_v1 = false;
  std::u16string account, domain;    // canonical
  std::vector<std::u16string> sids;  // the account's own first, as S-1-5-...
  bool guest = false;
};

class AccountSource {
 public:
  AccountSource() = default;
  AccountSource(const AccountSource&) = delete;
  AccountSource& operator=(const AccountSource&) = delete;
  virtual ~AccountSource() = default;

  // As it was named: "smbpasswd:/etc/samba/smbpasswd", "plain:/srv/accounts", "winbind", "self", "callback".
  virtual std::string name() const = 0;

  // Called from any thread, several at once. SEC_E_LOGON_DENIED; SEC_E_NO_AUTHENTICATING_AUTHORITY (winbindd cannot be
  // reached, or does not answer in time); SEC_E_INTERNAL_ERROR (the source itself failed).
  virtual Result<Verdict> verify(const LogonRequest& request) const = 0;
};

// A source that finds NT hashes by name: verify() is the same for all of them.
class HashSource : public AccountSource {
 public:
  struct Account {
    Key16 nt_hash;
    Key16 lm_hash;  // LMOWFv1, where the source knows it
    bool has_lm_hash = false;
    std::u16string account, domain;  // canonical
    std::vector<std::u16string> sids;
    std::string may_not_log_on;  // why; empty for an account that may
  };

  Result<Verdict> verify(const LogonRequest& request) const final;

 protected:
  // SEC_E_LOGON_DENIED for an unknown account; other statuses where the source failed. The work must not tell by its
  // time whether the account exists.
  virtual Result<Account> find(std::u16string_view user, std::u16string_view domain) const = 0;
};

// The source that a specification names, opened and read: "smbpasswd:PATH", "plain:PATH", "winbind" or "self".
// SEC_E_INVALID_PARAMETER: an unknown word (the reason lists the known), a bad line (with its number), a file that
// others may write. SEC_E_NO_CREDENTIALS: the file cannot be read. SEC_E_NO_AUTHENTICATING_AUTHORITY: the library of
// winbind is not installed. `winbind_deadline`: how long each log-on waits for winbindd.
inline constexpr std::chrono::milliseconds kDefaultWinbindDeadline{15'000};
Result<std::shared_ptr<const AccountSource>> open_account_source(
    std::string_view specification, const Host& host,
    std::chrono::milliseconds winbind_deadline = kDefaultWinbindDeadline);

}  // namespace opensspi::accounts
