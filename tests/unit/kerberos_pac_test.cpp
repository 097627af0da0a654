#include "kerberos/pac.hpp"

#include <gtest/gtest.h>

#include "support/vectors.hpp"

namespace opensspi::kerberos {
namespace {

// KERB_VALIDATION_INFO of a made-up user, written by Samba 4.17's NDR (krb5pac.PAC_LOGON_INFO_CTR).
constexpr const char* kSamba =
    "0000020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000a000a00040002001000100008000200000000000c000200020002001000020000000000140002000000000018000200"
    "000000004f04000001020000020000001c000200000000000000000000000000000000000000000006000800200002000e00"
    "1000240002002800020000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000005000000000000000500000061006c006900630065000000080000000000"
    "00000800000041006c00690063006500200041002e0000000000000000000000000001000000000000000100000070000000"
    "000000000000000000000000000000000000000000000000020000000102000007000000b004000007000000040000000000"
    "00000300000044004300310000000800000000000000070000004500580041004d0050004c00450000000400000001040000"
    "0000000515000000c7353a428e6b748455a1aec6";

// MS-RPCE 2.2.6: the headers that a PAC has in front of it.
ByteVector with_headers(const ByteVector& body) {
  ByteVector all = testing::from_hex("01100800cccccccc");
  for (std::size_t i = 0; i < 4; ++i) all.push_back(static_cast<std::uint8_t>(body.size() >> (8 * i)));
  all.resize(16);
  append(all, body);
  return all;
}

TEST(KerberosPac, NamesAndSidsAreRead) {
  const auto info = parse_logon_info(with_headers(testing::from_hex(kSamba)));
  ASSERT_TRUE(info.has_value()) << info.error().detail;
  EXPECT_EQ(info->account, u"alice");
  EXPECT_EQ(info->domain, u"EXAMPLE");
  ASSERT_EQ(info->sids.size(), 3U);
  EXPECT_EQ(info->sids[0], u"S-1-5-21-1111111111-2222222222-3333333333-1103");
  EXPECT_EQ(info->sids[1], u"S-1-5-21-1111111111-2222222222-3333333333-513");
  EXPECT_EQ(info->sids[2], u"S-1-5-21-1111111111-2222222222-3333333333-1200");
}

TEST(KerberosPac, OneThatIsCutOffIsRefused) {
  const ByteVector whole = with_headers(testing::from_hex(kSamba));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto info = parse_logon_info(Bytes(whole).first(size));
    ASSERT_FALSE(info.has_value()) << size;
    EXPECT_EQ(info.error().status, Status::invalid_token);
  }
}

TEST(KerberosPac, CountsThatDoNotFitAreRefused) {
  ByteVector forged = with_headers(testing::from_hex(kSamba));
  forged[16 + 4 + 48] = 0xFF;  // EffectiveName.Length
  EXPECT_FALSE(parse_logon_info(forged).has_value());
}

}  // namespace
}  // namespace opensspi::kerberos
