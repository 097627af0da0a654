// The names and SIDs of a PAC, [MS-PAC] 2.5 KERB_VALIDATION_INFO.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace opensspi::kerberos {

struct LogonInfo {
  std::u16string account, domain;    // EffectiveName, LogonDomainName
  std::vector<std::u16string> sids;  // the account's, then its groups', as S-1-5-21-...
};

// The content of a PAC's buffer of type 1, NDR-encoded. SEC_E_INVALID_TOKEN.
Result<LogonInfo> parse_logon_info(Bytes content);

}  // namespace opensspi::kerberos
