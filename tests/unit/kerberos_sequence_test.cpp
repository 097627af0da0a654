#include "kerberos/sequence.hpp"

#include <gtest/gtest.h>

namespace opensspi::kerberos {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

std::string reason(Sequence& sequence, std::uint64_t number) {
  const auto taken = sequence.take(number);
  if (taken) return "taken";
  EXPECT_EQ(taken.error().status, Status::out_of_sequence);
  for (const char* word : {"replay", "missing", "late", "older"}) {
    if (taken.error().detail.find(word) != std::string::npos) return word;
  }
  return taken.error().detail;
}

TEST(KerberosSequence, InOrderAllAreTakenPastTheEndOfTheirWidth) {
  for (const auto& [first, mask] :
       {std::pair{kAll - 2, kAll}, {std::uint64_t{0xFFFFFFFE}, std::uint64_t{0xFFFFFFFF}}}) {
    Sequence sequence(first, mask, true, true);
    for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(reason(sequence, (first + i) & mask), "taken") << i;
    EXPECT_EQ(reason(sequence, first), "replay");
  }
}

TEST(KerberosSequence, ReplayGapLateAndOldAreToldApart) {
  Sequence sequence(100, kAll, true, true);
  EXPECT_EQ(reason(sequence, 100), "taken");
  EXPECT_EQ(reason(sequence, 100), "replay");
  EXPECT_EQ(reason(sequence, 105), "missing");
  EXPECT_EQ(reason(sequence, 103), "late");
  EXPECT_EQ(reason(sequence, 103), "replay");
  EXPECT_EQ(reason(sequence, 106), "taken");
  EXPECT_EQ(reason(sequence, 99), "late");  // a number before the first was never seen
  EXPECT_EQ(reason(sequence, 300), "missing");
  EXPECT_EQ(reason(sequence, 106), "older");
  EXPECT_EQ(reason(sequence, 237), "late");  // the last that the window knows of
  EXPECT_EQ(reason(sequence, 236), "older");
}

TEST(KerberosSequence, WithReplayDetectionAloneOrderDoesNotMatter) {
  Sequence sequence(0, kAll, true, false);
  EXPECT_EQ(reason(sequence, 5), "taken");
  EXPECT_EQ(reason(sequence, 2), "taken");
  EXPECT_EQ(reason(sequence, 2), "replay");
  EXPECT_EQ(reason(sequence, 6), "taken");
  EXPECT_EQ(reason(sequence, 200), "taken");
  EXPECT_EQ(reason(sequence, 6), "older");
}

TEST(KerberosSequence, WithoutDetectionEverythingIsTaken) {
  Sequence sequence(0, kAll, false, false);
  for (const std::uint64_t number : {7U, 7U, 3U, 1000U, 3U}) EXPECT_EQ(reason(sequence, number), "taken");
}

TEST(KerberosSequence, ANumberThatNobodyVouchesForDoesNotThrowTheWindowFarAhead) {
  Sequence sequence(0, 0xFFFFFFFF, true, true);
  EXPECT_TRUE(sequence.take_unvouched(0).has_value());
  EXPECT_FALSE(sequence.take_unvouched(0x40000001).has_value());
  EXPECT_FALSE(sequence.take_unvouched(65).has_value());
  EXPECT_TRUE(sequence.take_unvouched(1).has_value());
}

TEST(KerberosSequence, ASavedOneGoesOnWhereItWas) {
  Sequence sequence(10, kAll, true, true);
  EXPECT_EQ(reason(sequence, 10), "taken");
  wire::Writer w;
  sequence.save(w);
  Sequence copy(0, kAll, true, true);
  wire::Reader r{w.bytes()};
  copy.restore(r);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(reason(copy, 10), "replay");
  EXPECT_EQ(reason(copy, 11), "taken");
}

}  // namespace
}  // namespace opensspi::kerberos
