// What a server can do wrong, or somebody between it and our client: each is refused, or does no harm.
#include <algorithm>

#include "ntlm/initiator.hpp"
#include "opensspi/extra.h"
#include "peer/peer_world.hpp"

namespace opensspi::testing {
namespace {

class ServerFaults : public ::testing::Test {
 protected:
  void expect_refused(Status status, const std::string& reason, std::uint32_t request = kSealing) {
    peer::Server server(options_);
    OwnLogOn log_on = log_on_at_peers(world_, server, {.flags = request});
    EXPECT_EQ(log_on.status(), status) << log_on.reason();
    EXPECT_TRUE(log_on.reason().find(reason) != std::string::npos)
        << "\"" << log_on.reason() << "\" says nothing of \"" << reason << "\"";
    EXPECT_TRUE(log_on.authenticate.empty());
    EXPECT_FALSE(log_on.client->established());
    EXPECT_EQ(status_of(step(*log_on.client, log_on.challenge)), Status::out_of_sequence);
  }

  peer::Server::Verdict expect_answered(std::uint32_t request = kSealing) {
    peer::Server server(options_);
    OwnLogOn log_on = log_on_at_peers(world_, server, {.flags = request, .target = u"HTTP/peer.example.org"});
    EXPECT_EQ(log_on.status(), Status::ok) << log_on.reason();
    if (log_on.authenticate.empty()) return {};
    auto verdict = server.accept(log_on.authenticate);
    EXPECT_TRUE(verdict.proof_ok);
    EXPECT_EQ(verdict.exported_key, session_key(*log_on.client));
    return verdict;
  }

  NtlmWorld world_;
  peer::ServerOptions options_;
};

constexpr const char* kFlags = "CHALLENGE_MESSAGE NegotiateFlags";

TEST_F(ServerFaults, NoneIsAnswered) {
  const auto verdict = expect_answered();
  EXPECT_TRUE(verdict.v2);
  EXPECT_TRUE(verdict.mic_there);
  EXPECT_TRUE(verdict.mic_ok);
  EXPECT_EQ(verdict.user, peer::text("alice"));
  EXPECT_EQ(verdict.domain, peer::text("EXAMPLE"));
  EXPECT_EQ(verdict.workstation, peer::text("SERVER"));
  EXPECT_EQ(verdict.target, peer::text("HTTP/peer.example.org"));
  EXPECT_EQ(verdict.bindings, peer::Blob(16, 0));
  EXPECT_EQ(verdict.lm_response, peer::Blob(24, 0));
}

// ---- Flags.

TEST_F(ServerFaults, ProtectionLeftOut) {
  for (const std::uint32_t flag : {peer::k128, peer::kEss, peer::kSign, peer::kSeal}) {
    options_.faults.clear_flags = flag;
    expect_refused(Status::unsupported_function, kFlags);
  }
}

TEST_F(ServerFaults, KeyExchangeLeftOutIsNoFault) {
  options_.faults.clear_flags = peer::kKeyExch;
  EXPECT_TRUE(expect_answered().mic_ok);
}

TEST_F(ServerFaults, FlagsThatWereNotAskedForAreNotTakenOver) {
  options_.faults.set_flags = peer::kLmKey | peer::kNonNtSessionKey | peer::kIdentify | peer::kDatagram | peer::kSign |
                              peer::kSeal | peer::kKeyExch | peer::kAnonymous | 0x4000 | 0x100;
  const auto verdict = expect_answered(0);
  EXPECT_EQ(verdict.flags & options_.faults.set_flags, 0U) << std::hex << verdict.flags;
}

TEST_F(ServerFaults, LmKeyAndNonNtSessionKeyAreNotTakenOverWithWeakKeysAllowed) {
  world_.policy.allow_weak = true;
  options_.faults.set_flags = peer::kLmKey | peer::kNonNtSessionKey;
  EXPECT_EQ(expect_answered().flags & options_.faults.set_flags, 0U);
}

TEST_F(ServerFaults, UnicodeAndOemTogetherIsUnicode) {
  options_.faults.set_flags = peer::kOem;
  const auto verdict = expect_answered();
  EXPECT_EQ(verdict.flags & (peer::kUnicode | peer::kOem), peer::kUnicode);
}

TEST_F(ServerFaults, OemAloneIsSpoken) {
  options_.faults.clear_flags = peer::kUnicode;
  options_.faults.set_flags = peer::kOem;
  const auto verdict = expect_answered();
  EXPECT_EQ(verdict.flags & (peer::kUnicode | peer::kOem), peer::kOem);
  EXPECT_EQ(verdict.user, peer::Blob({'a', 'l', 'i', 'c', 'e'}));
  EXPECT_TRUE(verdict.mic_ok);
}

TEST_F(ServerFaults, OemCannotSayEveryName) {
  options_.faults.clear_flags = peer::kUnicode;
  options_.faults.set_flags = peer::kOem;
  peer::Server server(options_);
  auto client = world_.initiator(u"\u0416enya");
  auto negotiate = step(*client, {});
  ASSERT_TRUE(negotiate);
  const auto refused = step(*client, server.challenge(negotiate->output));
  EXPECT_EQ(status_of(refused), Status::unsupported_function);
  EXPECT_TRUE(why(refused).find("Unicode") != std::string::npos) << why(refused);
}

TEST_F(ServerFaults, NoCharacterSet) {
  options_.faults.clear_flags = peer::kUnicode | peer::kOem;
  expect_refused(Status::invalid_token, "UNICODE");
}

// ---- TargetInfo.

// MS-NLMP 3.1.5.1.2; CVE-2015-0005 and CVE-2019-1019: a server without a name may have the key from elsewhere.
TEST_F(ServerFaults, NoNamesWhereMessagesAreProtected) {
  options_.faults.no_names = true;
  expect_refused(Status::logon_denied, "TargetInfo");
  expect_refused(Status::logon_denied, "TargetInfo", ISC_REQ_INTEGRITY);
  EXPECT_TRUE(expect_answered(0).mic_ok);
}

TEST_F(ServerFaults, NoTargetInfoWhereMessagesAreProtected) {
  options_.faults.no_target_info = true;
  expect_refused(Status::logon_denied, "TargetInfo");
  expect_refused(Status::logon_denied, "TargetInfo", ISC_REQ_INTEGRITY);
  const auto verdict = expect_answered(0);
  EXPECT_FALSE(verdict.mic_there);
  EXPECT_TRUE(verdict.pairs.empty());
}

TEST_F(ServerFaults, NoTimestampMeansNoMicAndAnLmv2Response) {
  options_.faults.no_timestamp = true;
  const auto verdict = expect_answered();
  EXPECT_FALSE(verdict.mic_there);
  EXPECT_NE(verdict.lm_response, peer::Blob(24, 0));
}

TEST_F(ServerFaults, FlagsPairOfTheServerIsMerged) {
  options_.faults.av_flags = 1;  // the account's authentication is constrained
  auto verdict = expect_answered();
  EXPECT_EQ(std::ranges::count(verdict.pairs, std::uint16_t{peer::kAvFlags}, &peer::Pair::id), 1);
  EXPECT_EQ(*peer::find(verdict.pairs, peer::kAvFlags), peer::u32(3));
  EXPECT_TRUE(verdict.mic_ok);
}

// MIC present and SPN from an untrusted source are for the client to say: a server, or somebody before it, that sets
// them would have a promise broken, or the SPN ignored.
TEST_F(ServerFaults, BitsOfTheClientInTheServersFlagsPairAreNotTakenOver) {
  options_.faults.av_flags = 4;
  auto verdict = expect_answered();
  EXPECT_EQ(*peer::find(verdict.pairs, peer::kAvFlags), peer::u32(2));
  options_.faults.av_flags = 2 | 4;
  options_.faults.no_timestamp = true;
  verdict = expect_answered();
  EXPECT_FALSE(verdict.mic_there);
  EXPECT_EQ(*peer::find(verdict.pairs, peer::kAvFlags), peer::u32(0));
}

TEST_F(ServerFaults, SecondFlagsPairAsInCve20191166) {
  options_.faults.av_flags = 0;
  options_.faults.flags_pair_twice = true;
  expect_refused(Status::invalid_token, "twice");
}

TEST_F(ServerFaults, TargetAndBindingsOfTheServerAreNotTakenOver) {
  options_.faults.more_pairs = {{peer::kTargetName, peer::text("HTTP/evil.example.org")},
                                {peer::kBindings, peer::Blob(16, 0x66)}};
  const auto verdict = expect_answered();
  EXPECT_EQ(verdict.target, peer::text("HTTP/peer.example.org"));
  EXPECT_EQ(verdict.bindings, peer::Blob(16, 0));
}

TEST_F(ServerFaults, UnknownPairsAreCopiedThrough) {
  options_.faults.more_pairs = {{0x4321, peer::text("opaque")}};
  auto verdict = expect_answered();
  ASSERT_NE(peer::find(verdict.pairs, 0x4321), nullptr);
  EXPECT_EQ(*peer::find(verdict.pairs, 0x4321), peer::text("opaque"));
}

TEST_F(ServerFaults, PairsOfAWrongLength) {
  for (const auto& [id, size] : {std::pair{peer::kAvFlags, 3U}, std::pair{peer::kAvFlags, 0U},
                                 std::pair{peer::kBindings, 15U}, std::pair{peer::kDnsTree, 3U}}) {
    options_.faults.more_pairs = {{static_cast<std::uint16_t>(id), peer::Blob(size)}};
    expect_refused(Status::invalid_token, "AV_PAIR " + std::to_string(id));
  }
  options_.faults.no_timestamp = true;
  options_.faults.more_pairs = {{peer::kTimestamp, peer::Blob(7)}};
  expect_refused(Status::invalid_token, "AV_PAIR 7");
}

TEST_F(ServerFaults, PairOrTargetInfoOutsideOfTheMessage) {
  options_.faults.pair_outside = true;
  expect_refused(Status::invalid_token, "TargetInfo");
  options_.faults = {};
  options_.faults.info_outside = true;
  expect_refused(Status::invalid_token, "outside");
}

TEST_F(ServerFaults, HugeTargetInfo) {
  options_.faults.more_pairs = {{0x4321, peer::Blob(60000, 0x11)}};
  EXPECT_TRUE(expect_answered().mic_ok);
  options_.faults.more_pairs = {{0x4321, peer::Blob(65400, 0x11)}};  // fits the challenge, not the response
  expect_refused(Status::invalid_parameter, "TargetInfo");
  options_.faults.more_pairs.clear();
  for (std::uint16_t id = 100; id < 300; ++id) options_.faults.more_pairs.push_back({id, {}});
  expect_refused(Status::invalid_token, "more than");
}

// ---- Whose challenge it is.

TEST_F(ServerFaults, OwnTokensComeBack) {
  auto client = world_.initiator();
  auto negotiate = step(*client, {}, {.flags = kSealing});
  ASSERT_TRUE(negotiate);
  const auto reflected = step(*client, negotiate->output);
  EXPECT_EQ(status_of(reflected), Status::invalid_token);
  EXPECT_TRUE(why(reflected).find("MessageType is 1") != std::string::npos) << why(reflected);
}

// Our server's challenge, handed to our client by somebody who relays: the log-on itself is the relayer's, but the key
// is not, so that no message of his passes. Bindings or the SPN tell the server's application before that.
TEST_F(ServerFaults, ReflectedChallengeGivesTheRelayerNoKey) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Conversation c = log_on(*client, *server, {.flags = kSealing, .target = u"HTTP/relayer.example.org"});
  ASSERT_EQ(c.status, Status::ok) << c.reason;
  for (const peer::Blob& guessed : {peer::Blob(16, 0), peer::field(c.authenticate, 52), peer::md5(c.challenge)}) {
    peer::Session relayer(guessed, peer::get32(c.authenticate, 60), true);
    const auto forged = relayer.seal(as_bytes("transfer all"));
    EXPECT_EQ(status_of(unseal(*server, {forged.token, forged.data})), Status::message_altered);
  }
  const auto target = server->query(SECPKG_ATTR_CLIENT_SPECIFIED_TARGET);
  ASSERT_TRUE(target);
  EXPECT_EQ(std::get<core::ClientTarget>(*target).name, u"HTTP/relayer.example.org");
}

TEST_F(ServerFaults, RelayedLogOnFailsTheBindings) {
  const ByteVector of_client = as_bytes("tls-server-end-point:relayer"),
                   of_server = as_bytes("tls-server-end-point:server");
  StepOptions client_options{.flags = kSealing}, server_options;
  client_options.bindings.emplace();
  client_options.bindings->application = of_client;
  server_options.bindings.emplace();
  server_options.bindings->application = of_server;
  auto client = world_.initiator(), server = world_.acceptor();
  EXPECT_EQ(log_on(*client, *server, client_options, server_options).status, Status::bad_bindings);
}

TEST_F(ServerFaults, SpnFromAnUntrustedSourceIsNotReported) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Conversation c =
      log_on(*client, *server, {.flags = ISC_REQ_UNVERIFIED_TARGET_NAME, .target = u"HTTP/somewhere.example.org"});
  ASSERT_EQ(c.status, Status::ok) << c.reason;
  const auto target = server->query(SECPKG_ATTR_CLIENT_SPECIFIED_TARGET);
  ASSERT_TRUE(target);
  EXPECT_EQ(std::get<core::ClientTarget>(*target).name, u"");
}

// The same-user default answers this host only: nobody else gets a response to guess at.
TEST_F(ServerFaults, DefaultCredentialsAnswerThisHostOnly) {
  for (const char* name : {"PEER", "SERVER"}) {
    options_.name = name;
    peer::Server server(options_);
    auto self = std::make_shared<ntlm::Account>(
        ntlm::Account{.user = u"alice", .domain = u"SERVER", .nt_hash = {}, .ntowf_v2 = {}, .lmowf_v1 = {}});
    self->self = true;
    ntlm::Initiator client(world_.package, self, world_.policy);
    auto negotiate = step(client, {});
    ASSERT_TRUE(negotiate);
    const auto answered = step(client, server.challenge(negotiate->output));
    const bool own = options_.name == "SERVER";
    EXPECT_EQ(status_of(answered), own ? Status::ok : Status::no_credentials) << why(answered);
  }
}

TEST_F(ServerFaults, DatagramWithoutWhatDatagramsNeed) {
  for (const std::uint32_t flag : {peer::kEss, peer::kKeyExch, peer::kDatagram}) {
    options_.faults.clear_flags = flag;
    expect_refused(Status::unsupported_function, kFlags, kSealing | ISC_REQ_DATAGRAM);
  }
}

}  // namespace
}  // namespace opensspi::testing
