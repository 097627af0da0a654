#include "kerberos/message_buffers.hpp"

#include <algorithm>

#include "core/buffers.hpp"

namespace opensspi::kerberos {

Result<void> point_data_at(std::span<SecBuffer> buffers, MutableBytes content) {
  SecBuffer* const data = core::find_buffer(buffers, SECBUFFER_DATA);
  if (data == nullptr) {
    return fail(Status::invalid_token, "buffers of the message",
                "a STREAM needs a DATA buffer beside it for the result");
  }
  data->pvBuffer = content.data();
  data->cbBuffer = static_cast<ULONG>(content.size());
  return {};
}

Result<void> copy_into_data(std::span<SecBuffer> buffers, Bytes content) {
  if (encrypted_bytes(buffers) < content.size()) {
    return fail(Status::buffer_too_small, "DATA buffers of the message",
                std::to_string(encrypted_bytes(buffers)) + " bytes are given, " + std::to_string(content.size()) +
                    " are needed; a token of this form can be given whole as STREAM too");
  }
  for (SecBuffer& buffer : buffers) {
    if (!is_encrypted(buffer)) continue;
    const std::size_t part = std::min<std::size_t>(buffer.cbBuffer, content.size());
    copy_bytes(core::buffer_bytes(buffer), content.first(part));
    buffer.cbBuffer = static_cast<ULONG>(part);
    content = content.subspan(part);
  }
  return {};
}

}  // namespace opensspi::kerberos
