// The account source that asks Samba's winbindd, and through it the domain.
//
// winbindd answers challenge and response only to those who may use its privileged pipe: root and the group
// winbindd_priv. libwbclient waits for the answer of one that hangs for five minutes; the source does so in a thread of
// its own, and only as long as its deadline.
#pragma once

#include <memory>

#include "accounts/account_source.hpp"
#include "accounts/winbind_library.hpp"

namespace opensspi::accounts {

// SEC_E_NO_AUTHENTICATING_AUTHORITY: libwbclient.so.0 cannot be loaded. Whether winbindd runs shows at each log-on.
Result<std::shared_ptr<const AccountSource>> open_winbind_source(std::chrono::milliseconds deadline);

std::shared_ptr<const AccountSource> make_winbind_source(const wbc::Library& library,
                                                         std::chrono::milliseconds deadline);

}  // namespace opensspi::accounts
