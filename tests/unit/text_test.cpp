#include "base/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace opensspi {
namespace {

TEST(ToUtf16, TakesEveryLengthOfSequence) {
  EXPECT_EQ(to_utf16(""), u"");
  EXPECT_EQ(to_utf16("a\u00e9\u20ac\U0001F511z"), u"a\u00e9\u20ac\U0001F511z");
  EXPECT_EQ(to_utf16("\x7f"), u"\x7f");
  EXPECT_EQ(to_utf16("\xC2\x80\xDF\xBF"), u"\u0080\u07FF");
  EXPECT_EQ(to_utf16("\xE0\xA0\x80\xEF\xBF\xBF"), (std::u16string{0x0800, 0xFFFF}));
  EXPECT_EQ(to_utf16("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), (std::u16string{0xD800, 0xDC00, 0xDBFF, 0xDFFF}));
}

class IllFormed : public ::testing::TestWithParam<const char*> {};

TEST_P(IllFormed, IsRefused) {
  const auto converted = to_utf16(GetParam());
  ASSERT_FALSE(converted);
  EXPECT_EQ(converted.error().status, Status::invalid_parameter);
  EXPECT_NE(converted.error().detail.find("at byte 1"), std::string::npos) << converted.error().detail;
  EXPECT_FALSE(is_utf8(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sequences, IllFormed,
                         ::testing::Values("a\x80", "a\xC0\xAF", "a\xC1\xBF", "a\xC3", "a\xC3(", "a\xE0\x80\xAF",
                                           "a\xE2\x82", "a\xED\xA0\x80", "a\xED\xBF\xBF", "a\xF0\x80\x80\xAF",
                                           "a\xF0\x9F\x94", "a\xF4\x90\x80\x80", "a\xF5\x80\x80\x80", "a\xFF"));

TEST(IsUtf8, AgreesOnWhatIsWellFormed) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\u00e9\u20ac\U0001F511z"));
}

TEST(ToUtf8, IsTheWayBack) {
  const std::string text = "a\u00e9\u20ac\U0001F511z";
  EXPECT_EQ(to_utf8(*to_utf16(text)), text);
}

TEST(ToUtf8, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(to_utf8(std::u16string{u'a', 0xD800}), "a\uFFFD");
  EXPECT_EQ(to_utf8(std::u16string{0xDC00, u'a'}), "\uFFFDa");
  EXPECT_EQ(to_utf8(std::u16string{0xD800, 0xD800, 0xDC00}), "\uFFFD\U00010000");
}

TEST(Upcase, IsOneUnitForOneUnit) {
  EXPECT_EQ(upcase(u"User@Domain-9"), u"USER@DOMAIN-9");
  EXPECT_EQ(upcase(u"\u00e9\u00fc\u0444\u03b1\u0151"), u"\u00c9\u00dc\u0424\u0391\u0150");
  EXPECT_EQ(upcase(u"stra\u00dfe"), u"STRA\u00dfE");  // no expansion
}

TEST(Upcase, LeavesWhatWindowsLeaves) {
  for (const char16_t unit : {u'\u00b5', u'\u0131', u'\u017f', char16_t{0xD83D}, char16_t{0xDD11}}) {
    EXPECT_EQ(upcase(unit), unit);
  }
  EXPECT_EQ(upcase(u'\u00ff'), u'\u0178');
}

TEST(EqualIgnoringCase, ComparesUnits) {
  EXPECT_TRUE(equal_ignoring_case(u"\u00c9cole", u"\u00e9COLE"));
  EXPECT_FALSE(equal_ignoring_case(u"ab", u"abc"));
  EXPECT_FALSE(equal_ignoring_case(u"ab", u"ac"));
  EXPECT_TRUE(equal_ignoring_case(u"", u""));
}

TEST(Utf16le, IsWrittenAndReadBack) {
  ByteVector bytes;
  append_utf16le(bytes, u"A\u20ac");
  EXPECT_EQ(bytes, (ByteVector{0x41, 0x00, 0xAC, 0x20}));
  EXPECT_EQ(from_utf16le(bytes), u"A\u20ac");
  bytes.push_back(0x99);
  EXPECT_EQ(from_utf16le(bytes), u"A\u20ac");
}

TEST(Hex32, IsEightDigits) {
  EXPECT_EQ(hex32(0xE2088297), "0xe2088297");
  EXPECT_EQ(hex32(1), "0x00000001");
}

}  // namespace
}  // namespace opensspi
