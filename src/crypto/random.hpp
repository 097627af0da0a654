// Random numbers in small pieces, as confounders need them for every message.
#pragma once

#include "base/bytes.hpp"

namespace opensspi::crypto {

// OpenSSL's generator of this thread, which is seeded anew after a fork; never fails, it ends the process.
void random_bytes(MutableBytes out);

}  // namespace opensspi::crypto
