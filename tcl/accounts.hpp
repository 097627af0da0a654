// Scripts as account sources.
#pragma once

#include <memory>

#include "state.hpp"

namespace twapi {

// The script calls of an interpreter that is being deleted answer no more.
void end_account_callbacks(const InterpState& state);

}  // namespace twapi
