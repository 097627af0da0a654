// A caller's OPENSSPI_ACCOUNT_FN as an account source.
#pragma once

#include <memory>

#include "accounts/account_source.hpp"
#include "opensspi/extra.h"

namespace opensspi::ntlm {

std::shared_ptr<const accounts::AccountSource> account_callback(OPENSSPI_ACCOUNT_FN function, void* context);

}  // namespace opensspi::ntlm
