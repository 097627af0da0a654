// The messages of NTLM as values: what is read, what is written, what is refused and with which reason. MS-NLMP 2.2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ntlm/describe.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/authenticate.hpp"
#include "ntlm/messages/challenge.hpp"
#include "ntlm/messages/negotiate.hpp"
#include "support/ntlm_world.hpp"
#include "support/vectors.hpp"

namespace opensspi::ntlm {
namespace {

using namespace opensspi::testing;
using ::testing::HasSubstr;

void put32(ByteVector& token, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) token[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// ---- NEGOTIATE_MESSAGE.

TEST(NegotiateMessage, IsWhatWindowsSends) {
  const ByteVector token = NegotiateMessage{0xE2088237}.serialize();
  EXPECT_EQ(to_hex(token), "4e544c4d5353500001000000378208e2000000000000000000000000000000000a0063450000000f");
  EXPECT_EQ(NegotiateMessage::parse(token).value().flags, 0xE2088237U);
}

TEST(NegotiateMessage, ShortFormsAreRead) {
  const ByteVector token = NegotiateMessage{kUnicode}.serialize();
  for (const std::size_t size : {16U, 17U, 31U, 32U, 33U, 40U}) {
    EXPECT_TRUE(NegotiateMessage::parse(Bytes(token).first(size))) << size;
  }
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_EQ(status_of(NegotiateMessage::parse(Bytes(token).first(size))), Status::invalid_token) << size;
  }
}

TEST(NegotiateMessage, NamesCountOnlyWhereTheirFlagIsSet) {
  ByteVector token = NegotiateMessage{kUnicode}.serialize();
  put32(token, 16, 0x00FF00FF);
  put32(token, 20, 0xFFFFFFFF);
  EXPECT_TRUE(NegotiateMessage::parse(token));
  put32(token, 12, kUnicode | kOemDomainSupplied);
  EXPECT_THAT(why(NegotiateMessage::parse(token)), HasSubstr("DomainName lies outside"));
}

TEST(NegotiateMessage, NeedsACharacterSet) {
  EXPECT_THAT(why(NegotiateMessage::parse(NegotiateMessage{kNtlm}.serialize())), HasSubstr("neither UNICODE nor OEM"));
}

// ---- CHALLENGE_MESSAGE.

constexpr Challenge8 kNonce = {1, 2, 3, 4, 5, 6, 7, 8};

ByteVector challenge(std::uint32_t flags, std::u16string_view name, Bytes info) {
  return ChallengeMessage::serialize(flags, kNonce, name, info).value();
}

TEST(ChallengeMessage, RoundTrips) {
  AvPairs pairs;
  const ByteVector name = utf16le(u"SERVER");
  pairs.set(AvId::nb_computer_name, name);
  for (const std::uint32_t set : {std::uint32_t{kUnicode}, std::uint32_t{kOem}}) {
    const ByteVector token = challenge(set | kTargetInfo | kVersion, u"SERVER", pairs.serialize());
    const auto read = ChallengeMessage::parse(token);
    ASSERT_TRUE(read) << why(read);
    EXPECT_EQ(read->flags, set | kTargetInfo | kVersion);
    EXPECT_EQ(read->server_challenge, kNonce);
    EXPECT_EQ(read->target_name, u"SERVER");
    EXPECT_TRUE(read->has_target_info);
    EXPECT_EQ(read->target_info.text(AvId::nb_computer_name), u"SERVER");
  }
}

TEST(ChallengeMessage, OldFormOf32BytesIsRead) {
  const ByteVector token = challenge(kUnicode, u"", {});
  const auto read = ChallengeMessage::parse(Bytes(token).first(32));
  ASSERT_TRUE(read) << why(read);
  EXPECT_FALSE(read->has_target_info);
}

TEST(ChallengeMessage, TargetInfoCountsOnlyWithItsFlag) {
  ByteVector token = challenge(kUnicode, u"SERVER", as_bytes("no list of pairs"));
  EXPECT_FALSE(ChallengeMessage::parse(token).value().has_target_info);
  put32(token, 20, kUnicode | kTargetInfo);
  EXPECT_EQ(status_of(ChallengeMessage::parse(token)), Status::invalid_token);
}

TEST(ChallengeMessage, OddTextIsRefused) {
  ByteVector token = challenge(kUnicode, u"SERVER", {});
  put32(token, 12, 0x000B000B);
  EXPECT_THAT(why(ChallengeMessage::parse(token)), HasSubstr("odd number of bytes: 11"));
}

TEST(ChallengeMessage, OffsetsDoNotWrap) {
  for (const std::uint32_t offset : {0xFFFFFFFFU, 0xFFFFFFF4U, 0x80000000U, 69U}) {
    ByteVector token = challenge(kUnicode, u"SERVER", {});
    put32(token, 16, offset);
    EXPECT_THAT(why(ChallengeMessage::parse(token)), HasSubstr("TargetName lies outside")) << offset;
  }
}

TEST(ChallengeMessage, OemSaysOnlyLatin1) {
  EXPECT_EQ(status_of(ChallengeMessage::serialize(kOem, kNonce, u"\u0416", {})), Status::unsupported_function);
  EXPECT_EQ(ChallengeMessage::parse(challenge(kOem, u"\u00C4", {})).value().target_name, u"\u00C4");
}

// ---- AUTHENTICATE_MESSAGE.

AuthenticateMessage sample(const ByteVector& response) {
  AuthenticateMessage m;
  m.flags = kUnicode | kVersion;
  m.domain = u"DOMAIN";
  m.user = u"user";
  m.workstation = u"WORKSTATION";
  m.lm_response = Bytes(response).first(24);
  m.nt_response = response;
  m.encrypted_random_session_key = Bytes(response).first(16);
  return m;
}

TEST(AuthenticateMessage, RoundTripsInBothCharacterSets) {
  const ByteVector response(60, 0x5A);
  for (const std::uint32_t set : {std::uint32_t{kUnicode}, std::uint32_t{kOem}}) {
    AuthenticateMessage m = sample(response);
    m.flags = set;
    const ByteVector token = m.serialize().value();
    const auto read = AuthenticateMessage::parse(token);
    ASSERT_TRUE(read) << why(read);
    EXPECT_EQ(read->user, u"user");
    EXPECT_EQ(read->domain, u"DOMAIN");
    EXPECT_EQ(read->workstation, u"WORKSTATION");
    EXPECT_EQ(to_hex(read->nt_response), to_hex(response));
    EXPECT_EQ(read->lm_response.size(), 24U);
    EXPECT_EQ(read->encrypted_random_session_key.size(), 16U);
    EXPECT_EQ(to_hex(read->mic(token)), to_hex(ByteVector(16)));
  }
}

TEST(AuthenticateMessage, HasRoomForAMicOnlyWhereNoPayloadStands) {
  const ByteVector response(60, 0x5A);
  const ByteVector token = sample(response).serialize().value();
  EXPECT_TRUE(AuthenticateMessage::parse(token).value().has_room_for_mic);
  for (const std::size_t descriptor : {12U, 20U, 28U, 36U, 44U, 52U}) {
    ByteVector moved = token;
    put32(moved, descriptor + 4, 86);
    const auto read = AuthenticateMessage::parse(moved);
    ASSERT_TRUE(read) << why(read);
    EXPECT_FALSE(read->has_room_for_mic) << descriptor;
    EXPECT_TRUE(read->mic(moved).empty());
  }
}

TEST(AuthenticateMessage, AnEmptyFieldsOffsetMeansNothing) {
  ByteVector token = sample(ByteVector(60)).serialize().value();
  put32(token, 44, 0);
  put32(token, 48, 0xFFFFFFFF);
  const auto read = AuthenticateMessage::parse(token);
  ASSERT_TRUE(read) << why(read);
  EXPECT_EQ(read->workstation, u"");
  EXPECT_TRUE(read->has_room_for_mic);
}

TEST(AuthenticateMessage, TooLongFieldsAreNotWritten) {
  const ByteVector response(0x10000);
  AuthenticateMessage m = sample(response);
  EXPECT_EQ(status_of(m.serialize()), Status::invalid_parameter);
  m = sample(ByteVector(60));
  m.nt_response = {};
  m.lm_response = {};
  m.encrypted_random_session_key = {};
  m.user = std::u16string(40000, u'u');
  EXPECT_EQ(status_of(m.serialize()), Status::invalid_parameter);
}

// ---- NTLMv2_RESPONSE.

TEST(Ntlmv2Response, ReadsWhatItWrites) {
  AvPairs pairs;
  const ByteVector name = utf16le(u"SERVER");
  pairs.set(AvId::nb_computer_name, name);
  ByteVector response(16, 0xAB);
  append(response, Ntlmv2Response::serialize_temp({12345}, kNonce, pairs.serialize()));
  const auto read = Ntlmv2Response::parse(response);
  ASSERT_TRUE(read) << why(read);
  EXPECT_EQ(read->time.ticks, 12345U);
  EXPECT_EQ(to_hex(read->client_challenge), to_hex(kNonce));
  EXPECT_EQ(read->pairs.text(AvId::nb_computer_name), u"SERVER");
  for (std::size_t size = 0; size < response.size() - 4; ++size) {  // the last four bytes are behind the list
    EXPECT_EQ(status_of(Ntlmv2Response::parse(Bytes(response).first(size))), Status::invalid_token) << size;
  }
}

TEST(Ntlmv2Response, VersionsAreOne) {
  ByteVector response(16, 0xAB);
  append(response, Ntlmv2Response::serialize_temp({0}, kNonce, AvPairs{}.serialize()));
  EXPECT_EQ(response.size(), Ntlmv2Response::kLeastBytes + 4);
  for (const std::size_t at : {16U, 17U}) {
    ByteVector other = response;
    other[at] = 2;
    EXPECT_THAT(why(Ntlmv2Response::parse(other)), HasSubstr("must be 1"));
  }
}

// ---- AV_PAIR lists.

ByteVector pair(std::uint16_t id, Bytes value) {
  wire::Writer w;
  w.u16le(id);
  w.u16le(static_cast<std::uint16_t>(value.size()));
  w.raw(value);
  return w.finish();
}

ByteVector list(std::initializer_list<ByteVector> pairs) {
  ByteVector all;
  for (const ByteVector& one : pairs) append(all, one);
  append(all, pair(0, {}));
  return all;
}

TEST(AvPairs, KeepOrderAndUnknownIds) {
  const ByteVector bytes = list({pair(0xFFFE, as_bytes("opaque")), pair(2, utf16le(u"D")), pair(1, utf16le(u"C"))});
  const auto pairs = AvPairs::parse(bytes, "list");
  ASSERT_TRUE(pairs) << why(pairs);
  EXPECT_EQ(pairs->serialize(), bytes);
  EXPECT_EQ(pairs->serialized_bytes(), bytes.size());
  EXPECT_EQ(pairs->text(AvId::nb_domain_name), u"D");
  EXPECT_EQ(pairs->text(AvId::dns_tree_name), u"");
}

TEST(AvPairs, WhatFollowsTheEndIsNotTheirs) {
  ByteVector bytes = list({pair(1, utf16le(u"C"))});
  append(bytes, as_bytes("anything"));
  EXPECT_EQ(AvPairs::parse(bytes, "list").value().pairs().size(), 1U);
}

TEST(AvPairs, AListWithoutItsEndIsRefused) {
  const ByteVector bytes = list({pair(1, utf16le(u"C")), pair(9, utf16le(u"target"))});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(status_of(AvPairs::parse(Bytes(bytes).first(size), "list")), Status::invalid_token) << size;
  }
}

TEST(AvPairs, DuplicatesAndWrongLengthsAreRefused) {
  struct Case {
    ByteVector bytes;
    const char* reason;
  };
  const Case cases[] = {
      {list({pair(6, ByteVector(4)), pair(6, ByteVector(4))}), "AV_PAIR 6 stands in the list twice"},
      {list({pair(0x1234, {}), pair(0x1234, {})}), "twice"},
      {list({pair(6, ByteVector(5))}), "AV_PAIR 6 has 5 bytes, not 4"},
      {list({pair(7, ByteVector(4))}), "AV_PAIR 7 has 4 bytes, not 8"},
      {list({pair(10, ByteVector(17))}), "AV_PAIR 10 has 17 bytes, not 16"},
      {list({pair(0, ByteVector(1))}), "AV_PAIR 0 has 1 bytes, not 0"},
      {list({pair(3, ByteVector(3))}), "odd number of bytes: 3"},
      {list({pair(9, ByteVector(1))}), "odd number of bytes: 1"},
  };
  for (const Case& c : cases) EXPECT_THAT(why(AvPairs::parse(c.bytes, "list")), HasSubstr(c.reason));
}

TEST(AvPairs, SetReplacesInPlaceAndRemoveTakesOut) {
  const ByteVector bytes = list({pair(6, ByteVector{1, 0, 0, 0}), pair(7, ByteVector(8, 9))});
  AvPairs pairs = AvPairs::parse(bytes, "list").value();
  EXPECT_EQ(pairs.flags(), 1U);
  EXPECT_EQ(pairs.timestamp()->ticks, 0x0909090909090909U);
  const ByteVector two = {2, 0, 0, 0};
  pairs.set(AvId::flags, two);
  EXPECT_EQ(pairs.pairs()[0].id, AvId::flags);
  EXPECT_EQ(pairs.flags(), 2U);
  pairs.remove(AvId::timestamp);
  EXPECT_FALSE(pairs.timestamp());
  pairs.remove(AvId::flags);
  EXPECT_EQ(pairs.flags(), 0U);
  EXPECT_EQ(pairs.serialize(), ByteVector(4));
}

// ---- The trace's words.

TEST(Describe, NamesFlagsAndLengthsAndNoSecrets) {
  NtlmWorld world;
  auto client = world.initiator(), server = world.acceptor();
  const Conversation c = log_on(*client, *server, {.flags = kSealing, .target = u"HTTP/host"});
  ASSERT_EQ(c.status, Status::ok) << c.reason;
  const auto read = AuthenticateMessage::parse(c.authenticate).value();
  const std::string words = describe_message(c.authenticate);
  for (const char* part : {"AUTHENTICATE_MESSAGE", "SEAL", "alice", "EXAMPLE", "HTTP/host", "16 bytes"}) {
    EXPECT_THAT(words, HasSubstr(part));
  }
  for (const Bytes secret : {read.nt_response.first(16), read.encrypted_random_session_key, read.mic(c.authenticate)}) {
    EXPECT_THAT(words, ::testing::Not(HasSubstr(to_hex(secret))));
  }
  EXPECT_THAT(describe_message(c.negotiate), HasSubstr("NEGOTIATE_MESSAGE"));
  EXPECT_THAT(describe_message(c.challenge), HasSubstr("CHALLENGE_MESSAGE"));
  for (const auto* token : {&c.negotiate, &c.challenge, &c.authenticate}) {
    for (std::size_t size = 0; size < token->size(); ++size) {
      EXPECT_FALSE(describe_message(Bytes(*token).first(size)).empty());
    }
  }
}

TEST(Describe, FlagsWithoutANameAreNumbers) {
  EXPECT_EQ(describe_flags(0), "0x00000000 ()");
  EXPECT_EQ(describe_flags(kUnicode | 0x08), "0x00000009 (UNICODE 0x00000008)");
}

}  // namespace
}  // namespace opensspi::ntlm
