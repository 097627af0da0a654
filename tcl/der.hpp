// A reader of DER, as far as extensions of certificates need it; fails for good on the first bad read.
#pragma once

#include "values.hpp"

namespace twapi {

class DerReader {
 public:
  struct Element {
    std::uint8_t tag = 0;
    Bytes content;
  };

  explicit DerReader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || rest_.empty(); }
  bool next_is(std::uint8_t tag) const { return !at_end() && rest_[0] == tag; }

  // Tags of one byte and lengths of up to four.
  Element next() {
    const std::uint8_t tag = byte();
    std::size_t length = byte();
    if (length >= 0x80) {
      const std::size_t count = length & 0x7F;
      if (count == 0 || count > 4) return fail();
      length = 0;
      for (std::size_t i = 0; i < count; ++i) length = (length << 8) | byte();
    }
    if (!ok_ || (tag & 0x1F) == 0x1F || length > rest_.size()) return fail();
    const Element element{tag, rest_.first(length)};
    rest_ = rest_.subspan(length);
    return element;
  }

  Bytes expect(std::uint8_t tag) {
    const Element element = next();
    if (element.tag != tag) fail();
    return ok_ ? element.content : Bytes();
  }

 private:
  std::uint8_t byte() {
    if (rest_.empty()) ok_ = false;
    if (!ok_) return 0;
    const std::uint8_t first = rest_[0];
    rest_ = rest_.subspan(1);
    return first;
  }
  Element fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace twapi
