// How the tool tells of a failure.
#pragma once

#include <ostream>

#include "opensspi/sspi.hpp"

namespace sspi {

// The status in name, numbers and words, then package, check and reason as far as they are known. Returns kFailure.
int tell_failure(std::ostream& out, const opensspi::Error& error);

}  // namespace sspi
