// Random numbers straight from the kernel.
#pragma once

#include "base/bytes.hpp"

namespace opensspi {

// Fills `out`; a kernel that gives none ends the process, as no caller could go on without.
void kernel_random(MutableBytes out);

}  // namespace opensspi
