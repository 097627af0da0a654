// What the C API allocates for its callers: one allocator, one way to free, wiped on the way.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.hpp"
#include "opensspi/sspi.h"

namespace opensspi::capi {

// Zeroed; never nullptr (bad_alloc). Freed by FreeContextBuffer.
void* allocate(std::size_t size_bytes);
void* allocate_copy(Bytes bytes);
SEC_WCHAR* allocate_text(std::u16string_view text);

// Wipes and frees. False for what allocate() did not give or what was freed before: nothing is touched then.
bool free_allocated(void* memory);

// Several texts and structures in one allocation, freed at once: sizes are added up first, then pieces are laid out.
class Block {
 public:
  static std::size_t text_bytes(std::u16string_view text) { return (text.size() + 1) * sizeof(char16_t); }

  // The structure stands at the front; texts follow in the order they are put.
  template <typename T>
  Block(T*& front, std::size_t count, std::size_t all_text_bytes)
      : memory_(static_cast<std::uint8_t*>(allocate(sizeof(T) * count + all_text_bytes))), next_(sizeof(T) * count) {
    front = reinterpret_cast<T*>(memory_);
  }
  SEC_WCHAR* put(std::u16string_view text);
  // Room for pointers: put before any text whose length is odd in pointers' units.
  void* room(std::size_t size_bytes) {
    void* at = memory_ + next_;
    next_ += size_bytes;
    return at;
  }

 private:
  std::uint8_t* memory_;
  std::size_t next_;
};

}  // namespace opensspi::capi
