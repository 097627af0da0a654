// Reader: bounds-checked reading. The first bad read fails the reader for good; look at ok() before acting on a value.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace opensspi::wire {

class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16le() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32le() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64le() { return little_endian(8); }

  // The next `size` bytes as a view; empty once failed.
  Bytes take(std::size_t size);
  void read(MutableBytes out);
  void skip(std::size_t size) { take(size); }

  // Fails unless the next bytes are these.
  void expect(Bytes expected, const char* what);

  // A range of the whole input, wherever the reader stands.
  Bytes slice(std::size_t offset, std::size_t length, const char* what);

  // Fails for good; the first reason stays.
  void fail(std::string why);

  bool ok() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  Bytes all() const { return bytes_; }

 private:
  std::uint64_t little_endian(std::size_t size);

  Bytes bytes_;
  std::size_t position_ = 0;
  std::string why_;
};

}  // namespace opensspi::wire
