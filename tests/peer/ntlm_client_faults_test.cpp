// What a client can do wrong, or somebody between it and our server: each is refused with its status and its reason.
#include <algorithm>
#include <functional>

#include "ntlm/acceptor.hpp"
#include "opensspi/extra.h"
#include "peer/peer_world.hpp"

namespace opensspi::testing {
namespace {

class ClientFaults : public ::testing::Test {
 protected:
  void expect_refused(Status status, const std::string& reason, const StepOptions& server_options = {}) {
    peer::Client client(options_);
    const PeerLogOn log_on = log_on_at_ours(world_, client, server_options);
    EXPECT_EQ(log_on.status(), status) << log_on.reason();
    EXPECT_TRUE(log_on.reason().find(reason) != std::string::npos)
        << "\"" << log_on.reason() << "\" says nothing of \"" << reason << "\"";
    EXPECT_FALSE(log_on.server->established());
    EXPECT_EQ(status_of(step(*log_on.server, log_on.authenticate, server_options)), Status::out_of_sequence);
  }
  PeerLogOn expect_accepted(const StepOptions& server_options = {}) {
    peer::Client client(options_);
    PeerLogOn log_on = log_on_at_ours(world_, client, server_options);
    EXPECT_EQ(log_on.status(), Status::ok) << log_on.reason();
    return log_on;
  }
  // What somebody on the way makes of the AUTHENTICATE_MESSAGE.
  void expect_refused_in_transit(const std::function<void(ByteVector&)>& change, Status status,
                                 const std::string& reason) {
    peer::Client client(options_);
    auto server = world_.acceptor();
    auto challenge = step(*server, client.negotiate());
    ASSERT_TRUE(challenge) << why(challenge);
    ByteVector token = client.authenticate(challenge->output);
    change(token);
    const auto done = step(*server, token);
    EXPECT_EQ(status_of(done), status) << why(done);
    EXPECT_TRUE(why(done).find(reason) != std::string::npos) << why(done);
  }

  NtlmWorld world_;
  peer::ClientOptions options_;
};

constexpr const char* kMic = "AUTHENTICATE_MESSAGE MIC";
constexpr const char* kFlags = "AUTHENTICATE_MESSAGE NegotiateFlags";

TEST_F(ClientFaults, NoneIsAccepted) {
  const PeerLogOn log_on = expect_accepted();
  EXPECT_EQ(user_name(*log_on.server), u"EXAMPLE\\alice");
}

// ---- Flags stripped on the way.

struct Strippable {
  const char* name;
  std::uint32_t flag;
};
constexpr Strippable kStrippable[] = {{"128", peer::k128},
                                      {"SEAL", peer::kSeal},
                                      {"SIGN", peer::kSign},
                                      {"KEY_EXCH", peer::kKeyExch},
                                      {"EXTENDED_SESSIONSECURITY", peer::kEss}};

TEST_F(ClientFaults, ProtectionStrippedFromAuthenticateInTransitFailsTheMic) {
  for (const Strippable& s : kStrippable) {
    SCOPED_TRACE(s.name);
    const bool needed = s.flag == peer::k128 || s.flag == peer::kEss;
    expect_refused_in_transit([&](ByteVector& token) { peer::put32(token, 60, peer::get32(token, 60) & ~s.flag); },
                              needed ? Status::unsupported_function : Status::logon_denied,
                              needed ? "NegotiateFlags" : kMic);
  }
}

TEST_F(ClientFaults, ProtectionStrippedFromAuthenticateWithoutAMicIsRefused) {
  options_.sends_mic = false;
  for (const Strippable& s : kStrippable) {
    SCOPED_TRACE(s.name);
    options_.faults.clear_flags = s.flag;
    expect_refused(Status::logon_denied, std::string(kFlags) + ": without a MIC");
  }
}

TEST_F(ClientFaults, ProtectionStrippedFromNegotiateInTransitFailsTheMic) {
  for (const Strippable& s : kStrippable) {
    SCOPED_TRACE(s.name);
    peer::Client client(options_);
    auto server = world_.acceptor();
    ByteVector negotiate = client.negotiate();
    peer::put32(negotiate, 12, peer::get32(negotiate, 12) & ~s.flag);
    const auto challenge = step(*server, negotiate);
    if (!challenge) {
      EXPECT_EQ(challenge.error().status, Status::unsupported_function) << why(challenge);
      continue;
    }
    const auto done = step(*server, client.authenticate(challenge->output));
    EXPECT_EQ(status_of(done), Status::logon_denied) << why(done);
    EXPECT_TRUE(why(done).starts_with(kMic)) << why(done);
  }
}

TEST_F(ClientFaults, ProtectionStrippedFromChallengeInTransitFailsTheMic) {
  for (const Strippable& s : kStrippable) {
    SCOPED_TRACE(s.name);
    peer::Client client(options_);
    auto server = world_.acceptor();
    auto challenge = step(*server, client.negotiate());
    ASSERT_TRUE(challenge);
    peer::put32(challenge->output, 20, peer::get32(challenge->output, 20) & ~s.flag);
    EXPECT_FALSE(step(*server, client.authenticate(challenge->output)));
  }
}

TEST_F(ClientFaults, FlagsThatWereNotOfferedAreNotInForce) {
  options_.flags = peer::kPlain;
  options_.faults.set_flags = peer::kSign | peer::kSeal | peer::k128 | peer::kLmKey | peer::kNonNtSessionKey;
  const PeerLogOn log_on = expect_accepted();
  EXPECT_EQ(log_on.server->attributes() & (ASC_RET_INTEGRITY | ASC_RET_CONFIDENTIALITY), 0U);
  EXPECT_EQ(status_of(seal(*log_on.server, as_bytes("data"))), Status::unsupported_function);
  options_.sends_mic = false;
  expect_refused(Status::logon_denied, kFlags);
}

// Samba and gss-ntlmssp ask for KEY_EXCH always, and where it is granted make a key of it whether or not it protects.
TEST_F(ClientFaults, AKeyIsExchangedForProtectionOnly) {
  for (const bool for_flag_alone : {false, true}) {
    options_.faults.key_for_flag_alone = for_flag_alone;
    options_.flags = peer::kPlain | peer::k128 | peer::kKeyExch;
    peer::Client client(options_);
    const PeerLogOn log_on = log_on_at_ours(world_, client);
    ASSERT_EQ(log_on.status(), Status::ok) << log_on.reason();
    EXPECT_EQ(peer::get32(log_on.challenge, 20) & peer::kKeyExch, 0U);
    EXPECT_EQ(session_key(*log_on.server), client.exported_key());
  }
}

// Such a client changes nothing: there is no key for the flag to mean.
TEST_F(ClientFaults, KeyExchangeThatWasNotGrantedIsIgnoredWhereNothingIsProtected) {
  options_.flags = peer::kPlain;
  options_.faults.set_flags = peer::kKeyExch;
  for (const bool mic : {true, false}) {
    options_.sends_mic = mic;
    peer::Client client(options_);
    const PeerLogOn log_on = log_on_at_ours(world_, client);
    EXPECT_EQ(log_on.status(), Status::ok) << log_on.reason();
    EXPECT_EQ(session_key(*log_on.server), client.exported_key());
  }
}

TEST_F(ClientFaults, KeyExchangeThatWasNotGrantedIsRefusedWhereSomethingIs) {
  options_.flags = peer::kFull & ~peer::kKeyExch;
  options_.faults.set_flags = peer::kKeyExch;
  options_.sends_mic = false;
  expect_refused(Status::logon_denied, kFlags);
}

TEST_F(ClientFaults, WeakSessionsAreRefusedByDefault) {
  for (const std::uint32_t missing : {peer::k128, peer::kEss}) {
    options_.flags = peer::kFull & ~missing;
    expect_refused(Status::unsupported_function, "NegotiateFlags");
  }
}

TEST_F(ClientFaults, LmKeyAndNonNtSessionKeyAreNeverEchoed) {
  world_.policy.allow_weak = true;
  options_.flags = peer::kFull | peer::kLmKey | peer::kNonNtSessionKey;
  const PeerLogOn log_on = expect_accepted();
  EXPECT_EQ(peer::get32(log_on.challenge, 20) & (peer::kLmKey | peer::kNonNtSessionKey), 0U);
}

// ---- The MIC.

TEST_F(ClientFaults, DroppedMic) {
  options_.faults.drop_mic = true;
  expect_refused(Status::logon_denied, kMic);
}

TEST_F(ClientFaults, DroppedMicAndVersionAndFlagsAsInCve20191040) {
  expect_refused_in_transit(
      [](ByteVector& token) {
        // The payload moves to the front: MIC and Version are gone, and so are the flags that need them.
        constexpr std::uint32_t kGone = 24;
        token.erase(token.begin() + 64, token.begin() + 64 + kGone);
        for (const std::size_t at : {16U, 24U, 32U, 40U, 48U, 56U}) {
          peer::put32(token, at, peer::get32(token, at) - kGone);
        }
        peer::put32(token, 60, peer::get32(token, 60) & ~(peer::kVersion | peer::kSign | peer::kSeal | peer::kKeyExch));
      },
      Status::logon_denied, kMic);
}

TEST_F(ClientFaults, ZeroMic) {
  options_.faults.zero_mic = true;
  expect_refused(Status::logon_denied, kMic);
}

TEST_F(ClientFaults, WrongMic) {
  options_.faults.wrong_mic = true;
  expect_refused(Status::logon_denied, kMic);
}

TEST_F(ClientFaults, MicFlagRemovedFromTheResponse) {
  expect_refused_in_transit(
      [](ByteVector& token) {
        const std::size_t nt = peer::get32(token, 24), size = peer::get32(token, 20) & 0xFFFF;
        const peer::Blob pair = peer::list_of({{peer::kAvFlags, peer::u32(2)}}, false);
        const auto at = std::search(token.begin() + static_cast<std::ptrdiff_t>(nt),
                                    token.begin() + static_cast<std::ptrdiff_t>(nt + size), pair.begin(), pair.end());
        ASSERT_NE(at, token.end());
        at[4] = 0;
      },
      Status::logon_denied, "log-on");
}

TEST_F(ClientFaults, AMicThatTheResponseDoesNotPromiseCountsAsNone) {
  options_.faults.mic_without_flag = true;
  expect_accepted();
  world_.policy.require_mic = true;
  expect_refused(Status::logon_denied, kMic);
}

TEST_F(ClientFaults, NoMicWhereThePolicyRequiresOne) {
  options_.sends_mic = false;
  expect_accepted();
  world_.policy.require_mic = true;
  expect_refused(Status::logon_denied, kMic);
}

TEST_F(ClientFaults, SecondMsvAvFlagsAsInCve20191166) {
  options_.faults.flags_pair_twice = true;
  expect_refused(Status::invalid_token, "twice");
}

// ---- Pairs of the response.

TEST_F(ClientFaults, TimestampRemovedFromThePairs) {
  options_.faults.drop_timestamp = true;
  expect_refused(Status::logon_denied, "AV_PAIR 7");
}

TEST_F(ClientFaults, ServerNameEditedInThePairs) {
  options_.faults.rename_server = true;
  expect_refused(Status::logon_denied, "AV_PAIR 1");
}

TEST_F(ClientFaults, TargetInfoEditedInTransitToAnOldClient) {
  options_.sends_mic = false;
  for (const std::uint16_t id :
       {peer::kNbComputer, peer::kNbDomain, peer::kDnsComputer, peer::kDnsDomain, peer::kTimestamp}) {
    peer::Client client(options_);
    auto server = world_.acceptor();
    auto challenge = step(*server, client.negotiate());
    ASSERT_TRUE(challenge);
    auto pairs = peer::pairs_of(peer::field(challenge->output, 40));
    ASSERT_NE(peer::find(pairs, id), nullptr) << id;
    peer::drop(pairs, id);
    const peer::Blob list = peer::list_of(pairs);
    ByteVector edited(challenge->output.begin(),
                      challenge->output.begin() + static_cast<std::ptrdiff_t>(peer::get32(challenge->output, 44)));
    append(edited, list);
    const auto size = static_cast<std::uint32_t>(list.size());
    peer::put32(edited, 40, size | size << 16);
    const auto done = step(*server, client.authenticate(edited));
    EXPECT_EQ(status_of(done), Status::logon_denied) << why(done);
    EXPECT_TRUE(why(done).find("AV_PAIR " + std::to_string(id)) != std::string::npos) << why(done);
  }
}

TEST_F(ClientFaults, NoPairsAtAll) {
  options_.faults.no_pairs = true;
  expect_refused(Status::logon_denied, "AvPairs");
}

TEST_F(ClientFaults, NoEndOfThePairs) {
  options_.faults.no_end = true;
  expect_refused(Status::invalid_token, "AvPairs");
}

TEST_F(ClientFaults, UnknownPairsAreNoFault) {
  options_.faults.more_pairs = {{0x1234, peer::text("opaque")}, {11, {}}};
  expect_accepted();
}

TEST_F(ClientFaults, HugeListsOfPairs) {
  options_.faults.more_pairs = {{0x1234, peer::Blob(60000, 0x5A)}};
  expect_accepted();
  options_.faults.more_pairs.clear();
  for (std::uint16_t id = 100; id < 4100; ++id) options_.faults.more_pairs.push_back({id, {}});
  expect_refused(Status::invalid_token, "more than");
}

TEST_F(ClientFaults, TimestampsOffByDays) {
  constexpr std::int64_t kDay = 24LL * 3600 * 10'000'000;
  for (const std::int64_t days : {-3000, -2, 2, 3000}) {
    options_.faults.time_offset_ticks = days * kDay;
    expect_refused(Status::time_skew, "NTLMv2_RESPONSE time");
  }
  options_.faults.time_offset_ticks = kDay;
  expect_accepted();
}

// ---- Responses.

TEST_F(ClientFaults, WrongProof) {
  options_.faults.wrong_proof = true;
  expect_refused(Status::logon_denied, "log-on");
}

TEST_F(ClientFaults, WrongPasswordAndUnknownUserLookAlike) {
  options_.password = "wrong";
  expect_refused(Status::logon_denied, "log-on");
  options_.user = "mallory";
  expect_refused(Status::logon_denied, "log-on");
}

TEST_F(ClientFaults, Lmv2OnlyAsInCve20191338) {
  options_.faults.lmv2_only = true;
  expect_refused(Status::logon_denied, "LMv2");
  world_.policy.allow_weak = true;
  expect_refused(Status::logon_denied, "LMv2");
}

TEST_F(ClientFaults, LmOnly) {
  options_.faults.lm_only = true;
  expect_refused(Status::logon_denied, "LM");
  world_.policy.allow_weak = true;
  expect_refused(Status::logon_denied, "LM");
}

TEST_F(ClientFaults, NtlmV1Unasked) {
  options_.faults.ntlm_v1 = true;
  expect_refused(Status::logon_denied, "NTLMv1");
  options_.flags = peer::kPlain;
  expect_refused(Status::logon_denied, "NTLMv1");
}

TEST_F(ClientFaults, NtlmV1CannotCarryBindings) {
  world_.policy.allow_weak = true;
  options_.faults.ntlm_v1 = true;
  const ByteVector application = as_bytes("tls-unique:1");
  StepOptions server;
  server.bindings.emplace();
  server.bindings->application = application;
  expect_refused(Status::bad_bindings, "channel bindings", server);
}

TEST_F(ClientFaults, EncryptedKeyOfAnotherLength) {
  for (const std::size_t size : {0U, 1U, 15U, 17U, 32U}) {
    options_.faults.encrypted_key_bytes = size;
    expect_refused(Status::invalid_token, "EncryptedRandomSessionKey");
  }
}

TEST_F(ClientFaults, ReplayedAuthenticate) {
  peer::Client client(options_);
  const PeerLogOn first = log_on_at_ours(world_, client);
  ASSERT_EQ(first.status(), Status::ok) << first.reason();
  EXPECT_EQ(status_of(step(*first.server, first.authenticate)), Status::out_of_sequence);
  auto second = world_.acceptor();
  ASSERT_TRUE(step(*second, first.negotiate));
  const auto replayed = step(*second, first.authenticate);
  EXPECT_EQ(status_of(replayed), Status::logon_denied) << why(replayed);
}

// ---- Channel bindings.

TEST_F(ClientFaults, BindingsWrongAbsentOrZero) {
  const ByteVector application = as_bytes("tls-server-end-point:1");
  StepOptions server;
  server.bindings.emplace();
  server.bindings->application = application;
  options_.bindings =
      peer::md5(peer::concat({peer::Blob(16), peer::u32(static_cast<std::uint32_t>(application.size())), application}));
  expect_accepted(server);
  StepOptions lenient = server;
  lenient.flags = ASC_REQ_ALLOW_MISSING_BINDINGS;
  options_.faults.zero_bindings = true;
  expect_refused(Status::bad_bindings, "channel bindings", server);
  expect_accepted(lenient);
  options_.faults = {};
  options_.faults.no_bindings = true;
  expect_refused(Status::bad_bindings, "channel bindings", server);
  expect_accepted(lenient);
  options_.faults = {};
  options_.bindings[15] ^= 1;
  expect_refused(Status::bad_bindings, "another channel", server);
  expect_refused(Status::bad_bindings, "another channel", lenient);
}

// ---- Nobody, and who pretends to be somebody.

TEST_F(ClientFaults, AnonymousUnasked) {
  options_.anonymous = true;
  expect_refused(Status::logon_denied, "anonymous");
}

TEST_F(ClientFaults, AnonymousWhereAllowedIsNobody) {
  options_.anonymous = true;
  const PeerLogOn log_on = expect_accepted({.flags = ASC_REQ_ALLOW_NULL_SESSION});
  EXPECT_EQ(user_name(*log_on.server), u"NT AUTHORITY\\ANONYMOUS LOGON");
  const std::uint32_t attributes = log_on.server->attributes();
  EXPECT_NE(attributes & ASC_RET_NULL_SESSION, 0U);
  EXPECT_EQ(
      attributes & (ASC_RET_INTEGRITY | ASC_RET_CONFIDENTIALITY | ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT), 0U);
  const auto identity = log_on.server->query(OPENSSPI_ATTR_IDENTITY);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(std::get<core::Identity>(*identity).anonymous);
  EXPECT_EQ(std::get<core::Identity>(*identity).account, u"");
}

TEST_F(ClientFaults, AnonymousWithAName) {
  options_.anonymous = true;
  options_.faults.anonymous_with_name = true;
  expect_refused(Status::logon_denied, "LM");
  expect_refused(Status::logon_denied, "LM", {.flags = ASC_REQ_ALLOW_NULL_SESSION});
}

TEST_F(ClientFaults, AnonymousFlagBesideAnAccountChangesNothing) {
  options_.faults.set_flags = peer::kAnonymous;
  const PeerLogOn log_on = expect_accepted({.flags = ASC_REQ_ALLOW_NULL_SESSION});
  EXPECT_EQ(user_name(*log_on.server), u"EXAMPLE\\alice");
  EXPECT_EQ(log_on.server->attributes() & ASC_RET_NULL_SESSION, 0U);
}

TEST_F(ClientFaults, AnonymousCannotMeetBindings) {
  options_.anonymous = true;
  StepOptions server{.flags = ASC_REQ_ALLOW_NULL_SESSION};
  server.bindings.emplace();
  expect_refused(Status::bad_bindings, "channel bindings", server);
}

// A source that lets a guest in: Z(16) is known to all, so that nothing of the session is protected.
class GuestSource final : public accounts::AccountSource {
 public:
  std::string name() const override { return "guests"; }
  Result<accounts::Verdict> verify(const accounts::LogonRequest&) const override {
    accounts::Verdict verdict;
    verdict.account = u"guest";
    verdict.domain = u"EXAMPLE";
    verdict.guest = true;
    return verdict;
  }
};

TEST_F(ClientFaults, GuestsGetNoIntegrity) {
  options_.sends_mic = false;  // a guest's client has another key than Z(16), and its MIC would not fit
  options_.flags = peer::kFull & ~peer::kKeyExch;
  peer::Client client(options_);
  auto server = std::make_unique<ntlm::Acceptor>(world_.package, std::make_shared<GuestSource>(), world_.policy);
  auto challenge = step(*server, client.negotiate());
  ASSERT_TRUE(challenge);
  const auto done = step(*server, client.authenticate(challenge->output));
  ASSERT_TRUE(done) << why(done);
  EXPECT_EQ(server->attributes() & (ASC_RET_INTEGRITY | ASC_RET_CONFIDENTIALITY), 0U);
  EXPECT_EQ(session_key(*server), ByteVector(16, 0));
  const auto identity = server->query(OPENSSPI_ATTR_IDENTITY);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(std::get<core::Identity>(*identity).guest);
}

// ---- Forms of the NEGOTIATE_MESSAGE.

TEST_F(ClientFaults, NegotiateWithoutACharacterSet) {
  options_.flags = peer::kFull & ~peer::kUnicode;
  expect_refused(Status::invalid_token, "UNICODE");
}

TEST_F(ClientFaults, ShortNegotiatesAreNoFault) {
  for (const std::size_t size : {16U, 32U, 40U}) {
    options_.negotiate_bytes = size;
    expect_accepted();
  }
}

TEST_F(ClientFaults, NamesOutsideOfTheNegotiateMessage) {
  for (const std::size_t at : {16U, 24U}) {
    peer::Client client(options_);
    ByteVector negotiate = client.negotiate();
    peer::put32(negotiate, 12, peer::get32(negotiate, 12) | 0x3000);
    peer::put32(negotiate, at, 0x00080008);
    peer::put32(negotiate, at + 4, 0xFFFFFFFC);
    auto server = world_.acceptor();
    const auto refused = step(*server, negotiate);
    EXPECT_EQ(status_of(refused), Status::invalid_token);
    EXPECT_TRUE(why(refused).find("outside") != std::string::npos) << why(refused);
  }
}

TEST_F(ClientFaults, FieldsOutsideOfTheAuthenticateMessage) {
  for (const std::size_t at : {12U, 20U, 28U, 36U, 44U, 52U}) {
    for (const std::uint32_t offset : {0xFFFFFFFFU, 0xFFFFFFF0U, 0x7FFFFFFFU, 100000U}) {
      expect_refused_in_transit([&](ByteVector& token) { peer::put32(token, at + 4, offset); }, Status::invalid_token,
                                "outside");
    }
  }
}

TEST_F(ClientFaults, DatagramLeftOut) {
  options_.faults.clear_flags = peer::kDatagram;
  expect_refused(Status::logon_denied, "DATAGRAM", {.flags = ASC_REQ_DATAGRAM});
}

}  // namespace
}  // namespace opensspi::testing
