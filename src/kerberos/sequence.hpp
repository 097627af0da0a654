// Sequence: the numbers of received messages, and what a number that is not the next one means.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::kerberos {

class Sequence {
 public:
  // `mask`: all ones of the numbers' width, 64 bits in RFC 4121 and 32 in RFC 1964.
  Sequence(std::uint64_t first, std::uint64_t mask, bool detects_replay, bool detects_order)
      : base_(first), mask_(mask), detects_replay_(detects_replay), detects_order_(detects_order) {}

  // Takes the number of a message that was authenticated. SEC_E_OUT_OF_SEQUENCE: it was seen before, is too old to be
  // told from one that was, comes late, or others before it are missing; the reason says which, and the numbers after
  // it are accepted all the same.
  Result<void> take(std::uint64_t number) { return take(number, mask_ / 2); }

  // Takes one that nobody vouches for: RFC 4757 puts it under no checksum where a message is only signed. Who changes
  // it can make some messages look late, but not throw the window so far ahead that none is accepted any more.
  Result<void> take_unvouched(std::uint64_t number) { return take(number, kWindow - 1); }

  void save(wire::Writer& w) const;
  void restore(wire::Reader& r);

 private:
  Result<void> take(std::uint64_t number, std::uint64_t most_ahead);
  Result<void> take_ahead(std::uint64_t number, std::uint64_t ahead);
  Result<void> take_behind(std::uint64_t number, std::uint64_t behind);

  static constexpr std::uint64_t kWindow = 64;

  std::uint64_t base_;
  std::uint64_t mask_;
  bool detects_replay_, detects_order_;
  std::uint64_t next_ = 0;  // counted from base_
  std::uint64_t seen_ = 0;  // bit n: the number n + 1 before next_ was received
};

}  // namespace opensspi::kerberos
