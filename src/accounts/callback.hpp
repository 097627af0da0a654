// The account source that asks a function of the program.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "accounts/account_source.hpp"

namespace opensspi::accounts {

// Answers for the account that a peer claims. SEC_E_LOGON_DENIED: it does not exist or may not log on; another status:
// the program itself failed. Called from any thread that accepts, several at once.
using FindAccount = std::function<Result<HashSource::Account>(std::u16string_view user, std::u16string_view domain)>;

// Named "callback". Names that the function leaves empty are those of the claim.
std::shared_ptr<const AccountSource> make_callback_source(FindAccount find);

}  // namespace opensspi::accounts
