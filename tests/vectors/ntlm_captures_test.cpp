// Captures of Windows and values of other projects' tests: read from the directory OPENSSPI_CAPTURES where it is given,
// never carried in this project.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

#include "accounts/owf.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/keys.hpp"
#include "ntlm/messages/challenge.hpp"
#include "ntlm/messages/negotiate.hpp"
#include "support/ntlm_world.hpp"
#include "support/vectors.hpp"
#include "vectors/ntlm_checks.hpp"

namespace opensspi::testing {
namespace {

using namespace ntlm;

const nlohmann::json* captures() {
  static const nlohmann::json* const kCaptures = []() -> const nlohmann::json* {
    const char* directory = std::getenv("OPENSSPI_CAPTURES");
    if (directory == nullptr) return nullptr;
    std::ifstream in(std::string(directory) + "/ntlm.json");
    return in ? new nlohmann::json(nlohmann::json::parse(in)) : nullptr;
  }();
  return kCaptures;
}

std::string hex(const Key16& key) { return to_hex(key.bytes()); }

// ---- Values of other projects' tests.

std::uint32_t named_strength(const std::string& words) {
  std::uint32_t flags = 0;
  const std::map<std::string, std::uint32_t> names = {
      {"ESS", kExtendedSessionSecurity}, {"128", k128}, {"56", k56}, {"LM_KEY", kLmKey}, {"DATAGRAM", kDatagram}};
  for (const auto& [name, flag] : names) {
    if (words.find(name) != std::string::npos) flags |= flag;
  }
  return flags;
}

void check_strengths(const Entry& e) {
  const Key16 key = e["ExportedSessionKey"].key();
  for (const Entry& strength : e["keys"].elements()) {
    const std::uint32_t flags = named_strength(strength["flags"].text());
    const bool one_key = strength.has("client=server");
    EXPECT_EQ(to_hex(seal_key(key, flags, Direction::client_to_server).bytes()),
              strength[one_key ? "client=server" : "client"].text());
    EXPECT_EQ(to_hex(seal_key(key, flags, Direction::server_to_client).bytes()),
              strength[one_key ? "client=server" : "server"].text());
  }
}

void check_one_way_functions(const Entry& e) {
  for (const Entry& one : e["list"].elements()) {
    const ByteVector password = utf16le(one["password"].utf16());
    const Key16 hash = accounts::ntowf_v1(password);
    EXPECT_EQ(hex(hash), one["NTOWFv1"].text());
    if (one.has("NTOWFv2")) {
      EXPECT_EQ(hex(accounts::ntowf_v2(hash, one["user"].utf16(), one["domain"].utf16())), one["NTOWFv2"].text());
    } else {
      EXPECT_TRUE(one["user"].is_null() && one["domain"].is_null());
    }
    if (!one.has("LMOWFv1")) continue;
    Key16 lm_hash;
    ASSERT_TRUE(accounts::lmowf_v1(password, lm_hash));
    EXPECT_EQ(hex(lm_hash), one["LMOWFv1"].text());
  }
}

// Keys and a number that no handshake gives: the parts of a signature one by one.
void check_seal_by_keys(const Entry& e) {
  const auto number = static_cast<std::uint32_t>(e["seq"].number());
  wire::Writer number_le;
  number_le.u32le(number);
  ByteVector data = e["plaintext"].bytes();
  const Key16 mac = crypto::hmac_md5(e["SigningKey"].bytes(), {number_le.bytes(), data});
  ByteVector checksum(mac.bytes().begin(), mac.bytes().begin() + 8);
  EXPECT_EQ("01000000" + to_hex(checksum) + to_hex(number_le.bytes()), e["signature_no_KEY_EXCH"].text());
  crypto::Rc4 stream(e["SealingKey"].bytes());
  stream.apply(data);
  EXPECT_EQ(to_hex(data), e["ciphertext"].text());
  stream.apply(checksum);
  EXPECT_EQ("01000000" + to_hex(checksum) + to_hex(number_le.bytes()), e["signature_KEY_EXCH"].text());
}

// The third message has buffers that are signed and stay in the clear, before and behind its data.
ProtectedEnd::Message seal_between(Protection& sender, const ByteVector& covered, const ByteVector& plain) {
  const std::size_t before = (covered.size() - plain.size()) / 2;
  ByteVector token(16), head(covered.begin(), covered.begin() + static_cast<std::ptrdiff_t>(before)),
      body = plain, tail(covered.end() - static_cast<std::ptrdiff_t>(before), covered.end());
  constexpr ULONG kSigned = SECBUFFER_DATA | SECBUFFER_READONLY_WITH_CHECKSUM;
  SecBuffer buffers[] = {{static_cast<ULONG>(head.size()), kSigned, head.data()},
                         {static_cast<ULONG>(body.size()), SECBUFFER_DATA, body.data()},
                         {static_cast<ULONG>(tail.size()), kSigned, tail.data()},
                         {16, SECBUFFER_TOKEN, token.data()}};
  EXPECT_TRUE(sender.seal(buffers, 0));
  EXPECT_EQ(to_hex(head) + to_hex(plain) + to_hex(tail), to_hex(covered));
  return {to_hex(body), to_hex(token)};
}

void check_half_duplex(const Entry& e) {
  const Key16 hash = accounts::ntowf_v1(utf16le(e["password"].utf16()));
  const std::uint32_t negotiated = e["challenge_flags"].flags();
  Key16 key;
  const ByteVector lm(24, 0);
  ASSERT_TRUE(key_exchange_key(crypto::md4(hash.bytes()), {negotiated, true, {}, lm, nullptr}, key));
  EXPECT_EQ(hex(key), e["KeyExchangeKey=ExportedSessionKey=MD4(NTOWFv1)"].text());
  EXPECT_EQ(ProtectedEnd(key, negotiated, core::Role::initiator).sign(as_bytes("any")).signature,
            e["dummy_signature"].text());
  // Windows sealed although SEAL was not negotiated; with it, ours are the same bytes.
  ProtectedEnd client(key, negotiated | kSign | kSeal, core::Role::initiator);
  ProtectedEnd server(key, negotiated | kSign | kSeal, core::Role::acceptor);
  std::uint64_t due = 0;
  for (const Entry& message : e["messages"].elements()) {
    const bool up = message["dir"].text() == "client->server";
    const ByteVector plain = message["plaintext"].bytes(), covered = message["crc_covers"].bytes();
    EXPECT_EQ(message["seq"].number(), due++);
    EXPECT_TRUE(message["matches_windows"].truth());
    const auto sealed = covered == plain ? (up ? client : server).seal(plain)
                                         : seal_between((up ? client : server).protection(), covered, plain);
    EXPECT_EQ(sealed.data, message["ciphertext"].text());
    EXPECT_EQ(sealed.signature, message["signature"].text());
    if (covered != plain) continue;  // the receiver would need the same buffers
    EXPECT_EQ((up ? server : client).unseal(sealed.data, sealed.signature), to_hex(plain));
  }
}

// ---- Captures of whole handshakes.

struct Messages {
  ByteVector negotiate, challenge, authenticate;
};

std::u16string pair_text(const Entry& capture, std::uint64_t id) {
  for (const Entry& pair : capture["av_pairs"].elements()) {
    if (pair["id"].number() == id) return from_utf16le(pair["value"].bytes());
  }
  return {};
}

// The listed pairs are those of the response, in its order.
void check_pairs(const Entry& capture, const AvPairs& pairs) {
  const auto listed = capture["av_pairs"].elements();
  ASSERT_EQ(listed.size(), pairs.pairs().size() + 1);
  for (std::size_t i = 0; i < pairs.pairs().size(); ++i) {
    EXPECT_EQ(listed[i]["id"].number(), static_cast<std::uint64_t>(pairs.pairs()[i].id));
    EXPECT_EQ(listed[i]["value"].text(), to_hex(pairs.pairs()[i].value));
  }
  EXPECT_EQ(listed.back()["id"].number(), 0U);
  EXPECT_EQ(listed.back()["value"].text(), "");
}

void check_fields(const Entry& capture, const AuthenticateMessage& message) {
  EXPECT_EQ(message.flags, capture["auth_flags"].flags());
  EXPECT_EQ(message.user, capture["user"].utf16());
  EXPECT_EQ(message.domain, capture["domain"].utf16());
  EXPECT_EQ(message.user, capture["decoded"]["user"].utf16());
  EXPECT_EQ(message.domain, capture["decoded"]["domain"].utf16());
  EXPECT_EQ(message.workstation, capture["decoded"]["workstation"].utf16());
  EXPECT_EQ(to_hex(message.lm_response), capture["LmChallengeResponse"].text());
  EXPECT_EQ(to_hex(message.encrypted_random_session_key), capture["EncryptedRandomSessionKey"].text());
}

void check_response_and_keys(const Entry& capture, const Messages& m, const AuthenticateMessage& message) {
  auto challenge = ChallengeMessage::parse(m.challenge);
  ASSERT_TRUE(challenge) << challenge.error().detail;
  auto response = Ntlmv2Response::parse(message.nt_response);
  ASSERT_TRUE(response) << response.error().detail;
  check_pairs(capture, response->pairs);
  const Bytes temp = message.nt_response.subspan(Ntlmv2Response::kProofBytes);
  EXPECT_EQ(to_hex(temp.subspan(28 + response->pairs.serialized_bytes())), capture["temp_trailer_after_EOL"].text());
  const Key16 key =
      accounts::ntowf_v2(accounts::ntowf_v1(utf16le(capture["password"].utf16())), message.user, message.domain);
  EXPECT_EQ(hex(key), capture["NTOWFv2"].text());
  const Key16 proof = accounts::nt_proof(key, challenge->server_challenge, temp);
  EXPECT_EQ(hex(proof), capture["NTProofStr"].text());
  EXPECT_EQ(hex(proof), to_hex(message.nt_response.first(16)));
  EXPECT_EQ(hex(crypto::hmac_md5(key.bytes(), {proof.bytes()})), capture["SessionBaseKey"].text());
  ByteVector exported(message.encrypted_random_session_key.begin(), message.encrypted_random_session_key.end());
  if (exported.empty())
    exported = capture["SessionBaseKey"].bytes();
  else
    crypto::rc4(capture["SessionBaseKey"].bytes(), exported);
  EXPECT_EQ(to_hex(exported), capture["ExportedSessionKey"].text());
}

void check_mic(const Entry& capture, const Messages& m, const AuthenticateMessage& message) {
  const Key16 mic =
      message_integrity_code(capture["ExportedSessionKey"].key(), m.negotiate, m.challenge, m.authenticate);
  EXPECT_EQ(hex(mic), capture["MIC"].text());
  EXPECT_EQ(hex(mic) == to_hex(message.mic(m.authenticate)), capture["mic_ok"].truth());
}

// A host with the names and the time of the captured server.
void become_server(NtlmWorld& world, const Entry& capture, const ChallengeMessage& challenge) {
  HostNames& names = world.host.writable_names();
  names.netbios_domain = pair_text(capture, 2);
  names.netbios_computer = pair_text(capture, 1);
  names.dns_domain = pair_text(capture, 4);
  names.dns_computer = pair_text(capture, 3);
  names.dns_tree = pair_text(capture, 5);
  names.domain_member = (challenge.flags & kTargetTypeDomain) != 0;
  world.host.set_now(challenge.target_info.timestamp().value());
  world.host.will_draw(challenge.server_challenge);
  world.add_account(capture["user"].utf16(), capture["domain"].utf16(), capture["password"].utf16());
}

// Our CHALLENGE_MESSAGE has a Version of its own, so that the MIC of the capture (checked above) cannot fit it: the MIC
// is made anew with the captured key, and all else is as it was captured.
ByteVector with_mic_for(const Entry& capture, const Messages& m, Bytes our_challenge) {
  ByteVector token = m.authenticate;
  const Key16 mic =
      message_integrity_code(capture["ExportedSessionKey"].key(), m.negotiate, our_challenge, m.authenticate);
  copy_bytes(MutableBytes(token).subspan(kMicOffset, kMicBytes), mic.bytes());
  return token;
}

void replay_at_acceptor(const Entry& capture, const Messages& m, const StepOptions& options, Status expected) {
  NtlmWorld world;
  auto captured = ChallengeMessage::parse(m.challenge);
  ASSERT_TRUE(captured);
  become_server(world, capture, *captured);
  auto server = world.acceptor();
  auto answer = step(*server, m.negotiate, options);
  ASSERT_TRUE(answer) << why(answer);
  auto ours = ChallengeMessage::parse(answer->output);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->server_challenge, captured->server_challenge);
  EXPECT_EQ(to_hex(ours->target_info.serialize()), to_hex(captured->target_info.serialize()));
  if (!captured->target_name.empty()) {  // one capture's server gives no TargetName, and its type neither
    EXPECT_EQ(describe_flags(ours->flags), describe_flags(captured->flags));
    EXPECT_EQ(ours->target_name, captured->target_name);
    EXPECT_EQ(to_hex(Bytes(answer->output).first(48)), to_hex(Bytes(m.challenge).first(48)));
  }
  auto done = step(*server, with_mic_for(capture, m, answer->output), options);
  ASSERT_EQ(status_of(done), expected) << why(done);
  if (expected != Status::ok) return;
  EXPECT_EQ(to_hex(session_key(*server)), capture["ExportedSessionKey"].text());
  const std::u16string domain = capture["domain"].utf16(), user = capture["user"].utf16();
  EXPECT_EQ(user_name(*server), domain.empty() ? user : domain + u'\\' + user);
  auto target = server->query(SECPKG_ATTR_CLIENT_SPECIFIED_TARGET);
  ASSERT_TRUE(target);
  EXPECT_EQ(std::get<core::ClientTarget>(*target).name, pair_text(capture, 9));
}

// Without the new MIC the captured one must be refused: it is of another CHALLENGE_MESSAGE.
void replay_with_old_mic(const Entry& capture, const Messages& m) {
  NtlmWorld world;
  auto captured = ChallengeMessage::parse(m.challenge);
  ASSERT_TRUE(captured);
  become_server(world, capture, *captured);
  auto server = world.acceptor();
  ASSERT_TRUE(step(*server, m.negotiate));
  auto done = step(*server, m.authenticate);
  EXPECT_EQ(status_of(done), Status::logon_denied);
  EXPECT_TRUE(why(done).starts_with("AUTHENTICATE_MESSAGE MIC")) << why(done);
}

// What our initiator answers to the captured CHALLENGE_MESSAGE with the captured client's challenge, key and names; it
// sends no SingleHost, so that the responses are compared by their parts.
void reproduce_at_initiator(const Entry& capture, const Messages& m, const StepOptions& options) {
  NtlmWorld world;
  auto theirs = AuthenticateMessage::parse(m.authenticate);
  ASSERT_TRUE(theirs);
  auto their_response = Ntlmv2Response::parse(theirs->nt_response);
  ASSERT_TRUE(their_response);
  world.host.writable_names().netbios_computer = theirs->workstation;
  auto client = world.initiator(theirs->user, theirs->domain, capture["password"].utf16());
  const std::u16string target = pair_text(capture, 9);
  StepOptions with_target = options;
  with_target.target = target;
  auto negotiate = step(*client, {}, with_target);
  ASSERT_TRUE(negotiate) << why(negotiate);
  auto captured_negotiate = NegotiateMessage::parse(m.negotiate);
  ASSERT_TRUE(captured_negotiate);
  auto our_negotiate = NegotiateMessage::parse(negotiate->output);
  ASSERT_TRUE(our_negotiate);
  // Windows still offers LM_KEY with signing; we do only where weak keys are allowed.
  EXPECT_EQ(describe_flags(our_negotiate->flags),
            describe_flags(captured_negotiate->flags & ~static_cast<std::uint32_t>(kLmKey)));
  EXPECT_EQ(negotiate->output.size(), m.negotiate.size());

  world.host.will_draw(their_response->client_challenge);
  world.host.will_draw(capture["ExportedSessionKey"].bytes());
  auto answer = step(*client, m.challenge, with_target);
  ASSERT_TRUE(answer) << why(answer);
  auto ours = AuthenticateMessage::parse(answer->output);
  ASSERT_TRUE(ours);
  EXPECT_EQ(describe_flags(ours->flags), describe_flags(theirs->flags));
  EXPECT_EQ(ours->user, theirs->user);
  EXPECT_EQ(ours->domain, theirs->domain);
  EXPECT_EQ(ours->workstation, theirs->workstation);
  EXPECT_EQ(to_hex(ours->lm_response), to_hex(theirs->lm_response));
  EXPECT_EQ(ours->encrypted_random_session_key.size(), theirs->encrypted_random_session_key.size());
  auto our_response = Ntlmv2Response::parse(ours->nt_response);
  ASSERT_TRUE(our_response);
  EXPECT_EQ(our_response->time, their_response->time);
  EXPECT_EQ(to_hex(our_response->client_challenge), to_hex(their_response->client_challenge));
  AvPairs without_single_host = their_response->pairs;
  without_single_host.remove(AvId::single_host);
  EXPECT_EQ(to_hex(our_response->pairs.serialize()), to_hex(without_single_host.serialize()));
  if ((theirs->flags & kKeyExchange) != 0) {
    EXPECT_EQ(to_hex(session_key(*client)), capture["ExportedSessionKey"].text());
  }
}

// The application data of the bindings whose hash a capture has.
ByteVector bindings_of(const std::string& hash) {
  for (const auto& bindings : captures()->at("channel-bindings")) {
    if (bindings.at("md5") == hash) return from_hex(bindings.at("application_data").get<std::string>());
  }
  return {};
}

StepOptions client_options_of(std::uint32_t flags) {
  return {.flags = static_cast<std::uint32_t>(((flags & kSign) != 0 ? ISC_REQ_INTEGRITY : 0) |
                                              ((flags & kSeal) != 0 ? ISC_REQ_CONFIDENTIALITY : 0))};
}

void check_bound_capture(const Entry& capture, const Messages& m) {
  const ByteVector application = bindings_of(capture["MsvAvChannelBindings"].text());
  ASSERT_FALSE(application.empty());
  const ByteVector other = as_bytes("tls-server-end-point:another");
  StepOptions server;
  server.bindings.emplace();
  server.bindings->application = application;
  replay_at_acceptor(capture, m, server, Status::ok);
  StepOptions client = client_options_of(capture["auth_flags"].flags());
  client.bindings = server.bindings;
  reproduce_at_initiator(capture, m, client);
  server.bindings->application = other;
  replay_at_acceptor(capture, m, server, Status::bad_bindings);
}

void check_spnego(const Entry& capture, const Messages& m) {
  const Entry spnego = capture["spnego"];
  const std::uint32_t flags = capture["auth_flags"].flags();
  const Key16 key = capture["ExportedSessionKey"].key();
  const ByteVector mech_types = spnego["mechTypes_DER_SEQUENCE_OF"].bytes();
  const auto mic = [&](core::Role role) {
    ByteVector out(16);
    Protection(key, flags, role).sign_mech_list(mech_types, Signature(out));
    return to_hex(out);
  };
  EXPECT_EQ(mic(core::Role::initiator), spnego["client_mechListMIC"].text());
  EXPECT_EQ(mic(core::Role::acceptor), spnego["server_mechListMIC"].text());
  const auto tokens = spnego["tokens"].elements();
  ASSERT_EQ(tokens.size(), 5U);
  EXPECT_TRUE(tokens[0].text().starts_with("60"));
  EXPECT_NE(tokens[1].text().find(to_hex(m.negotiate)), std::string::npos);
  EXPECT_NE(tokens[2].text().find(to_hex(m.challenge)), std::string::npos);
  EXPECT_NE(tokens[3].text().find(to_hex(m.authenticate)), std::string::npos);
  EXPECT_NE(tokens[4].text().find(spnego["server_mechListMIC"].text()), std::string::npos);
}

void check_capture(const Entry& capture) {
  const Messages m{capture["NEGOTIATE_MESSAGE"].bytes(), capture["CHALLENGE_MESSAGE"].bytes(),
                   capture["AUTHENTICATE_MESSAGE"].bytes()};
  check_challenge_round_trip(m.challenge);
  check_authenticate_round_trip(m.authenticate);
  auto message = AuthenticateMessage::parse(m.authenticate);
  ASSERT_TRUE(message) << message.error().detail;
  check_fields(capture, *message);
  check_response_and_keys(capture, m, *message);
  check_mic(capture, m, *message);
  replay_with_old_mic(capture, m);
  if (capture.has("MsvAvChannelBindings")) {
    check_bound_capture(capture, m);
  } else {
    replay_at_acceptor(capture, m, {}, Status::ok);
    reproduce_at_initiator(capture, m, client_options_of(message->flags));
  }
  if (capture.has("spnego")) check_spnego(capture, m);
}

using Check = std::function<void(const Entry&)>;

const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> kChecks = {
      {"sealkey-strengths", check_strengths},      {"owf", check_one_way_functions},
      {"seal-sspi-rs", check_seal_by_keys},        {"windows-noESS-half-duplex", check_half_duplex},
      {"channel-bindings", check_bindings},        {"capture-win81-http-noseal", check_capture},
      {"capture-win2019-upn-seal", check_capture}, {"capture-win2019-smb-spnego", check_capture},
      {"capture-win7-http-cbt", check_capture},
  };
  return kChecks;
}

constexpr const char* kNotGiven = "OPENSSPI_CAPTURES names no directory with ntlm.json";

class NtlmCaptures : public ::testing::TestWithParam<std::string> {
  void SetUp() override {
    if (captures() == nullptr) GTEST_SKIP() << kNotGiven;
  }
};

TEST_P(NtlmCaptures, AreWhatOurCodeComputes) {
  ASSERT_TRUE(captures()->contains(GetParam()));
  const Entry e(captures()->at(GetParam()));
  checks().at(GetParam())(e);
  for (const std::string& path : e.unread()) ADD_FAILURE() << GetParam() << path << " is looked at by no check";
}

INSTANTIATE_TEST_SUITE_P(Entries, NtlmCaptures, ::testing::ValuesIn(names_of(checks())),
                         [](const auto& entry_info) { return test_name(entry_info.param); });

TEST(NtlmCapturesFile, EveryEntryHasACheck) {
  if (captures() == nullptr) GTEST_SKIP() << kNotGiven;
  for (const auto& [name, value] : captures()->items()) {
    EXPECT_TRUE(name == "_about" || checks().contains(name)) << name;
  }
}

// The values that follow from a capture's key and are ours to carry.
TEST(NtlmCapturesFile, MessagesAfterMechListMic) {
  if (captures() == nullptr) GTEST_SKIP() << kNotGiven;
  const Entry derived(vectors("ntlm").at("derived-after-mechListMIC"));
  const Entry capture(captures()->at("capture-win2019-smb-spnego"));
  const ByteVector mech_types = capture["spnego"]["mechTypes_DER_SEQUENCE_OF"].bytes();
  const ByteVector plain = derived["plaintext"].bytes();
  const std::uint32_t flags = capture["auth_flags"].flags();
  ProtectedEnd client(capture["ExportedSessionKey"].key(), flags, core::Role::initiator);
  ProtectedEnd server(capture["ExportedSessionKey"].key(), flags, core::Role::acceptor);
  ByteVector client_mic(16), server_mic(16);
  client.protection().sign_mech_list(mech_types, Signature(client_mic));
  server.protection().sign_mech_list(mech_types, Signature(server_mic));
  EXPECT_EQ(to_hex(client_mic), derived["client_mechListMIC"].text());
  EXPECT_TRUE(server.protection().verify_mech_list(mech_types, client_mic));
  EXPECT_TRUE(client.protection().verify_mech_list(mech_types, server_mic));
  const auto up = client.sign(plain), down = server.sign(plain);
  EXPECT_EQ(up.signature, derived["client_first_sign_seq1(hello)"].text());
  EXPECT_EQ(down.signature, derived["server_first_sign_seq1(hello)"].text());
  EXPECT_EQ(server.verify(plain, up.signature), to_hex(plain));
  EXPECT_EQ(client.verify(plain, down.signature), to_hex(plain));
}

}  // namespace
}  // namespace opensspi::testing
