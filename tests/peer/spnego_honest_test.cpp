// The second SPNEGO without a fault, in both roles; and what old peers do wrong that does no harm. docs/negotiate.md
// has a row for each of the latter.
#include "peer/spnego_world.hpp"

namespace opensspi::testing {
namespace {

using peer::kKerberosOid, peer::kMsKerberosOid, peer::kNegoExOid, peer::kNtlmOid;

class SpnegoHonest : public ::testing::Test {
 protected:
  // The peer's client is let in, and messages pass; how many tokens it took.
  std::size_t expect_client(std::uint32_t flags = peer::kFull) {
    client_options_.ntlm.flags = flags;
    peer::SpnegoClient client(client_options_);
    SpnegoTalk talk = peers_client_at_ours(world_, client);
    EXPECT_EQ(talk.status(), Status::ok) << talk.reason();
    if (!talk.result) return 0;
    EXPECT_TRUE(client.finish(talk.tokens.back()));
    EXPECT_EQ(user_name(*talk.ours), u"EXAMPLE\\alice");
    EXPECT_EQ(chosen(*talk.ours), "NTLM");
    expect_session(*talk.ours, client.session(), flags);
    tokens_ = talk.tokens;
    return talk.tokens.size();
  }
  // Our client is let in, and messages pass.
  std::size_t expect_server(std::uint32_t request = kSealing, std::u16string_view list = {}) {
    peer::SpnegoServer server(server_options_);
    SpnegoTalk talk = our_client_at_peers(world_, server, {.flags = request}, list);
    EXPECT_EQ(talk.status(), Status::ok) << talk.reason();
    EXPECT_TRUE(talk.ours->established());
    if (!talk.ours->established()) return 0;
    EXPECT_TRUE(server.verdict().proof_ok);
    EXPECT_TRUE(server.client_mic_ok() || !server.client_mic_there());
    had_client_mic_ = server.client_mic_there();
    fallback_ = fallback(*talk.ours);
    expect_session(*talk.ours, server.session(), server.verdict().flags);
    tokens_ = talk.tokens;
    return talk.tokens.size();
  }
  bool last_reply_has_mic() const { return peer::read_resp(tokens_.back())->mic.has_value(); }

  SpnegoWorld world_;
  peer::SpnegoClientOptions client_options_;
  peer::SpnegoServerOptions server_options_;
  std::vector<ByteVector> tokens_;
  bool had_client_mic_ = false;
  std::string fallback_;
};

TEST_F(SpnegoHonest, ClientWithMic) {
  EXPECT_EQ(expect_client(), 4U);
  EXPECT_TRUE(last_reply_has_mic());
  EXPECT_EQ(peer::read_resp(tokens_[1])->mechanism, kNtlmOid);
  EXPECT_FALSE(peer::read_resp(tokens_[3])->mechanism.has_value()) << "supportedMech is for the first reply only";
}

TEST_F(SpnegoHonest, ClientWithEachProtection) {
  for (const std::uint32_t off : {0U, peer::kSeal, peer::kSeal | peer::kKeyExch}) expect_client(peer::kFull & ~off);
  EXPECT_EQ(expect_client(peer::kPlain), 4U);
  EXPECT_FALSE(last_reply_has_mic()) << "without signing there is nothing to make a MIC with";
}

TEST_F(SpnegoHonest, ClientThatOffersMoreThanWeHave) {
  client_options_.list = {kMsKerberosOid, kKerberosOid, kNegoExOid, kNtlmOid};
  EXPECT_EQ(expect_client(), 6U);
  const auto first = peer::read_resp(tokens_[1]);
  EXPECT_EQ(first->state, peer::kRequestMic);
  EXPECT_EQ(first->mechanism, kNtlmOid);
  EXPECT_FALSE(first->token.has_value()) << "the optimistic token was another mechanism's";
  EXPECT_TRUE(last_reply_has_mic());
}

TEST_F(SpnegoHonest, ClientAfterOurHint) {
  auto ours = world_.acceptor();
  const auto hint = step(*ours, {});
  ASSERT_TRUE(hint) << why(hint);
  const auto offered = peer::read_init(hint->output);
  ASSERT_TRUE(offered.has_value());
  EXPECT_TRUE(offered->has_hints);
  EXPECT_EQ(offered->types, std::vector<peer::Blob>{kNtlmOid});
  peer::SpnegoClient client(client_options_);
  const auto challenge = step(*ours, client.init());
  ASSERT_TRUE(challenge) << why(challenge);
  const auto done = step(*ours, client.answer(challenge->output));
  ASSERT_TRUE(done) << why(done);
  EXPECT_TRUE(client.finish(done->output));
}

TEST_F(SpnegoHonest, ServerWithMic) {
  EXPECT_EQ(expect_server(), 6U);  // with the hint, and nothing for our last step to say
  EXPECT_TRUE(had_client_mic_);
  EXPECT_EQ(fallback_, "Kerberos: there is no ticket");
}

TEST_F(SpnegoHonest, ServerWithoutMicWhereNothingIsSigned) {
  expect_server(0);
  EXPECT_FALSE(had_client_mic_);
}

TEST_F(SpnegoHonest, ServerThatChoosesAmongThePackagesNamed) {
  world_.kerberos.behaviour.why_no_credential.clear();
  expect_server(kSealing, u"Kerberos,NTLM");
  EXPECT_TRUE(had_client_mic_) << "who chooses another must be given a MIC";
  EXPECT_EQ(fallback_, "Kerberos: the server chose NTLM");
}

TEST_F(SpnegoHonest, ServerThatAsksForTheMicInItsFirstReply) {
  server_options_.ntlm.faults.no_timestamp = true;  // else NTLM asks for it
  server_options_.faults.first_state = peer::kRequestMic;
  expect_server();
  EXPECT_TRUE(had_client_mic_);
}

// ---- What is tolerated.

TEST_F(SpnegoHonest, OldClientWithoutOptimisticToken) {
  client_options_.optimistic = false;
  EXPECT_EQ(expect_client(), 6U);
}

TEST_F(SpnegoHonest, OldClientWithoutAnyMic) {
  client_options_.ntlm.sends_mic = false;
  client_options_.faults.mic = peer::Mic::none;
  EXPECT_EQ(expect_client(), 4U);
  EXPECT_FALSE(last_reply_has_mic());
}

TEST_F(SpnegoHonest, OldClientWithAMechListMicButNoneOfNtlm) {
  client_options_.ntlm.sends_mic = false;
  expect_client();
  EXPECT_TRUE(last_reply_has_mic()) << "who gives one gets one";
}

TEST_F(SpnegoHonest, OldClientWithACopyOfItsTokenForAMic) {
  client_options_.ntlm.sends_mic = false;
  client_options_.faults.mic = peer::Mic::of_token;
  peer::SpnegoClient client(client_options_);
  const SpnegoTalk talk = peers_client_at_ours(world_, client);
  EXPECT_EQ(talk.status(), Status::ok) << talk.reason();
  EXPECT_FALSE(peer::read_resp(talk.tokens.back())->mic.has_value());
}

TEST_F(SpnegoHonest, OldClientWithoutNegState) {
  client_options_.says_state = false;
  expect_client();
}

TEST_F(SpnegoHonest, OldClientThatSaysCompletedWithItsLastToken) {
  client_options_.faults.state = peer::kCompleted;
  expect_client();
}

TEST_F(SpnegoHonest, OldClientWithReqFlags) {
  client_options_.faults.init.req_flags = true;
  expect_client();
}

TEST_F(SpnegoHonest, OldClientWithNtlmAsItIs) {
  auto ours = world_.acceptor();
  peer::Client client({});
  const auto challenge = step(*ours, client.negotiate());
  ASSERT_TRUE(challenge) << why(challenge);
  const auto done = step(*ours, client.authenticate(challenge->output));
  ASSERT_TRUE(done) << why(done);
  EXPECT_TRUE(done->output.empty());
  EXPECT_EQ(chosen(*ours), "NTLM");
  auto session = client.session();
  expect_session(*ours, session, client.flags());
}

TEST_F(SpnegoHonest, OldServerWithoutSupportedMech) {
  server_options_.says_mechanism = false;
  expect_server();
}

TEST_F(SpnegoHonest, OldServerWithoutNegStateInItsFirstReply) {
  server_options_.says_state = false;
  expect_server();
}

TEST_F(SpnegoHonest, OldServerThatRepeatsSupportedMech) {
  server_options_.faults.later_mechanism = kNtlmOid;
  expect_server();
}

TEST_F(SpnegoHonest, OldServerWithACopyOfItsChallengeForAMic) {
  server_options_.faults.mic = peer::Mic::of_token;
  expect_server();
}

TEST_F(SpnegoHonest, OldServerThatSaysIncompleteWhereItChoosesAnother) {
  world_.kerberos.behaviour.why_no_credential.clear();
  server_options_.faults.first_state = peer::kIncomplete;
  expect_server(kSealing, u"Kerberos,NTLM");
  EXPECT_TRUE(had_client_mic_) << "the MIC is due whether the server asks for it or not";
}

TEST_F(SpnegoHonest, OldServerWithoutAMicOfNtlmOrSpnego) {
  server_options_.ntlm.faults.no_timestamp = true;
  expect_server();
  EXPECT_FALSE(had_client_mic_);
}

// It has completed: it takes no MIC of ours any more, and what follows is numbered as if there was none.
TEST_F(SpnegoHonest, ServerThatGivesAMicUnasked) {
  server_options_.ntlm.faults.no_timestamp = true;
  server_options_.always_mic = true;
  expect_server();
  EXPECT_FALSE(had_client_mic_);
  EXPECT_TRUE(tokens_.back().empty());
}

}  // namespace
}  // namespace opensspi::testing
