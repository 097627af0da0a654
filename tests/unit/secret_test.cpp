#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <new>
#include <type_traits>
#include <vector>

#include "support/vectors.hpp"

namespace opensspi {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_copy_constructible_v<Key16> && !std::is_copy_assignable_v<Key16>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_constructible_v<Key16>);
static_assert(!std::equality_comparable<Secret> && !std::equality_comparable<Key16>);
static_assert(!Printable<Secret> && !Printable<Key16>);

bool is_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

TEST(Key16, IsWipedWhenItEnds) {
  alignas(Key16) std::array<std::uint8_t, sizeof(Key16)> memory{};
  auto* key = new (memory.data()) Key16(testing::key_from_hex("00112233445566778899aabbccddeeff"));
  ASSERT_FALSE(is_zero(key->bytes()));
  std::destroy_at(key);
  EXPECT_TRUE(is_zero(memory));
}

TEST(Key16, LeavesNothingBehindWhenItMoves) {
  Key16 from = testing::key_from_hex("00112233445566778899aabbccddeeff");
  Key16 to = std::move(from);
  EXPECT_TRUE(is_zero(from.bytes()));  // NOLINT(bugprone-use-after-move): what is left is what is tested
  EXPECT_EQ(to_hex(to.bytes()), "00112233445566778899aabbccddeeff");
  Key16 assigned;
  assigned = std::move(to);
  EXPECT_TRUE(is_zero(to.bytes()));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(to_hex(assigned.clone().bytes()), "00112233445566778899aabbccddeeff");
}

TEST(Secret, HoldsMovesClonesAndClears) {
  Secret secret(bytes_of("correct horse"));
  EXPECT_EQ(secret.size(), 13U);
  const Secret copy = secret.clone();
  Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(equal_in_constant_time(moved.bytes(), copy.bytes()));
  moved.clear();
  EXPECT_TRUE(moved.empty());
  EXPECT_TRUE(moved.bytes().empty());
  EXPECT_TRUE(is_zero(Secret(32).bytes()));
}

TEST(EqualInConstantTime, TellsEveryDifferentByte) {
  const ByteVector a(40, 0x5A);
  EXPECT_TRUE(equal_in_constant_time(a, ByteVector(a)));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      ByteVector b = a;
      b[i] = static_cast<std::uint8_t>(b[i] ^ (1 << bit));
      EXPECT_FALSE(equal_in_constant_time(a, b));
    }
  }
  EXPECT_FALSE(equal_in_constant_time(a, Bytes(a).first(39)));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

}  // namespace
}  // namespace opensspi
