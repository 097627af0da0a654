// DER, X.690: strict and bounded reading, and writing of nested elements.
//
// Only what definite, minimal lengths and single-byte tags can say; that is all of GSS-API's and SPNEGO's tokens.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/bytes.hpp"

namespace opensspi::wire {

enum DerTag : std::uint8_t {
  kDerBitString = 0x03,
  kDerOctetString = 0x04,
  kDerOid = 0x06,
  kDerEnumerated = 0x0A,
  kDerGeneralString = 0x1B,
  kDerSequence = 0x30,
  kDerApplication0 = 0x60,
};
constexpr std::uint8_t der_context(unsigned number) { return static_cast<std::uint8_t>(0xA0 | number); }

// The first bad read fails the reader for good, and those it was entered from when they look at it by finish().
class DerReader {
 public:
  explicit DerReader(Bytes bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  // Whether the next element has the tag; a failed or empty reader has none.
  bool at(std::uint8_t tag) const { return ok() && !rest_.empty() && rest_[0] == tag; }

  // The content of the next element, which must have the tag; empty once failed.
  Bytes content(std::uint8_t tag, const char* what);
  // The next element whole, its tag and length with it.
  Bytes element(std::uint8_t tag, const char* what);

  // Fails unless everything was read.
  void finish(const char* what);
  void fail(std::string why);
  // Takes over the failure of a reader of a part.
  void join(const DerReader& part) {
    if (!part.ok()) fail(part.why());
  }

  bool ok() const { return why_.empty(); }
  const std::string& why() const { return why_; }

 private:
  // Sizes of the next element's head and content; false, with the reason, where it is not well-formed.
  bool measure(std::uint8_t tag, const char* what, std::size_t& head, std::size_t& length);

  Bytes rest_;
  std::string why_;
};

// One element around the parts, one after the other.
ByteVector der_element(std::uint8_t tag, std::initializer_list<Bytes> parts);

}  // namespace opensspi::wire
