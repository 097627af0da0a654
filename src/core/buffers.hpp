// Buffers: how SSPI's lists of buffers are read, for message protection.
#pragma once

#include <span>

#include "base/result.hpp"
#include "core/step.hpp"

namespace opensspi::core {

inline SecBuffer* find_buffer(std::span<SecBuffer> buffers, std::uint32_t type) {
  for (SecBuffer& buffer : buffers) {
    if (buffer_type(buffer) == type) return &buffer;
  }
  return nullptr;
}

// The TOKEN buffer of a message call, wherever it stands; SEC_E_INVALID_TOKEN where there is none, or no DATA beside
// it.
Result<SecBuffer*> message_token(std::span<SecBuffer> buffers);

// The TOKEN buffer with room for `size` bytes, its cbBuffer set to them. SEC_E_BUFFER_TOO_SMALL: cbBuffer tells the
// size.
Result<MutableBytes> token_with_room(std::span<SecBuffer> buffers, std::uint32_t size);

// What came out of a STREAM buffer: the DATA buffer beside it points there. SEC_E_INVALID_TOKEN: there is none.
Result<void> point_data_at(std::span<SecBuffer> buffers, MutableBytes content);

// Nobody shall use what was not authenticated.
void zero_data(std::span<SecBuffer> buffers);

}  // namespace opensspi::core
