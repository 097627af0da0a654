// The frame of every step of a handshake: a context that failed stays failed, one that is established takes no further
// token, and only the last line of a step moves the state forward.
#pragma once

#include <utility>

#include "base/result.hpp"
#include "core/step.hpp"

namespace opensspi::core {

// State: an enum with `established` and `failed` among its values. `advance(before)` does the step and sets `state`
// where it goes on; whatever way it ends else, the state is failed. `check` names who speaks, as "NTLM acceptor".
template <typename State, typename Advance>
Result<Step> handshake_step(State& state, const char* check, Advance&& advance) {
  const State before = std::exchange(state, State::failed);
  if (before == State::established) {
    state = before;
    return fail(Status::out_of_sequence, check, "the context is established; no further token is due");
  }
  if (before == State::failed) {
    return fail(Status::out_of_sequence, check, "the context failed in an earlier step; begin a new one");
  }
  return advance(before);
}

}  // namespace opensspi::core
