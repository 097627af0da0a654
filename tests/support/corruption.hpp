// One template for what every message must withstand: cut at every byte, every bit flipped, bytes behind its end, and
// the four bytes of its type replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"

namespace opensspi::testing {

struct Corruption {
  enum class Kind { truncated, bit_flipped, trailing, wrong_type };

  Kind kind;
  std::size_t at;       // truncated: the size left; bit_flipped: the byte; trailing: how many
  std::uint32_t value;  // bit_flipped: the bit; trailing: the byte; wrong_type: the type

  // In a block of exactly its size, so that a memory checker sees what is read beyond it.
  ByteVector apply(Bytes message, std::size_t type_at) const {
    if (kind == Kind::truncated) return {message.begin(), message.begin() + static_cast<std::ptrdiff_t>(at)};
    ByteVector changed;
    changed.reserve(message.size() + (kind == Kind::trailing ? at : 0));
    append(changed, message);
    if (kind == Kind::bit_flipped) changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1U << value));
    if (kind == Kind::trailing) changed.insert(changed.end(), at, static_cast<std::uint8_t>(value));
    if (kind == Kind::wrong_type) {
      for (std::size_t i = 0; i < 4; ++i) changed[type_at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return changed;
  }

  std::string text() const {
    switch (kind) {
      case Kind::truncated:
        return "cut to " + std::to_string(at) + " bytes";
      case Kind::bit_flipped:
        return "bit " + std::to_string(value) + " of byte " + std::to_string(at) + " flipped";
      case Kind::trailing:
        return std::to_string(at) + " bytes of " + std::to_string(value) + " behind it";
      case Kind::wrong_type:
        return "type " + std::to_string(value);
    }
    std::unreachable();
  }
};

// What is known of a message: how long it is, and where its type stands and what it is.
struct MessageShape {
  std::size_t size;
  std::size_t type_at;
  std::uint32_t type;
};

// Calls attempt(corruption) for each; the caller applies it to a message of this shape.
template <typename Attempt>
void for_each_corruption(const MessageShape& shape, Attempt&& attempt) {
  using Kind = Corruption::Kind;
  for (std::size_t size = 0; size < shape.size; ++size) attempt(Corruption{Kind::truncated, size, 0});
  for (std::size_t byte = 0; byte < shape.size; ++byte) {
    for (std::uint32_t bit = 0; bit < 8; ++bit) attempt(Corruption{Kind::bit_flipped, byte, bit});
  }
  for (const std::size_t count : {1U, 2U, 16U, 70000U}) {
    for (const std::uint32_t byte : {0x00U, 0xFFU}) attempt(Corruption{Kind::trailing, count, byte});
  }
  for (const std::uint32_t type : {0U, 1U, 2U, 3U, 4U, 0x01000000U, 0xFFFFFFFFU}) {
    if (type != shape.type) attempt(Corruption{Kind::wrong_type, 0, type});
  }
}

}  // namespace opensspi::testing
