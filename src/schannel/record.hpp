// Records: RFC 8446 5.1. OpenSSL is given whole ones only, so that an incomplete one can be presented again.
#pragma once

#include "base/bytes.hpp"

namespace opensspi::schannel {

inline constexpr std::size_t kRecordHead = 5;
inline constexpr std::size_t kMostPlain = 16384;             // RFC 8446 5.1
inline constexpr std::size_t kMostBody = kMostPlain + 2048;  // RFC 5246 6.2.3

struct RecordFrame {
  enum class Kind { whole, incomplete, bad } kind = Kind::incomplete;
  std::size_t size = 0;     // whole: head and body
  std::size_t missing = 0;  // incomplete: how many more bytes at least
};

// The first record of the bytes.
inline RecordFrame first_record(Bytes bytes) {
  if (bytes.size() < kRecordHead) return {RecordFrame::Kind::incomplete, 0, kRecordHead - bytes.size()};
  const std::size_t body = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
  const bool known = bytes[0] >= 20 && bytes[0] <= 23 && bytes[1] == 3;
  if (!known || body > kMostBody) return {RecordFrame::Kind::bad, 0, 0};
  const std::size_t size = kRecordHead + body;
  if (bytes.size() < size) return {RecordFrame::Kind::incomplete, 0, size - bytes.size()};
  return {RecordFrame::Kind::whole, size, 0};
}

}  // namespace opensspi::schannel
