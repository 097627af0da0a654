// Writer: bytes out, little-endian, into one growing sequence.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace opensspi::wire {

class Writer {
 public:
  Writer() = default;
  explicit Writer(std::size_t expected_bytes) { bytes_.reserve(expected_bytes); }

  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16le(std::uint16_t value) { little_endian(value, 2); }
  void u32le(std::uint32_t value) { little_endian(value, 4); }
  void u64le(std::uint64_t value) { little_endian(value, 8); }
  void raw(Bytes bytes) { append(bytes_, bytes); }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  void utf16le(std::u16string_view text) { append_utf16le(bytes_, text); }

  std::size_t size() const { return bytes_.size(); }
  MutableBytes bytes() { return bytes_; }
  ByteVector finish() { return std::move(bytes_); }

 private:
  void little_endian(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  ByteVector bytes_;
};

}  // namespace opensspi::wire
