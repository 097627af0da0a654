#include "kerberos/sequence.hpp"

namespace opensspi::kerberos {
namespace {

std::unexpected<Error> out_of_sequence(std::uint64_t number, std::uint64_t due, const std::string& meaning) {
  return fail(Status::out_of_sequence, "message number",
              "it is " + std::to_string(number) + " where " + std::to_string(due) + " is due: " + meaning);
}

}  // namespace

Result<void> Sequence::take(std::uint64_t number, std::uint64_t most_ahead) {
  if (!detects_replay_ && !detects_order_) return {};
  const std::uint64_t relative = (number - base_) & mask_;
  // Numbers that wrap are compared as a distance: the nearer side tells whether it lies ahead or behind.
  const std::uint64_t ahead = (relative - next_) & mask_;
  if (ahead > mask_ / 2) return take_behind(number, (next_ - relative) & mask_);
  if (ahead <= most_ahead) return take_ahead(number, ahead);
  return out_of_sequence(number, (base_ + next_) & mask_, "too many messages before it are missing, or it was changed");
}

Result<void> Sequence::take_ahead(std::uint64_t number, std::uint64_t ahead) {
  const std::uint64_t due = (base_ + next_) & mask_;
  seen_ = ahead + 1 < kWindow ? (seen_ << (ahead + 1)) | 1 : 1;
  next_ = (next_ + ahead + 1) & mask_;
  if (ahead == 0 || !detects_order_) return {};
  return out_of_sequence(number, due, std::to_string(ahead) + " messages before it are missing");
}

Result<void> Sequence::take_behind(std::uint64_t number, std::uint64_t behind) {
  const std::uint64_t due = (base_ + next_) & mask_;
  if (behind > kWindow) {
    return out_of_sequence(number, due,
                           "it is older than the last 64 messages, and cannot be told from one that was received");
  }
  const std::uint64_t bit = 1ULL << (behind - 1);
  if ((seen_ & bit) != 0) return out_of_sequence(number, due, "it was received before; it is a replay");
  seen_ |= bit;
  if (!detects_order_) return {};
  return out_of_sequence(number, due, "it comes late, behind messages that were sent after it");
}

void Sequence::save(wire::Writer& w) const {
  w.u64le(base_);
  w.u64le(next_);
  w.u64le(seen_);
}

void Sequence::restore(wire::Reader& r) {
  base_ = r.u64le() & mask_;
  next_ = r.u64le() & mask_;
  seen_ = r.u64le();
}

}  // namespace opensspi::kerberos
