// The DER reader: strict, bounded, and failed for good once it failed.
#include "wire/der.hpp"

#include <gtest/gtest.h>

#include "support/vectors.hpp"

namespace opensspi::wire {
namespace {

using testing::from_hex;

TEST(DerReader, ReadsContentAndWholeElements) {
  const ByteVector bytes = from_hex("0402aabb30030a0101");
  DerReader r(bytes);
  EXPECT_EQ(to_hex(r.content(kDerOctetString, "octets")), "aabb");
  EXPECT_TRUE(r.at(kDerSequence));
  EXPECT_EQ(to_hex(r.element(kDerSequence, "sequence")), "30030a0101");
  EXPECT_TRUE(r.empty());
  r.finish("all");
  EXPECT_TRUE(r.ok());
}

TEST(DerReader, RefusesWhatIsNotInTheShortestForm) {
  for (const char* bad : {"04810100", "048200800000", "0484000000ff00", "0480", "0485ffffffffff", "0402aa", "04", ""}) {
    SCOPED_TRACE(bad);
    const ByteVector bytes = from_hex(bad);
    DerReader r(bytes);
    EXPECT_TRUE(r.content(kDerOctetString, "octets").empty());
    EXPECT_FALSE(r.ok());
    EXPECT_NE(r.why().find("octets"), std::string::npos);
  }
}

TEST(DerReader, StaysFailed) {
  const ByteVector bytes = from_hex("0401aa0401bb");
  DerReader r(bytes);
  EXPECT_TRUE(r.content(kDerOid, "oid").empty());
  EXPECT_TRUE(r.content(kDerOctetString, "octets").empty());
  EXPECT_NE(r.why().find("tag 0x04 stands where tag 0x06 is due"), std::string::npos) << r.why();
}

TEST(DerReader, SaysWhatFollowsTheEnd) {
  const ByteVector bytes = from_hex("0401aaff");
  DerReader r(bytes);
  r.content(kDerOctetString, "octets");
  r.finish("octets");
  EXPECT_FALSE(r.ok());
}

TEST(DerElement, WritesTheShortestLengthAndIsReadBack) {
  for (const std::size_t size : {0UL, 1UL, 127UL, 128UL, 255UL, 256UL, 65535UL, 65536UL}) {
    SCOPED_TRACE(size);
    const ByteVector content(size, 0x5A);
    const ByteVector element = der_element(kDerOctetString, {content});
    DerReader r(element);
    EXPECT_EQ(r.content(kDerOctetString, "octets").size(), size);
    r.finish("octets");
    EXPECT_TRUE(r.ok()) << r.why();
  }
}

}  // namespace
}  // namespace opensspi::wire
