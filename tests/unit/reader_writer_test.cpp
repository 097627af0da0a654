#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::wire {
namespace {

TEST(Writer, IsReadBack) {
  Writer writer(64);
  writer.u8(0x12);
  writer.u16le(0x3456);
  writer.u32le(0x789ABCDE);
  writer.u64le(0x0123456789ABCDEF);
  writer.zeros(3);
  writer.utf16le(u"A\u20ac");
  writer.raw(bytes_of("end"));
  const ByteVector bytes = writer.finish();
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x12);
  EXPECT_EQ(reader.u16le(), 0x3456);
  EXPECT_EQ(reader.u32le(), 0x789ABCDEU);
  EXPECT_EQ(reader.u64le(), 0x0123456789ABCDEFU);
  reader.skip(3);
  EXPECT_EQ(to_hex(reader.take(4)), "4100ac20");
  reader.expect(bytes_of("end"), "the end");
  EXPECT_TRUE(reader.ok()) << reader.why();
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(Reader, FailsForGoodAtTheFirstBadRead) {
  const ByteVector bytes{1, 2, 3};
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u32le(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "a byte was there, but the reader had failed";
  EXPECT_EQ(reader.position(), 1U);
  const std::string first = reader.why();
  reader.fail("another reason");
  EXPECT_EQ(reader.why(), first);
}

TEST(Reader, ReadGivesZerosOnceFailed) {
  const ByteVector bytes{1, 2};
  Reader reader(bytes);
  std::array<std::uint8_t, 3> out{9, 9, 9};
  reader.read(out);
  EXPECT_FALSE(reader.ok());
  EXPECT_TRUE(std::ranges::all_of(out, [](auto byte) { return byte == 0; }));
}

TEST(Reader, SliceIsBoundedWithoutWrapping) {
  const ByteVector bytes{1, 2, 3, 4};
  EXPECT_EQ(to_hex(Reader(bytes).slice(1, 2, "x")), "0203");
  EXPECT_EQ(Reader(bytes).slice(4, 0, "x").size(), 0U);
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  struct Range {
    std::size_t offset, length;
  };
  for (const auto [offset, length] : {Range{5, 0}, Range{0, 5}, Range{4, 1}, Range{kMost, 2}, Range{2, kMost}}) {
    Reader reader(bytes);
    EXPECT_TRUE(reader.slice(offset, length, "the field").empty());
    EXPECT_FALSE(reader.ok()) << offset << " " << length;
    EXPECT_NE(reader.why().find("the field"), std::string::npos);
  }
}

TEST(Reader, ExpectTellsADifferenceAndAnEnd) {
  const ByteVector bytes{1, 2, 3};
  Reader wrong(bytes);
  wrong.expect(ByteVector{1, 3}, "magic");
  EXPECT_FALSE(wrong.ok());
  Reader short_one(bytes);
  short_one.expect(ByteVector{1, 2, 3, 4}, "magic");
  EXPECT_FALSE(short_one.ok());
}

TEST(Reader, TakesNothingFromNothing) {
  Reader reader({});
  EXPECT_TRUE(reader.take(0).empty());
  EXPECT_TRUE(reader.ok());
  reader.skip(1);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace opensspi::wire
