// Random numbers in small pieces, as confounders need them for every message.
#pragma once

#include "base/bytes.hpp"

namespace opensspi::crypto {

// The kernel's random numbers, drawn ahead for each thread and given out once: a system call for every message would
// cost more than a short message. Not drawn ahead across a fork. Never fails: it ends the process.
void random_bytes(MutableBytes out);

}  // namespace opensspi::crypto
