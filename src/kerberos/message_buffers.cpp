#include "kerberos/message_buffers.hpp"

#include <algorithm>

#include "core/buffers.hpp"

namespace opensspi::kerberos {

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
