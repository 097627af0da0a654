// The trace, brought to the interpreters that asked for it.
#pragma once

#include "state.hpp"

namespace twapi {

void end_trace(InterpState& state);

}  // namespace twapi
