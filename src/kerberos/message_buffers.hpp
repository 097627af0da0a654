// MessageBuffers: the buffers of one message, sorted by what happens to them.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "core/step.hpp"

namespace opensspi::kerberos {

// A list of runs of bytes that needs the heap only for messages in very many pieces.
class Pieces {
 public:
  void add(MutableBytes piece) {
    if (count_ < inline_.size()) {
      inline_[count_++] = piece;
      return;
    }
    if (more_.empty()) more_.assign(inline_.begin(), inline_.end());
    more_.push_back(piece);
  }
  std::span<const MutableBytes> all() const {
    return more_.empty() ? std::span<const MutableBytes>(inline_.data(), count_) : more_;
  }

 private:
  std::array<MutableBytes, 12> inline_{};
  std::size_t count_ = 0;
  std::vector<MutableBytes> more_;
};

// DATA that a wrapped message encrypts.
inline bool is_encrypted(const SecBuffer& buffer) {
  return core::buffer_type(buffer) == SECBUFFER_DATA && !core::is_read_only(buffer);
}

// DATA that a wrapped message authenticates: READONLY alone is the caller's own business.
inline bool is_wrapped(const SecBuffer& buffer) {
  return core::buffer_type(buffer) == SECBUFFER_DATA && (buffer.BufferType & SECBUFFER_READONLY) == 0;
}

// Whether some of what is authenticated is not encrypted.
inline bool has_signed_only(std::span<const SecBuffer> buffers) {
  return std::ranges::any_of(buffers, [](const SecBuffer& b) { return is_wrapped(b) && !is_encrypted(b); });
}

inline std::size_t encrypted_bytes(std::span<const SecBuffer> buffers) {
  std::size_t total = 0;
  for (const SecBuffer& buffer : buffers) total += is_encrypted(buffer) ? core::buffer_bytes(buffer).size() : 0;
  return total;
}

// Content that lies elsewhere, copied into the DATA buffers that were encrypted; the last one is made shorter to fit.
// SEC_E_BUFFER_TOO_SMALL.
Result<void> copy_into_data(std::span<SecBuffer> buffers, Bytes content);

}  // namespace opensspi::kerberos
