// All of vectors/ntlm.json, through our code. Each entry has its check; a value that no check reads fails the test.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "accounts/owf.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/keys.hpp"
#include "ntlm/messages/challenge.hpp"
#include "support/ntlm_world.hpp"
#include "support/vectors.hpp"
#include "vectors/ntlm_checks.hpp"

namespace opensspi::testing {
namespace {

using namespace ntlm;

Entry entry(const char* name) { return Entry(vectors("ntlm").at(name)); }
Entry common() { return entry("ms-nlmp-4.2.1-common"); }

std::string hex(const Key16& key) { return to_hex(key.bytes()); }

accounts::Block8 server_challenge() {
  accounts::Block8 challenge{};
  copy_bytes(challenge, common()["ServerChallenge"].bytes());
  return challenge;
}

Key16 password_hash() { return accounts::ntowf_v1(utf16le(common()["Passwd"].utf16())); }

// EncryptedRandomSessionKey: the random key of the specification under this one.
std::string encrypted_random_key(const Key16& key_exchange_key) {
  ByteVector key = common()["RandomSessionKey"].bytes();
  crypto::rc4(key_exchange_key.bytes(), key);
  return to_hex(key);
}

void check_names(const AuthenticateMessage& message) {
  EXPECT_EQ(message.user, common()["User"].utf16());
  EXPECT_EQ(message.domain, common()["UserDom"].utf16());
  EXPECT_EQ(message.workstation, common()["Workstation"].utf16());
}

void check_challenge(Bytes token, std::uint32_t flags) {
  auto challenge = ChallengeMessage::parse(token);
  ASSERT_TRUE(challenge) << challenge.error().detail;
  EXPECT_EQ(challenge->flags, flags);
  EXPECT_EQ(challenge->target_name, common()["ServerName"].utf16());
  EXPECT_EQ(to_hex(challenge->server_challenge), common()["ServerChallenge"].text());
  check_challenge_round_trip(token);
}

void check_seal(const Entry& seal, const Key16& exported_session_key, std::uint32_t flags) {
  ProtectedEnd client(exported_session_key, flags, core::Role::initiator);
  ProtectedEnd server(exported_session_key, flags, core::Role::acceptor);
  const ByteVector plain = seal["plaintext"].bytes();
  const auto message = client.seal(plain);
  EXPECT_EQ(message.data, seal["ciphertext"].text());
  EXPECT_EQ(message.signature, seal["signature"].text());
  EXPECT_EQ(server.unseal(message.data, message.signature), to_hex(plain));
  EXPECT_EQ(seal["seq"].number(), 0U);
}

void check_common(const Entry& e) {
  EXPECT_EQ(e["Passwd"].text(), "Password");
  EXPECT_EQ(e["User"].text(), "User");
  EXPECT_EQ(e["UserDom"].text(), "Domain");
  EXPECT_EQ(e["ServerName"].text(), "Server");
  EXPECT_EQ(e["Workstation"].text(), "COMPUTER");
  EXPECT_EQ(e["RandomSessionKey"].bytes(), ByteVector(16, 0x55));
  EXPECT_EQ(e["Time"].bytes(), ByteVector(8, 0));
  EXPECT_EQ(e["ClientChallenge"].bytes(), ByteVector(8, 0xAA));
  EXPECT_EQ(e["ServerChallenge"].bytes().size(), 8U);
}

void check_v1_keys(const Entry& e, const Key16& nt_hash, const Key16& lm_hash) {
  const Key16 base = crypto::md4(nt_hash.bytes());
  EXPECT_EQ(hex(base), e["SessionBaseKey"].text());
  const ByteVector lm = e["LmChallengeResponse_DESL"].bytes();
  ExchangeInput input{e["flags"].flags(), true, {}, lm, &lm_hash};
  Key16 key;
  ASSERT_TRUE(key_exchange_key(base, input, key));
  EXPECT_EQ(hex(key), e["KeyExchangeKey_default"].text());
  EXPECT_EQ(encrypted_random_key(key), e["EncryptedRandomSessionKey_default"].text());
  input.flags |= kLmKey;
  ASSERT_TRUE(key_exchange_key(base, input, key));
  EXPECT_EQ(hex(key), e["KeyExchangeKey_LM_KEY"].text());
  EXPECT_EQ(encrypted_random_key(key), e["EncryptedRandomSessionKey_LM_KEY"].text());
  input.lmowf_v1 = nullptr;
  EXPECT_FALSE(key_exchange_key(base, input, key)) << "without the LM hash there is no key";
  // The key of NON_NT_SESSION_KEY is derivable but refused: neither role ever has the flag in force.
  Key16 weak;
  copy_bytes(weak.writable().first<8>(), lm_hash.bytes().first<8>());
  EXPECT_EQ(hex(weak), e["KeyExchangeKey_NON_NT_SESSION_KEY"].text());
  EXPECT_EQ(encrypted_random_key(weak), e["EncryptedRandomSessionKey_NON_NT_SESSION_KEY"].text());
}

void check_v1_seal(const Entry& e, std::uint32_t flags, const Key16& exported) {
  const Entry seal = e["seal"];
  check_seal(seal, exported, flags);
  EXPECT_EQ(seal["flags"].flags(), flags);
  EXPECT_EQ(to_hex(seal_key(exported, flags, Direction::client_to_server).bytes()), seal["SealKey"].text());
  wire::Writer crc;
  crc.u32le(crypto::crc32_update(0, seal["plaintext"].bytes()));
  EXPECT_EQ(to_hex(crc.bytes()), seal["crc32_le"].text());
  // The field of RandomPad is ignored on receipt.
  ProtectedEnd server(exported, flags, core::Role::acceptor);
  EXPECT_EQ(server.unseal(seal["ciphertext"].text(), seal["signature_with_RandomPad_kept_as_printed_in_spec"].text()),
            seal["plaintext"].text());
}

void check_v1(const Entry& e) {
  const std::uint32_t flags = e["flags"].flags();
  const Key16 nt_hash = password_hash();
  Key16 lm_hash;
  ASSERT_TRUE(accounts::lmowf_v1(utf16le(common()["Passwd"].utf16()), lm_hash));
  EXPECT_EQ(hex(nt_hash), e["NTOWFv1"].text());
  EXPECT_EQ(hex(lm_hash), e["LMOWFv1"].text());
  EXPECT_EQ(to_hex(accounts::desl(nt_hash, server_challenge())), e["NTChallengeResponse"].text());
  EXPECT_EQ(to_hex(accounts::desl(lm_hash, server_challenge())), e["LmChallengeResponse_DESL"].text());
  check_v1_keys(e, nt_hash, lm_hash);
  check_challenge(e["CHALLENGE_MESSAGE"].bytes(), flags);
  const ByteVector token = e["AUTHENTICATE_MESSAGE"].bytes();
  auto message = AuthenticateMessage::parse(token);
  ASSERT_TRUE(message) << message.error().detail;
  check_names(*message);
  EXPECT_EQ(to_hex(message->nt_response), e["NTChallengeResponse"].text());
  EXPECT_EQ(to_hex(message->lm_response), e["LmChallengeResponse_DESL"].text());
  EXPECT_EQ(to_hex(message->encrypted_random_session_key), e["EncryptedRandomSessionKey_default"].text());
  EXPECT_FALSE(message->has_room_for_mic);
  check_authenticate_round_trip(token);
  check_v1_seal(e, flags, common()["RandomSessionKey"].key());
}

void check_v1_ess(const Entry& e) {
  const std::uint32_t flags = e["flags"].flags();
  const Key16 nt_hash = password_hash();
  EXPECT_EQ(hex(nt_hash), e["NTOWFv1"].text());
  const ByteVector lm = e["LmChallengeResponse"].bytes();
  const auto session = accounts::session_challenge(server_challenge(), Bytes(lm).first(8));
  EXPECT_EQ(to_hex(accounts::desl(nt_hash, session)), e["NtChallengeResponse"].text());
  const Key16 base = crypto::md4(nt_hash.bytes());
  EXPECT_EQ(hex(base), e["SessionBaseKey"].text());
  Key16 key;
  const auto challenge = server_challenge();
  ASSERT_TRUE(key_exchange_key(base, {flags, true, challenge, lm, nullptr}, key));
  EXPECT_EQ(hex(key), e["KeyExchangeKey"].text());
  check_challenge(e["CHALLENGE_MESSAGE"].bytes(), flags);
  const ByteVector token = e["AUTHENTICATE_MESSAGE"].bytes();
  auto message = AuthenticateMessage::parse(token);
  ASSERT_TRUE(message) << message.error().detail;
  check_names(*message);
  EXPECT_EQ(to_hex(message->nt_response), e["NtChallengeResponse"].text());
  EXPECT_EQ(to_hex(message->lm_response), e["LmChallengeResponse"].text());
  EXPECT_TRUE(message->encrypted_random_session_key.empty());
  check_authenticate_round_trip(token);
  EXPECT_EQ(key_bits(flags), 56U);
  EXPECT_EQ(to_hex(key.bytes().first(7)), e["SealKey_trimmed56"].text());
  EXPECT_EQ(to_hex(seal_key(key, flags, Direction::client_to_server).bytes()), e["ClientSealingKey"].text());
  EXPECT_EQ(hex(sign_key(key, Direction::client_to_server)), e["ClientSigningKey"].text());
  check_seal(e["seal"], key, flags);
}

void check_v2_response(const Entry& e, const Key16& key) {
  const ByteVector temp = e["temp"].bytes();
  const Key16 proof = accounts::nt_proof(key, server_challenge(), temp);
  EXPECT_EQ(hex(proof), e["NTProofStr"].text());
  EXPECT_EQ(hex(crypto::hmac_md5(key.bytes(), {proof.bytes()})), e["SessionBaseKey"].text());
  const ByteVector client_challenge = common()["ClientChallenge"].bytes();
  const Key16 lm = accounts::nt_proof(key, server_challenge(), client_challenge);
  EXPECT_EQ(hex(lm) + to_hex(client_challenge), e["LMv2Response"].text());
  Challenge8 drawn;
  copy_bytes(drawn, client_challenge);
  const ByteVector time = common()["Time"].bytes();
  EXPECT_EQ(to_hex(Ntlmv2Response::serialize_temp({wire::Reader(time).u64le()}, drawn, e["TargetInfo"].bytes())),
            e["temp"].text());
}

void check_v2_messages(const Entry& e, std::uint32_t flags) {
  const ByteVector challenge_token = e["CHALLENGE_MESSAGE"].bytes();
  check_challenge(challenge_token, flags);
  auto challenge = ChallengeMessage::parse(challenge_token);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(to_hex(challenge->target_info.serialize()), e["TargetInfo"].text());
  const ByteVector token = e["AUTHENTICATE_MESSAGE"].bytes();
  auto message = AuthenticateMessage::parse(token);
  ASSERT_TRUE(message) << message.error().detail;
  check_names(*message);
  EXPECT_EQ(to_hex(message->nt_response), e["NTProofStr"].text() + e["temp"].text());
  EXPECT_EQ(to_hex(message->lm_response), e["LMv2Response"].text());
  EXPECT_EQ(to_hex(message->encrypted_random_session_key), e["EncryptedRandomSessionKey"].text());
  check_authenticate_round_trip(token);
  auto response = Ntlmv2Response::parse(message->nt_response);
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->time.ticks, 0U);
  EXPECT_EQ(to_hex(response->client_challenge), common()["ClientChallenge"].text());
  EXPECT_EQ(to_hex(response->pairs.serialize()), e["TargetInfo"].text());
}

void check_v2(const Entry& e) {
  const std::uint32_t flags = e["flags"].flags();
  const Key16 key = accounts::ntowf_v2(password_hash(), common()["User"].utf16(), common()["UserDom"].utf16());
  EXPECT_EQ(hex(key), e["NTOWFv2"].text());
  check_v2_response(e, key);
  Key16 exchange;
  ASSERT_TRUE(key_exchange_key(e["SessionBaseKey"].key(), {flags, false, {}, {}, nullptr}, exchange));
  EXPECT_EQ(hex(exchange), e["KeyExchangeKey"].text());
  EXPECT_EQ(encrypted_random_key(exchange), e["EncryptedRandomSessionKey"].text());
  check_v2_messages(e, flags);
  const Key16 exported = common()["RandomSessionKey"].key();
  EXPECT_EQ(to_hex(seal_key(exported, flags, Direction::client_to_server).bytes()), e["ClientSealingKey"].text());
  EXPECT_EQ(to_hex(seal_key(exported, flags, Direction::server_to_client).bytes()), e["ServerSealingKey"].text());
  EXPECT_EQ(hex(sign_key(exported, Direction::client_to_server)), e["ClientSigningKey"].text());
  EXPECT_EQ(hex(sign_key(exported, Direction::server_to_client)), e["ServerSigningKey"].text());
  const Entry seal = e["seal"];
  check_seal(seal, exported, flags);
  const std::uint8_t zero[4] = {};
  const Key16 mac =
      crypto::hmac_md5(sign_key(exported, Direction::client_to_server).bytes(), {zero, seal["plaintext"].bytes()});
  EXPECT_EQ(to_hex(mac.bytes().first(8)), seal["hmac8_plain"].text());
  const Entry bare = e["seal_without_KEY_EXCH"];
  ProtectedEnd client(exported, flags & ~static_cast<std::uint32_t>(kKeyExchange), core::Role::initiator);
  const auto message = client.seal(seal["plaintext"].bytes());
  EXPECT_EQ(message.data, bare["ciphertext"].text());
  EXPECT_EQ(message.signature, bare["signature"].text());
}

// The session key of the conversation is in a capture: see ntlm_captures_test.cpp. Here: what the values say by
// themselves, their numbers and versions.
void check_after_mech_list(const Entry& e) {
  EXPECT_EQ(e["plaintext"].text(), to_hex(as_bytes("hello")));
  EXPECT_TRUE(e["client_mechListMIC"].text().starts_with("01000000"));
  EXPECT_TRUE(e["client_mechListMIC"].text().ends_with("00000000"));
  EXPECT_TRUE(e["client_first_sign_seq1(hello)"].text().ends_with("01000000"));
  EXPECT_TRUE(e["server_first_sign_seq1(hello)"].text().ends_with("01000000"));
}

// Nobody's key is zero; a null session with KEY_EXCH still carries a random one.
void check_anonymous(const Entry& e) {
  Key16 key;
  ASSERT_TRUE(key_exchange_key(Key16{}, {kExtendedSessionSecurity, false, {}, {}, nullptr}, key));
  EXPECT_EQ(hex(key), e["SessionBaseKey=KeyExchangeKey"].text());
  EXPECT_EQ(e["ExportedSessionKey"].text(), common()["RandomSessionKey"].text());
  EXPECT_EQ(encrypted_random_key(key), e["EncryptedRandomSessionKey"].text());

  NtlmWorld world;
  auto client = world.anonymous_initiator(), server = world.acceptor();
  auto negotiate = step(*client, {}, {.flags = kSealing});
  ASSERT_TRUE(negotiate);
  auto challenge = step(*server, negotiate->output, {.flags = ASC_REQ_ALLOW_NULL_SESSION});
  ASSERT_TRUE(challenge);
  world.host.will_draw(e["ExportedSessionKey"].bytes());
  auto authenticate = step(*client, challenge->output, {.flags = kSealing});
  ASSERT_TRUE(authenticate) << why(authenticate);
  auto message = AuthenticateMessage::parse(authenticate->output);
  ASSERT_TRUE(message);
  EXPECT_EQ(to_hex(message->lm_response), e["LmChallengeResponse"].text());
  EXPECT_EQ(to_hex(message->nt_response), e["NtChallengeResponse"].text());
  EXPECT_EQ(to_hex(message->encrypted_random_session_key), e["EncryptedRandomSessionKey"].text());
  auto done = step(*server, authenticate->output, {.flags = ASC_REQ_ALLOW_NULL_SESSION});
  ASSERT_TRUE(done) << why(done);
  EXPECT_EQ(to_hex(session_key(*server)), e["ExportedSessionKey"].text());
}

using Check = std::function<void(const Entry&)>;

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> kChecks = {
      {"ms-nlmp-4.2.1-common", check_common},
      {"ms-nlmp-4.2.2-NTLMv1", check_v1},
      {"ms-nlmp-4.2.3-NTLMv1-ESS", check_v1_ess},
      {"ms-nlmp-4.2.4-NTLMv2", check_v2},
      {"derived-conversation-ESS-KEYEX-128", check_conversation},
      {"derived-conversation-ESS-128-noKEYEX", check_conversation},
      {"derived-after-mechListMIC", check_after_mech_list},
      {"derived-datagram-ESS-128", check_datagrams},
      {"derived-anonymous", check_anonymous},
      {"channel-bindings", check_bindings},
      {"primitives", check_primitives},
      {"filetime", check_filetimes},
  };
  return kChecks;
}

class NtlmVectors : public ::testing::TestWithParam<std::string> {};

TEST_P(NtlmVectors, AreWhatOurCodeComputes) {
  ASSERT_TRUE(vectors("ntlm").contains(GetParam()));
  const Entry e(vectors("ntlm").at(GetParam()));
  checks().at(GetParam())(e);
  for (const std::string& path : e.unread()) ADD_FAILURE() << GetParam() << path << " is looked at by no check";
}

INSTANTIATE_TEST_SUITE_P(Entries, NtlmVectors, ::testing::ValuesIn(names_of(checks())),
                         [](const auto& entry_info) { return test_name(entry_info.param); });

TEST(NtlmVectorsFile, EveryEntryHasACheck) {
  for (const auto& [name, value] : vectors("ntlm").items()) {
    EXPECT_TRUE(name == "_about" || checks().contains(name)) << name;
  }
}

}  // namespace
}  // namespace opensspi::testing
