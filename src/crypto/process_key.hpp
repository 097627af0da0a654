// The key of this process for secrets that lie around, and the cipher under it.
#pragma once

#include "base/result.hpp"

namespace opensspi::crypto {

inline constexpr std::size_t kConcealBlockBytes = 16;

// In place; the length is a multiple of kConcealBlockBytes. AES-256 in CBC, forward and then backward under a second
// key: each byte of the result depends on every byte of the data, so a changed one spoils the whole. Equal data give
// equal results. SEC_E_INSUFFICIENT_MEMORY: the key's memory cannot be had or locked; SEC_E_INTERNAL_ERROR.
Result<Status> conceal(MutableBytes data);
Result<Status> reveal(MutableBytes data);

}  // namespace opensspi::crypto
