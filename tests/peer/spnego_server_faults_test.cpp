// What a server can do wrong in SPNEGO, or somebody between it and our client: each is refused with its status.
#include <algorithm>

#include "peer/spnego_world.hpp"

namespace opensspi::testing {
namespace {

using peer::kKerberosOid, peer::kMsKerberosOid, peer::kNegoExOid, peer::kNtlmOid, peer::Mic;

class SpnegoServerFaults : public ::testing::Test {
 protected:
  void expect_refused(Status status, const std::string& reason, std::u16string_view list = {}) {
    peer::SpnegoServer server(options_);
    const SpnegoTalk talk = our_client_at_peers(world_, server, {.flags = kSealing}, list);
    expect_failed(talk, status, reason);
  }
  void offer_kerberos_first() { world_.kerberos.behaviour.why_no_credential.clear(); }

  SpnegoWorld world_;
  peer::SpnegoServerOptions options_;
};

// ---- The hint, and the choice.

TEST_F(SpnegoServerFaults, EmptyHint) {
  options_.hint = {};
  expect_refused(Status::invalid_token, "mechTypes is empty");
}

TEST_F(SpnegoServerFaults, HugeHint) {
  options_.hint = std::vector<peer::Blob>(65, kNtlmOid);
  expect_refused(Status::invalid_token, "more than 64");
}

TEST_F(SpnegoServerFaults, HintOfNothingThatWeHave) {
  options_.hint = {kMsKerberosOid, kKerberosOid, kNegoExOid};
  expect_refused(Status::no_credentials, "NTLM: the server does not offer it");
}

TEST_F(SpnegoServerFaults, MechanismThatWasNotOffered) {
  for (const peer::Blob& oid : {kMsKerberosOid, kNegoExOid, peer::kSpnegoOid, peer::Blob{}, peer::Blob(3000, 0x2B)}) {
    options_.faults.mechanism = oid;
    expect_refused(Status::invalid_token, "supportedMech: the server chose a mechanism that was not offered");
  }
}

// Kerberos' token was sent: whoever says "NTLM, please" is not heard unless the caller named both.
TEST_F(SpnegoServerFaults, StepDownToNtlmUnasked) {
  offer_kerberos_first();
  options_.hint = {kMsKerberosOid, kNtlmOid};
  options_.faults.mechanism = kNtlmOid;
  expect_refused(Status::invalid_token, "not offered, in place of Kerberos");
  EXPECT_EQ(fallback(*world_.initiator()), "");
}

TEST_F(SpnegoServerFaults, StepDownToNtlmThatTheListLeavesOut) {
  offer_kerberos_first();
  options_.faults.mechanism = kNtlmOid;
  expect_refused(Status::invalid_token, "not offered, in place of Kerberos", u"!ntlm");
}

TEST_F(SpnegoServerFaults, AnotherMechanismInALaterReply) {
  for (const peer::Blob& oid : {kMsKerberosOid, kNegoExOid}) {
    options_.faults.later_mechanism = oid;
    expect_refused(Status::invalid_token, "supportedMech: a later reply names another mechanism");
  }
}

// ---- negState.

TEST_F(SpnegoServerFaults, CompletionClaimedWithTheChallenge) {
  options_.faults.first_state = peer::kCompleted;
  expect_refused(Status::invalid_token, "negState: the server claims completion");
}

TEST_F(SpnegoServerFaults, CompletionClaimedWithoutAnyToken) {
  options_.faults.first_state = peer::kCompleted;
  options_.faults.no_challenge = true;
  expect_refused(Status::invalid_token, "negState: the server claims completion");
}

TEST_F(SpnegoServerFaults, CompletionClaimedWithAnotherMechanism) {
  offer_kerberos_first();
  options_.faults.first_state = peer::kCompleted;
  expect_refused(Status::invalid_token, "negState: the server claims completion", u"Kerberos,NTLM");
}

TEST_F(SpnegoServerFaults, Reject) {
  options_.faults.first_state = peer::kReject;
  expect_refused(Status::logon_denied, "negState: the server rejected");
  options_.faults.first_state.reset();
  options_.faults.last_state = peer::kReject;
  expect_refused(Status::logon_denied, "negState: the server rejected");
}

TEST_F(SpnegoServerFaults, RequestMicInALaterReply) {
  options_.faults.last_state = peer::kRequestMic;
  expect_refused(Status::invalid_token, "negState: request-mic came in a later reply");
}

TEST_F(SpnegoServerFaults, StateThatIsNone) {
  options_.faults.first_state = 4;
  expect_refused(Status::invalid_token, "negState is none of 0 to 3");
}

TEST_F(SpnegoServerFaults, NoEnd) {
  options_.faults.last_state = peer::kIncomplete;
  expect_refused(Status::invalid_token, "the server waits for a token, and none is due");
}

TEST_F(SpnegoServerFaults, NoChallenge) {
  options_.faults.no_challenge = true;
  expect_refused(Status::invalid_token, "the server waits for a token, and none is due");
}

// ---- mechListMIC.

TEST_F(SpnegoServerFaults, NoMic) {
  options_.faults.mic = Mic::none;
  expect_refused(Status::message_altered, "mechListMIC: the server completed without");
}

TEST_F(SpnegoServerFaults, NoMicWhereItWasRequested) {
  options_.ntlm.faults.no_timestamp = true;
  options_.faults.first_state = peer::kRequestMic;
  options_.faults.mic = Mic::none;
  expect_refused(Status::message_altered, "mechListMIC: the server completed without");
}

TEST_F(SpnegoServerFaults, NoMicWhereItChoseAnother) {
  offer_kerberos_first();
  options_.ntlm.faults.no_timestamp = true;
  options_.faults.mic = Mic::none;
  expect_refused(Status::message_altered, "mechListMIC: the server completed without", u"Kerberos,NTLM");
}

TEST_F(SpnegoServerFaults, WrongMic) {
  for (const Mic mic : {Mic::wrong, Mic::zero, Mic::empty, Mic::reversed}) {
    SCOPED_TRACE(static_cast<int>(mic));
    options_.faults.mic = mic;
    expect_refused(Status::message_altered, "mechListMIC: it does not match");
  }
}

TEST_F(SpnegoServerFaults, WrongMicWhereNoneIsDue) {
  options_.ntlm.faults.no_timestamp = true;
  options_.always_mic = true;
  for (const Mic mic : {Mic::wrong, Mic::zero, Mic::empty, Mic::reversed}) {
    SCOPED_TRACE(static_cast<int>(mic));
    options_.faults.mic = mic;
    expect_refused(Status::message_altered, "mechListMIC: it does not match");
  }
}

TEST_F(SpnegoServerFaults, EarlyMic) {
  options_.faults.early_mic = true;
  expect_refused(Status::message_altered, "mechListMIC: it does not match");
}

TEST_F(SpnegoServerFaults, MicWithTheChoiceOfAnother) {
  offer_kerberos_first();
  auto ours = world_.initiator(u"Kerberos,NTLM");
  ASSERT_TRUE(step(*ours, {}, {.flags = kSealing}));
  peer::Resp reply;
  reply.state = peer::kRequestMic;
  reply.mechanism = kNtlmOid;
  reply.mic = peer::Blob(16, 1);
  const auto refused = step(*ours, peer::write_resp(reply, {}), {.flags = kSealing});
  EXPECT_EQ(status_of(refused), Status::invalid_token) << why(refused);
  EXPECT_TRUE(why(refused).find("before the mechanism was finished") != std::string::npos) << why(refused);
}

TEST_F(SpnegoServerFaults, SecondMic) {
  options_.ntlm.faults.no_timestamp = true;  // so that no MIC was due before the server gave one
  options_.always_mic = true;
  options_.faults.last_state = peer::kIncomplete;
  peer::SpnegoServer server(options_);
  const SpnegoTalk talk = our_client_at_peers(world_, server, {.flags = kSealing});
  // RFC 4178 section 5 (IV): the server's MIC is there, and ours is the end.
  ASSERT_EQ(talk.status(), Status::ok) << talk.reason();
  const auto answer = peer::read_resp(talk.tokens.back());
  ASSERT_TRUE(answer && answer->mic && answer->state == peer::kCompleted);
  EXPECT_FALSE(answer->token.has_value());
  peer::Resp again;
  again.state = peer::kCompleted;
  again.mic = server.session().sign_mech_list(peer::type_list({kNtlmOid}));
  const auto refused = step(*talk.ours, peer::write_resp(again, {}), {.flags = kSealing});
  EXPECT_EQ(status_of(refused), Status::out_of_sequence) << why(refused);
  expect_no_more_tokens(talk);
}

TEST_F(SpnegoServerFaults, MicAgainWithoutAnEnd) {
  options_.faults.last_state = peer::kIncomplete;  // the MIC is there, completion is not
  options_.always_mic = true;
  expect_refused(Status::invalid_token, "the server waits for a token, and none is due");
}

// ---- The conversation.

TEST_F(SpnegoServerFaults, OwnTokenComesBack) {
  options_.faults.reflects = true;
  expect_refused(Status::invalid_token, "MessageType is 1");
}

TEST_F(SpnegoServerFaults, FromSpnegoToNtlmAsItIs) {
  options_.faults.raw_challenge = true;
  expect_refused(Status::invalid_token, "NegTokenResp: tag 0x4e");
}

TEST_F(SpnegoServerFaults, FromNtlmAsItIsToSpnego) {
  auto ours = world_.initiator();
  const auto negotiate = step(*ours, {}, {.flags = kSealing});
  ASSERT_TRUE(negotiate);
  ASSERT_EQ(negotiate->output[0], 'N') << "where there is nothing to choose, NTLM goes as it is";
  peer::Resp reply;
  reply.state = peer::kIncomplete;
  reply.mechanism = kNtlmOid;
  reply.token = peer::Server({}).challenge(negotiate->output);
  const auto refused = step(*ours, peer::write_resp(reply, {}), {.flags = kSealing});
  EXPECT_EQ(status_of(refused), Status::invalid_token) << why(refused);
  EXPECT_FALSE(ours->established());
}

TEST_F(SpnegoServerFaults, NegTokenInitForAReply) {
  options_.faults.init_in_reply = true;
  expect_refused(Status::invalid_token, "NegTokenResp: tag 0x60");
}

TEST_F(SpnegoServerFaults, HintTwice) {
  auto ours = world_.initiator();
  const ByteVector hint = peer::SpnegoServer(options_).hint();
  ASSERT_TRUE(step(*ours, hint));
  const auto refused = step(*ours, hint);
  EXPECT_EQ(status_of(refused), Status::invalid_token);
  EXPECT_TRUE(why(refused).find("NegTokenResp") != std::string::npos) << why(refused);
}

TEST_F(SpnegoServerFaults, TokenBesideCompletion) {
  options_.faults.token_at_end = true;
  expect_refused(Status::invalid_token, "responseToken: it came though the mechanism is finished");
}

TEST_F(SpnegoServerFaults, TokenAfterTheEnd) {
  peer::SpnegoServer server(options_);
  const SpnegoTalk talk = our_client_at_peers(world_, server, {.flags = kSealing});
  ASSERT_EQ(talk.status(), Status::ok) << talk.reason();
  expect_no_more_tokens(talk);
  expect_session(*talk.ours, server.session(), server.verdict().flags);
}

// ---- How tokens are written.

TEST_F(SpnegoServerFaults, ReplyThatIsNoDer) {
  for (const BadLayout& bad : layouts_that_are_no_resp()) {
    SCOPED_TRACE(bad.reason);
    options_.faults.first = bad.layout;
    options_.faults.last = {};
    expect_refused(Status::invalid_token, bad.reason);
    options_.faults.first = {};
    options_.faults.last = bad.layout;
    expect_refused(Status::invalid_token, bad.reason);
  }
}

// ---- NTLM inside.

TEST_F(SpnegoServerFaults, FlagsDowngradedInside) {
  for (const std::uint32_t flag : {peer::k128, peer::kEss, peer::kSign, peer::kSeal}) {
    options_.ntlm.faults.clear_flags = flag;
    expect_refused(Status::unsupported_function, "CHALLENGE_MESSAGE NegotiateFlags");
  }
}

TEST_F(SpnegoServerFaults, FaultsOfNtlmInsideAreNtlms) {
  peer::ServerFaults& ntlm = options_.ntlm.faults;
  ntlm.no_names = true;
  expect_refused(Status::logon_denied, "TargetInfo");
  ntlm = {};
  ntlm.av_flags = 0;
  ntlm.flags_pair_twice = true;
  expect_refused(Status::invalid_token, "twice");
  ntlm = {};
  ntlm.pair_outside = true;
  expect_refused(Status::invalid_token, "TargetInfo");
}

}  // namespace
}  // namespace opensspi::testing
