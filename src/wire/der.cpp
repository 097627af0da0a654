#include "wire/der.hpp"

#include "base/text.hpp"

namespace opensspi::wire {
namespace {

// More than any token that a field of 32 bits, or a caller's buffer, can hold.
constexpr std::size_t kMostLengthBytes = 4;

std::string tag_name(std::uint8_t tag) { return "tag 0x" + to_hex({&tag, 1}); }

}  // namespace

bool DerReader::measure(std::uint8_t tag, const char* what, std::size_t& head, std::size_t& length) {
  if (!ok()) return false;
  const std::string named = std::string(what) + ": ";
  if (rest_.size() < 2) {
    fail(named + "it ends before " + tag_name(tag));
    return false;
  }
  if (rest_[0] != tag) {
    fail(named + tag_name(rest_[0]) + " stands where " + tag_name(tag) + " is due");
    return false;
  }
  head = 2;
  length = rest_[1];
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > kMostLengthBytes || rest_.size() < 2 + count) {
      fail(named + "its length is indefinite, too long or cut off");
      return false;
    }
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = (length << 8) | rest_[2 + i];
    head += count;
    // X.690 10.1: the shortest form.
    if (length < 0x80 || (count > 1 && rest_[2] == 0)) {
      fail(named + "its length is not in the shortest form");
      return false;
    }
  }
  if (length > rest_.size() - head) {
    fail(named + "it claims " + std::to_string(length) + " bytes, " + std::to_string(rest_.size() - head) +
         " are there");
    return false;
  }
  return true;
}

Bytes DerReader::content(std::uint8_t tag, const char* what) {
  std::size_t head = 0;
  std::size_t length = 0;
  if (!measure(tag, what, head, length)) return {};
  const Bytes found = rest_.subspan(head, length);
  rest_ = rest_.subspan(head + length);
  return found;
}

Bytes DerReader::element(std::uint8_t tag, const char* what) {
  std::size_t head = 0;
  std::size_t length = 0;
  if (!measure(tag, what, head, length)) return {};
  const Bytes found = rest_.first(head + length);
  rest_ = rest_.subspan(head + length);
  return found;
}

void DerReader::finish(const char* what) {
  if (ok() && !rest_.empty()) {
    fail(std::string(what) + ": " + std::to_string(rest_.size()) +
         " bytes follow its end, or stand in the wrong order");
  }
}

void DerReader::fail(std::string why) {
  if (ok()) why_ = std::move(why);
}

ByteVector der_element(std::uint8_t tag, std::initializer_list<Bytes> parts) {
  std::size_t length = 0;
  for (const Bytes part : parts) length += part.size();
  ByteVector out;
  out.reserve(length + 6);
  out.push_back(tag);
  if (length < 0x80) {
    out.push_back(static_cast<std::uint8_t>(length));
  } else {
    std::size_t count = 1;
    while (count < sizeof length && (length >> (8 * count)) != 0) ++count;
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  }
  for (const Bytes part : parts) append(out, part);
  return out;
}

}  // namespace opensspi::wire
