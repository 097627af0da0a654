#include "wire/reader.hpp"

#include <algorithm>

namespace opensspi::wire {

Bytes Reader::take(std::size_t size) {
  if (!ok()) return {};
  if (size > remaining()) {
    fail("ends at byte " + std::to_string(bytes_.size()) + ", " + std::to_string(size) + " more wanted at byte " +
         std::to_string(position_));
    return {};
  }
  const Bytes taken = bytes_.subspan(position_, size);
  position_ += size;
  return taken;
}

void Reader::read(MutableBytes out) {
  const Bytes taken = take(out.size());
  if (taken.size() == out.size()) {
    copy_bytes(out, taken);
  } else {
    std::ranges::fill(out, std::uint8_t{0});
  }
}

void Reader::expect(Bytes expected, const char* what) {
  const std::size_t at = position_;
  const Bytes taken = take(expected.size());
  if (ok() && !std::ranges::equal(taken, expected)) {  // not secret
    fail(std::string(what) + " is wrong at byte " + std::to_string(at));
  }
}

Bytes Reader::slice(std::size_t offset, std::size_t length, const char* what) {
  if (!ok()) return {};
  if (!fits(offset, length, bytes_.size())) {
    fail(std::string(what) + " lies outside of the message: offset " + std::to_string(offset) + ", length " +
         std::to_string(length) + ", message " + std::to_string(bytes_.size()) + " bytes");
    return {};
  }
  return bytes_.subspan(offset, length);
}

void Reader::fail(std::string why) {
  if (ok()) why_ = std::move(why);
}

std::uint64_t Reader::little_endian(std::size_t size) {
  const Bytes taken = take(size);
  std::uint64_t value = 0;
  for (std::size_t i = taken.size(); i-- > 0;) value = (value << 8) | taken[i];
  return value;
}

}  // namespace opensspi::wire
