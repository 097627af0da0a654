// The key of this process for secrets that lie around, and the cipher under it.
#pragma once

#include "base/result.hpp"

namespace opensspi::crypto {

inline constexpr std::size_t kConcealBlockBytes = 16;

// In place; the length is a multiple of kConcealBlockBytes. AES-256-CBC enciphers under one key and deciphers under
// another, so that in reveal() a changed byte spoils everything from its block to the end, where callers have their
// padding. Equal data give equal results: the length leaves no room for a vector. SEC_E_INSUFFICIENT_MEMORY: the keys'
// memory cannot be had or locked; SEC_E_INTERNAL_ERROR.
Result<Status> conceal(MutableBytes data);
Result<Status> reveal(MutableBytes data);

}  // namespace opensspi::crypto
