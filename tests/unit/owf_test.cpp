#include "accounts/owf.hpp"

#include <gtest/gtest.h>

#include "crypto/digest.hpp"
#include "support/vectors.hpp"

namespace opensspi::accounts {
namespace {

using nlohmann::json;
using testing::from_hex;
using testing::key_from_hex;
using testing::utf16le;

const json& entry(const char* name) { return testing::vectors("ntlm").at(name); }

std::string text(const json& object, const char* key) { return object.at(key).get<std::string>(); }

ByteVector bytes(const json& object, const char* key) { return from_hex(text(object, key)); }

Block8 server_challenge() {
  Block8 challenge{};
  copy_bytes(challenge, bytes(entry("ms-nlmp-4.2.1-common"), "ServerChallenge"));
  return challenge;
}

TEST(Owf, HashesOfTheSpecification) {
  const json& v1 = entry("ms-nlmp-4.2.2-NTLMv1");
  EXPECT_EQ(to_hex(ntowf_v1(utf16le(u"Password")).bytes()), text(v1, "NTOWFv1"));
  Key16 lm_hash;
  ASSERT_TRUE(lmowf_v1(utf16le(u"Password"), lm_hash));
  EXPECT_EQ(to_hex(lm_hash.bytes()), text(v1, "LMOWFv1"));
  EXPECT_EQ(to_hex(crypto::md4(ntowf_v1(utf16le(u"Password")).bytes()).bytes()), text(v1, "SessionBaseKey"));
}

TEST(Owf, ResponsesOfTheSpecificationWithNtlmV1) {
  const json& v1 = entry("ms-nlmp-4.2.2-NTLMv1");
  EXPECT_EQ(to_hex(desl(key_from_hex(text(v1, "NTOWFv1")), server_challenge())), text(v1, "NTChallengeResponse"));
  EXPECT_EQ(to_hex(desl(key_from_hex(text(v1, "LMOWFv1")), server_challenge())), text(v1, "LmChallengeResponse_DESL"));
}

TEST(Owf, ResponsesOfTheSpecificationWithExtendedSessionSecurity) {
  const json& v1 = entry("ms-nlmp-4.2.3-NTLMv1-ESS");
  const ByteVector client = from_hex(text(v1, "LmChallengeResponse").substr(0, 16));
  const Block8 challenge = session_challenge(server_challenge(), client);
  EXPECT_EQ(to_hex(desl(key_from_hex(text(v1, "NTOWFv1")), challenge)), text(v1, "NtChallengeResponse"));
}

TEST(Owf, ResponsesOfTheSpecificationWithNtlmV2) {
  const json& v2 = entry("ms-nlmp-4.2.4-NTLMv2");
  const Key16 key = ntowf_v2(ntowf_v1(utf16le(u"Password")), u"User", u"Domain");
  EXPECT_EQ(to_hex(key.bytes()), text(v2, "NTOWFv2"));
  const Key16 proof = nt_proof(key, server_challenge(), bytes(v2, "temp"));
  EXPECT_EQ(to_hex(proof.bytes()), text(v2, "NTProofStr"));
  EXPECT_EQ(to_hex(crypto::hmac_md5(key.bytes(), {proof.bytes()}).bytes()), text(v2, "SessionBaseKey"));
  const ByteVector client = bytes(entry("ms-nlmp-4.2.1-common"), "ClientChallenge");
  EXPECT_EQ(to_hex(nt_proof(key, server_challenge(), client).bytes()) + to_hex(client), text(v2, "LMv2Response"));
}

TEST(Owf, PrimitivesOfTheVectors) {
  const json& primitives = entry("primitives");
  for (const json& one : primitives.at("MD4")) {
    EXPECT_EQ(to_hex(crypto::md4(bytes(one, "in")).bytes()), text(one, "out"));
  }
  for (const json& one : primitives.at("HMAC_MD5")) {
    EXPECT_EQ(to_hex(crypto::hmac_md5(bytes(one, "key"), {bytes(one, "in")}).bytes()), text(one, "out"));
  }
}

TEST(Owf, TheUserIsUpcasedAndTheDomainIsNot) {
  const Key16 hash = ntowf_v1(utf16le(u"Password"));
  const std::string user = to_hex(ntowf_v2(hash, u"User", u"Domain").bytes());
  EXPECT_EQ(to_hex(ntowf_v2(hash, u"uSER", u"Domain").bytes()), user);
  EXPECT_NE(to_hex(ntowf_v2(hash, u"User", u"DOMAIN").bytes()), user);
}

TEST(Owf, PasswordsWithoutAnLmHash) {
  Key16 hash;
  EXPECT_FALSE(lmowf_v1(utf16le(u"fifteen letters"), hash));
  EXPECT_FALSE(lmowf_v1(utf16le(u"p\u00e4ssword"), hash));
  EXPECT_FALSE(lmowf_v1(utf16le(u"\u0130"), hash));
  EXPECT_TRUE(lmowf_v1(utf16le(u"fourteen chars"), hash));
  EXPECT_TRUE(lmowf_v1({}, hash));
  EXPECT_EQ(to_hex(hash.bytes()), "aad3b435b51404eeaad3b435b51404ee");  // the well-known one of no password
}

}  // namespace
}  // namespace opensspi::accounts
