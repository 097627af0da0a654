// The tokens that are ours to make and to read: frames, TGT-REQ and TGT-REP.
#include <gtest/gtest.h>

#include "kerberos/authenticator.hpp"
#include "kerberos/describe.hpp"
#include "kerberos/user_to_user.hpp"
#include "support/corruption.hpp"
#include "support/vectors.hpp"
#include "wire/der.hpp"

namespace opensspi::kerberos {
namespace {

using testing::from_hex;

TEST(KerberosTokens, TgtRequestIsAsTheDraftHasIt) {
  // 60, the object identifier, TOK_ID 04 00, SEQUENCE { [0] 5, [1] 16 }
  EXPECT_EQ(to_hex(make_tgt_request()), "601906092a864886f7120102020400300aa003020105a103020110");
  EXPECT_TRUE(is_tgt_request(make_tgt_request()));
  EXPECT_EQ(describe_token(make_tgt_request()), "TGT-REQ");
  // With a realm behind, as Windows sends it.
  EXPECT_TRUE(is_tgt_request(from_hex("601f06092a864886f71201020204003010a003020105a103020110a3041b024142")));
}

TEST(KerberosTokens, TheMechanismHasTwoSpellings) {
  const ByteVector standard = make_tgt_request();
  const ByteVector windows = from_hex("601906092a864882f7120102020400300aa003020105a103020110");
  EXPECT_FALSE(is_spelled_as_windows(standard));
  EXPECT_TRUE(is_spelled_as_windows(windows));
  EXPECT_TRUE(is_tgt_request(windows));
  ByteVector token = standard;
  respell(token);
  EXPECT_EQ(to_hex(token), to_hex(windows));
  respell(token);
  EXPECT_EQ(to_hex(token), to_hex(standard));
  // With a length of two octets.
  ByteVector longer = wire::der_element(0x60, {from_hex("06092a864882f71201020201006e"), ByteVector(200)});
  EXPECT_TRUE(is_spelled_as_windows(longer));
  respell(longer);
  EXPECT_FALSE(is_spelled_as_windows(longer));
  EXPECT_EQ(kind_of_token(longer), TokenKind::ap_req);
}

TEST(KerberosTokens, WhatHasNoSpellingStaysAsItIs) {
  const ByteVector windows = from_hex("601906092a864882f7120102020400300aa003020105a103020110");
  for (std::size_t size = 0; size < windows.size(); ++size) {
    ByteVector cut(windows.begin(), windows.begin() + static_cast<std::ptrdiff_t>(size));
    const ByteVector before = cut;
    EXPECT_FALSE(is_spelled_as_windows(cut));
    respell(cut);
    EXPECT_EQ(cut, before);
  }
  for (const char* other : {"6e03020105", "600806062b0601050502", "a1023000"}) {
    ByteVector token = from_hex(other);
    respell(token);
    EXPECT_EQ(to_hex(token), other);
  }
}

// RFC 4120 5.5.1 and 5.3: pvno, msg-type, ap-options, ticket { tkt-vno, realm, sname, enc-part { etype ... } }.
ByteVector ap_req_of(const ByteVector& etype) {
  using wire::der_context, wire::der_element;
  const ByteVector any = from_hex("0500");
  const auto part = [&](unsigned number, const ByteVector& content) {
    return der_element(der_context(number), {content});
  };
  const ByteVector encrypted = der_element(wire::kDerSequence, {part(0, etype), part(2, any)});
  const ByteVector ticket = der_element(
      0x61, {der_element(wire::kDerSequence, {part(0, any), part(1, any), part(2, any), part(3, encrypted)})});
  return der_element(0x6E, {der_element(wire::kDerSequence,
                                        {part(0, any), part(1, any), part(2, any), part(3, ticket), part(4, any)})});
}

TEST(KerberosTokens, TheTicketsEncryptionTypeIsReadOrNothing) {
  EXPECT_EQ(ticket_enctype(ap_req_of(from_hex("020112"))), 18);
  EXPECT_EQ(ticket_enctype(ap_req_of(from_hex("020117"))), 23);
  EXPECT_EQ(ticket_enctype(ap_req_of(from_hex("0202ff7b"))), -133);
  EXPECT_EQ(ticket_enctype(ap_req_of(from_hex("0200"))), std::nullopt);
  EXPECT_EQ(ticket_enctype(ap_req_of(from_hex("02050000000012"))), std::nullopt);
  EXPECT_EQ(ticket_enctype(from_hex("6e00")), std::nullopt);
  EXPECT_EQ(ticket_enctype({}), std::nullopt);
  const ByteVector token = ap_req_of(from_hex("020112"));
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_EQ(ticket_enctype(Bytes(token).first(size)), std::nullopt) << size;
  }
}

TEST(KerberosTokens, TgtReplyGivesTheTicketBack) {
  const ByteVector ticket = from_hex("6103020105");
  const ByteVector token = make_tgt_reply(ticket);
  const auto parsed = parse_tgt_reply(token);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
  EXPECT_EQ(ByteVector(parsed->begin(), parsed->end()), ticket);
  EXPECT_EQ(parse_tgt_reply(make_tgt_request()).error().status, Status::no_tgt_reply);
}

TEST(KerberosTokens, EveryCorruptionOfATgtReplyIsRefusedOrLeavesTheTicketToTheKdc) {
  const ByteVector token = make_tgt_reply(from_hex("6103020105"));
  testing::for_each_corruption({token.size(), 0, 0}, [&](const testing::Corruption& corruption) {
    const ByteVector forged = corruption.apply(token, 0);
    const auto parsed = parse_tgt_reply(forged);
    if (parsed) {  // the ticket's content is the KDC's to judge
      EXPECT_EQ(parsed->size(), 5U) << corruption.text();
    }
  });
}

TEST(KerberosTokens, OnlyWholeTokensAreTaken) {
  EXPECT_EQ(kind_of_token(make_tgt_request()), TokenKind::tgt_req);
  EXPECT_EQ(kind_of_token(make_tgt_reply(from_hex("6103020105"))), TokenKind::tgt_rep);
  EXPECT_EQ(kind_of_token(from_hex("6e0100")), TokenKind::ap_req);
  EXPECT_EQ(kind_of_token(from_hex("6f0100")), TokenKind::ap_rep);
  EXPECT_EQ(kind_of_token(from_hex("7e0100")), TokenKind::krb_error);
  EXPECT_EQ(kind_of_token(from_hex("600d06092a864886f7120102020100")), TokenKind::ap_req);
  EXPECT_EQ(kind_of_token(from_hex("600d06092a864882f7120102020100")), TokenKind::ap_req);  // Windows' other OID
  EXPECT_EQ(kind_of_token(from_hex("600d06092a864886f7120102020200")), TokenKind::ap_rep);
  EXPECT_EQ(kind_of_token(from_hex("600d06092a864886f7120102020300")), TokenKind::krb_error);
  for (const char* other : {"6e0200", "6e", "", "600d06092a864886f7120102020500", "600d06092a864886f7120102030100"}) {
    EXPECT_EQ(kind_of_token(from_hex(other)), TokenKind::other) << other;
  }
  ByteVector longer = make_tgt_request();
  longer.push_back(0);
  EXPECT_EQ(kind_of_token(longer), TokenKind::other);
  EXPECT_EQ(describe_token(bytes_of(std::string_view("NTLMSSP\0\1", 9))), "a message of NTLM");
  EXPECT_EQ(describe_token(from_hex("6e0100")), "AP-REQ in DCE style");
}

}  // namespace
}  // namespace opensspi::kerberos
