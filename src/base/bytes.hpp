// Bytes: views and owned sequences, and how text is made of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opensspi {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline void copy_bytes(MutableBytes to, Bytes from) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

inline void append(ByteVector& to, Bytes from) {
  const std::size_t at = to.size();
  to.resize(at + from.size());
  copy_bytes(MutableBytes(to).subspan(at), from);
}

// The offsets of a range that a peer or caller names, without wrapping.
inline bool fits(std::size_t offset, std::size_t length, std::size_t size) {
  return offset <= size && length <= size - offset;
}

// Lower-case hexadecimal digits; for public values only.
std::string to_hex(Bytes bytes);

}  // namespace opensspi
