// Signing and sealing on lists of buffers as callers give them, and the state between messages. MS-NLMP 3.4.
#include <gtest/gtest.h>

#include "ntlm/flags.hpp"
#include "ntlm/protection.hpp"
#include "support/ntlm_world.hpp"
#include "support/vectors.hpp"

namespace opensspi::ntlm {
namespace {

using namespace opensspi::testing;

constexpr std::uint32_t kStrong = kSign | kSeal | kExtendedSessionSecurity | k128 | kKeyExchange;

Key16 key() { return key_from_hex("000102030405060708090a0b0c0d0e0f"); }

struct Ends {
  explicit Ends(std::uint32_t flags)
      : client(key(), flags, core::Role::initiator), server(key(), flags, core::Role::acceptor) {}
  Protection client, server;
};

SecBuffer data(ByteVector& bytes, ULONG attributes = 0) {
  return {static_cast<ULONG>(bytes.size()), SECBUFFER_DATA | attributes, bytes.data()};
}
SecBuffer token(ByteVector& bytes, ULONG attributes = 0) {
  return {static_cast<ULONG>(bytes.size()), SECBUFFER_TOKEN | attributes, bytes.data()};
}

class ProtectionForms : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Flags, ProtectionForms,
                         ::testing::Values(kStrong, kStrong & ~std::uint32_t{kKeyExchange},
                                           std::uint32_t{kSign | kSeal | kExtendedSessionSecurity | k56},
                                           std::uint32_t{kSign | kSeal | kExtendedSessionSecurity},
                                           std::uint32_t{kSign | kSeal | kKeyExchange},
                                           std::uint32_t{kSign | kSeal | kLmKey},
                                           std::uint32_t{kSign | kSeal | kLmKey | k56}, kStrong | kDatagram));

// Data in any number of buffers, some to be signed only, is one message.
TEST_P(ProtectionForms, ManyBuffersAreOneMessage) {
  Ends ends(GetParam());
  ByteVector signature(16), head = as_bytes("header"), empty, first = as_bytes("first part"), second(20000, 0x5C),
                            tail = as_bytes("trailer");
  const ByteVector plain_second = second;
  SecBuffer list[] = {data(head, SECBUFFER_READONLY),
                      data(first),
                      {0, SECBUFFER_PADDING, nullptr},
                      data(empty),
                      token(signature, SECBUFFER_READONLY),
                      data(second),
                      data(tail, SECBUFFER_READONLY_WITH_CHECKSUM),
                      {0, SECBUFFER_EMPTY, nullptr}};
  ASSERT_TRUE(ends.client.seal(list, 3));
  EXPECT_EQ(head, as_bytes("header"));
  EXPECT_EQ(tail, as_bytes("trailer"));
  EXPECT_NE(first, as_bytes("first part"));
  EXPECT_NE(second, plain_second);
  ASSERT_TRUE(ends.server.unseal(list, 3));
  EXPECT_EQ(first, as_bytes("first part"));
  EXPECT_EQ(second, plain_second);
}

// The cuts between buffers leave no trace in what is sent.
TEST_P(ProtectionForms, CutsDoNotMatter) {
  Ends whole(GetParam()), parts(GetParam());
  ByteVector all(30000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i * 7);
  ByteVector one(all.begin(), all.begin() + 8191), two(all.begin() + 8191, all.begin() + 8193),
      three(all.begin() + 8193, all.end());
  ByteVector signature_whole(16), signature_parts(16);
  SecBuffer single[] = {token(signature_whole), data(all)};
  SecBuffer several[] = {data(one), data(two), data(three), token(signature_parts)};
  ASSERT_TRUE(whole.client.seal(single, 0));
  ASSERT_TRUE(parts.client.seal(several, 0));
  EXPECT_EQ(signature_whole, signature_parts);
  append(one, two);
  append(one, three);
  EXPECT_EQ(one, all);
}

TEST_P(ProtectionForms, AReadOnlyBufferAloneIsSigned) {
  Ends ends(GetParam());
  ByteVector signature(16), text = as_bytes("what twapi signs");
  SecBuffer list[] = {token(signature), data(text, SECBUFFER_READONLY)};
  ASSERT_TRUE(ends.client.sign(list, 0));
  list[0].BufferType |= SECBUFFER_READONLY;
  ASSERT_TRUE(ends.server.verify(list, 0));
  ASSERT_TRUE(ends.client.sign(list, 1));
  text[0] ^= 1;
  EXPECT_EQ(status_of(ends.server.verify(list, 1)), Status::message_altered);
}

TEST_P(ProtectionForms, SavedStateGoesOn) {
  Ends ends(GetParam());
  for (std::uint32_t number = 0; number < 5; ++number) {
    wire::Writer w;
    ends.client.save(w);
    EXPECT_EQ(w.size(), Protection::kSavedBytes);
    Protection copy(key(), GetParam(), core::Role::initiator);
    wire::Reader r{w.bytes()};
    copy.restore(r);
    EXPECT_TRUE(r.ok() && r.remaining() == 0);
    ByteVector a = as_bytes("message"), b = a, token_a(16), token_b(16);
    SecBuffer list_a[] = {token(token_a), data(a)}, list_b[] = {token(token_b), data(b)};
    ASSERT_TRUE(ends.client.seal(list_a, number));
    ASSERT_TRUE(copy.seal(list_b, number));
    EXPECT_EQ(a, b);
    EXPECT_EQ(token_a, token_b);
    ASSERT_TRUE(ends.server.unseal(list_a, number));
  }
}

TEST_P(ProtectionForms, TheTokensBufferMayBeLarger) {
  Ends ends(GetParam());
  ByteVector room(64, 0xEE), text = as_bytes("text");
  SecBuffer list[] = {token(room), data(text)};
  ASSERT_TRUE(ends.client.sign(list, 0));
  EXPECT_EQ(list[0].cbBuffer, 16U);
  EXPECT_EQ(room[16], 0xEE);
  EXPECT_TRUE(ends.server.verify(list, 0));
}

// A padding buffer is not NTLM's; it is given with the size of SECPKG_ATTR_SIZES, which is 0, or with any other.
TEST_P(ProtectionForms, PaddingIsLeftEmptyAndUnsigned) {
  Ends ends(GetParam());
  ByteVector signature(16), text = as_bytes("text"), padding(8, 0x11);
  SecBuffer list[] = {token(signature), data(text), {8, SECBUFFER_PADDING, padding.data()}};
  ASSERT_TRUE(ends.client.seal(list, 0));
  EXPECT_EQ(list[2].cbBuffer, 0U);
  EXPECT_EQ(padding, ByteVector(8, 0x11));
  EXPECT_TRUE(ends.server.unseal(std::span(list).first(2), 0));
}

TEST(Protection, BothWaysShareOneStreamWithoutExtendedSessionSecurity) {
  Ends ends(kSign | kSeal);
  for (int i = 0; i < 3; ++i) {
    for (auto* const way : {&ends.client, &ends.server}) {
      Protection& other = way == &ends.client ? ends.server : ends.client;
      ByteVector signature(16), text = as_bytes("half duplex");
      SecBuffer list[] = {token(signature), data(text)};
      ASSERT_TRUE(way->seal(list, 0));
      ASSERT_TRUE(other.unseal(list, 0));
      EXPECT_EQ(text, as_bytes("half duplex"));
    }
  }
}

TEST(Protection, OneKeyExchangedKeyIsAsStrongAsItSays) {
  EXPECT_EQ(key_bits(kExtendedSessionSecurity | k128 | k56), 128U);
  EXPECT_EQ(key_bits(kExtendedSessionSecurity | k56), 56U);
  EXPECT_EQ(key_bits(kExtendedSessionSecurity), 40U);
  EXPECT_EQ(key_bits(kLmKey | k56 | k128), 56U);
  EXPECT_EQ(key_bits(kLmKey), 40U);
  EXPECT_EQ(key_bits(0), 128U);
}

TEST(Protection, MechListMicTakesANumberAndNoStream) {
  Ends ends(kStrong);
  const ByteVector mech_types = as_bytes("the list of mechanisms");
  ByteVector mic(16);
  ends.client.sign_mech_list(mech_types, Signature(mic));
  EXPECT_EQ(status_of(ends.server.verify_mech_list(as_bytes("another list"), mic)), Status::message_altered);
  EXPECT_EQ(status_of(ends.server.verify_mech_list(mech_types, Bytes(mic).first(15))), Status::message_altered);
  EXPECT_TRUE(ends.server.verify_mech_list(mech_types, mic));
  EXPECT_EQ(status_of(ends.server.verify_mech_list(mech_types, mic)), Status::out_of_sequence);
  ByteVector signature(16), text = as_bytes("first message");
  SecBuffer list[] = {token(signature), data(text)};
  ASSERT_TRUE(ends.client.seal(list, 0));
  EXPECT_EQ(signature[12], 1);
  EXPECT_TRUE(ends.server.unseal(list, 0));
}

}  // namespace
}  // namespace opensspi::ntlm
