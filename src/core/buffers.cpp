#include "core/buffers.hpp"

#include "base/secret.hpp"

namespace opensspi::core {

Result<SecBuffer*> message_token(std::span<SecBuffer> buffers) {
  SecBuffer* token = find_buffer(buffers, SECBUFFER_TOKEN);
  if (token == nullptr) return fail(Status::invalid_token, "buffers of the message", "there is no TOKEN buffer");
  if (find_buffer(buffers, SECBUFFER_DATA) == nullptr) {
    return fail(Status::invalid_token, "buffers of the message", "there is no DATA buffer");
  }
  return token;
}

Result<MutableBytes> token_with_room(std::span<SecBuffer> buffers, std::uint32_t size) {
  auto token = message_token(buffers);
  if (!token) return fail(token);
  const std::uint32_t given = (*token)->pvBuffer == nullptr ? 0 : (*token)->cbBuffer;
  (*token)->cbBuffer = size;
  if (given < size) {
    return fail(Status::buffer_too_small, "TOKEN buffer of the message",
                std::to_string(given) + " bytes are given, " + std::to_string(size) + " are needed");
  }
  return buffer_bytes(**token);
}

Result<void> point_data_at(std::span<SecBuffer> buffers, MutableBytes content) {
  SecBuffer* const data = find_buffer(buffers, SECBUFFER_DATA);
  if (data == nullptr) {
    return fail(Status::invalid_token, "buffers of the message",
                "a STREAM needs a DATA buffer beside it for the result");
  }
  data->pvBuffer = content.data();
  data->cbBuffer = static_cast<ULONG>(content.size());
  return {};
}

void zero_data(std::span<SecBuffer> buffers) {
  for (SecBuffer& buffer : buffers) {
    if (buffer_type(buffer) != SECBUFFER_DATA || is_read_only(buffer)) continue;
    const MutableBytes data = buffer_bytes(buffer);
    wipe(data.data(), data.size());
  }
}

}  // namespace opensspi::core
