// What a client can do wrong in SPNEGO, or somebody between it and our server: each is refused with its status.
#include <algorithm>

#include "peer/spnego_world.hpp"

namespace opensspi::testing {
namespace {

using peer::kKerberosOid, peer::kMsKerberosOid, peer::kNegoExOid, peer::kNtlmOid, peer::Mic;

class SpnegoClientFaults : public ::testing::Test {
 protected:
  void expect_refused(Status status, const std::string& reason) {
    peer::SpnegoClient client(options_);
    const SpnegoTalk talk = peers_client_at_ours(world_, client);
    expect_failed(talk, status, reason);
    owed_ = talk.owed();
  }
  void expect_rejected(Status status, const std::string& reason) {
    expect_refused(status, reason);
    const auto owed = peer::read_resp(owed_);
    ASSERT_TRUE(owed.has_value()) << "the client is told";
    EXPECT_EQ(owed->state, peer::kReject);
  }
  void expect_each_mic_refused() {
    options_.faults.mic = Mic::none;
    expect_rejected(Status::message_altered, "mechListMIC: the client sent none");
    options_.faults.mic = Mic::of_token;  // taken for none
    expect_rejected(Status::message_altered, "mechListMIC: the client sent none");
    for (const Mic mic : {Mic::wrong, Mic::zero, Mic::empty, Mic::reversed}) {
      SCOPED_TRACE(static_cast<int>(mic));
      options_.faults.mic = mic;
      expect_rejected(Status::message_altered, "mechListMIC: it does not match");
    }
  }

  SpnegoWorld world_;
  peer::SpnegoClientOptions options_;
  ByteVector owed_;
};

// ---- The list of mechanisms.

TEST_F(SpnegoClientFaults, ListChangedOnItsWay) {
  struct Change {
    const char* name;
    std::vector<peer::Blob> meant, sent;
    bool optimistic;
  };
  const Change changes[] = {
      {"the first is dropped", {kMsKerberosOid, kNtlmOid}, {kNtlmOid}, false},
      {"all but NTLM are dropped", {kMsKerberosOid, kKerberosOid, kNegoExOid, kNtlmOid}, {kNtlmOid}, false},
      {"the last is dropped", {kNtlmOid, kNegoExOid}, {kNtlmOid}, true},
      {"one is put in front", {kNtlmOid}, {kNegoExOid, kNtlmOid}, true},
      {"one is put behind", {kNtlmOid}, {kNtlmOid, kKerberosOid}, true},
      {"one is replaced", {kNtlmOid, kNegoExOid}, {kNtlmOid, kKerberosOid}, true},
      {"the order is changed", {kNtlmOid, kKerberosOid}, {kKerberosOid, kNtlmOid}, true},
      {"one is there twice", {kNtlmOid}, {kNtlmOid, kNtlmOid}, true},
  };
  for (const Change& change : changes) {
    for (const bool ntlm_mic : {true, false}) {
      SCOPED_TRACE(std::string(change.name) + (ntlm_mic ? "" : ", NTLM without MIC"));
      options_.faults.meant_list = change.meant;
      options_.list = change.sent;
      options_.optimistic = change.optimistic;
      options_.ntlm.sends_mic = ntlm_mic;
      expect_rejected(Status::message_altered, "mechListMIC: it does not match");
    }
  }
}

TEST_F(SpnegoClientFaults, NothingThatWeHave) {
  const std::vector<std::vector<peer::Blob>> lists = {
      {kNegoExOid}, {kKerberosOid, kMsKerberosOid}, {peer::kSpnegoOid}, {peer::Blob{}}, {peer::Blob(5000, 0x81)}};
  for (const auto& list : lists) {
    options_.list = list;
    expect_rejected(Status::unsupported_function, "mechTypes: the client offers no mechanism");
  }
}

TEST_F(SpnegoClientFaults, OidThatIsAlmostNtlms) {
  for (std::size_t i = 0; i < kNtlmOid.size(); ++i) {
    peer::Blob oid = kNtlmOid;
    oid[i] ^= 1;
    options_.list = {oid};
    expect_rejected(Status::unsupported_function, "mechTypes");
  }
  options_.list = {peer::Blob(kNtlmOid.begin(), kNtlmOid.end() - 1)};
  expect_rejected(Status::unsupported_function, "mechTypes");
}

TEST_F(SpnegoClientFaults, EmptyList) {
  options_.list = {};
  expect_refused(Status::invalid_token, "mechTypes is empty");
}

TEST_F(SpnegoClientFaults, HugeList) {
  options_.list = std::vector<peer::Blob>(64, kNegoExOid);
  options_.list.push_back(kNtlmOid);
  expect_refused(Status::invalid_token, "more than 64");
  options_.list = std::vector<peer::Blob>(20000, peer::Blob{});
  expect_refused(Status::invalid_token, "more than 64");
}

TEST_F(SpnegoClientFaults, ListAsLongAsIsAllowedIsNoFault) {
  options_.list = std::vector<peer::Blob>(63, peer::Blob(1000, 0x2B));
  options_.list.push_back(kNtlmOid);
  peer::SpnegoClient client(options_);
  const SpnegoTalk talk = peers_client_at_ours(world_, client);
  EXPECT_EQ(talk.status(), Status::ok) << talk.reason();
  EXPECT_TRUE(client.finish(talk.tokens.back()));
}

// ---- mechListMIC.

TEST_F(SpnegoClientFaults, MicWhereNtlmHasItsOwn) { expect_each_mic_refused(); }

TEST_F(SpnegoClientFaults, MicWhereNtlmWasNotTheFirst) {
  options_.list = {kMsKerberosOid, kNtlmOid};
  options_.ntlm.sends_mic = false;
  expect_each_mic_refused();
}

TEST_F(SpnegoClientFaults, WrongMicWhereNoneIsDue) {
  options_.ntlm.sends_mic = false;
  for (const Mic mic : {Mic::wrong, Mic::zero, Mic::empty, Mic::reversed}) {
    options_.faults.mic = mic;
    expect_rejected(Status::message_altered, "mechListMIC: it does not match");
  }
}

TEST_F(SpnegoClientFaults, MicWhereNothingIsSigned) {
  options_.ntlm.flags = peer::kPlain;
  peer::SpnegoClient client(options_);
  auto ours = world_.acceptor();
  const auto challenge = step(*ours, client.init());
  auto last = peer::read_resp(client.answer(challenge->output));
  last->mic = peer::Blob(16, 0);
  const auto done = step(*ours, peer::write_resp(*last, {}));
  EXPECT_EQ(status_of(done), Status::message_altered) << why(done);
  EXPECT_TRUE(why(done).find("signing was not negotiated") != std::string::npos) << why(done);
}

TEST_F(SpnegoClientFaults, EarlyMic) {
  options_.faults.early_mic = true;
  expect_refused(Status::invalid_token, "mechListMIC: it came before the mechanism was finished");
}

TEST_F(SpnegoClientFaults, MicWithTheFirstTokenOfAReselectedMechanism) {
  options_.list = {kMsKerberosOid, kNtlmOid};
  peer::SpnegoClient client(options_);
  auto ours = world_.acceptor();
  const auto reply = step(*ours, client.init());
  auto negotiate = peer::read_resp(client.answer(reply->output));
  negotiate->mic = peer::Blob(16, 1);
  const auto refused = step(*ours, peer::write_resp(*negotiate, {}));
  EXPECT_EQ(status_of(refused), Status::invalid_token);
  EXPECT_TRUE(why(refused).find("before the mechanism was finished") != std::string::npos) << why(refused);
}

// ---- The conversation.

TEST_F(SpnegoClientFaults, FromSpnegoToNtlmAsItIs) {
  options_.faults.raw_authenticate = true;
  expect_refused(Status::invalid_token, "NegTokenResp: tag 0x4e");
}

TEST_F(SpnegoClientFaults, FromNtlmAsItIsToSpnego) {
  peer::Client client({});
  auto ours = world_.acceptor();
  const auto challenge = step(*ours, client.negotiate());
  ASSERT_TRUE(challenge);
  peer::Resp wrapped;
  wrapped.token = client.authenticate(challenge->output);
  const auto refused = step(*ours, peer::write_resp(wrapped, {}));
  EXPECT_EQ(status_of(refused), Status::invalid_token) << why(refused);
  EXPECT_FALSE(ours->established());
}

TEST_F(SpnegoClientFaults, NegTokenInitTwice) {
  options_.faults.init_again = true;
  expect_refused(Status::invalid_token, "NegTokenResp: tag 0x60");
}

TEST_F(SpnegoClientFaults, NegTokenRespFirst) {
  auto ours = world_.acceptor();
  peer::Resp resp;
  resp.token = peer::Client({}).negotiate();
  const auto refused = step(*ours, peer::write_resp(resp, {}));
  EXPECT_EQ(status_of(refused), Status::invalid_token);
  EXPECT_TRUE(why(refused).find("before any NegTokenInit") != std::string::npos) << why(refused);
}

TEST_F(SpnegoClientFaults, HintInPlaceOfAnOffer) {
  auto ours = world_.acceptor();
  const auto refused = step(*ours, peer::write_hint(peer::type_list({kNtlmOid})));
  EXPECT_EQ(status_of(refused), Status::invalid_token);
  EXPECT_TRUE(why(refused).find("negHints") != std::string::npos) << why(refused);
}

TEST_F(SpnegoClientFaults, NoResponseToken) {
  options_.faults.no_token = true;
  expect_refused(Status::invalid_token, "responseToken");
}

TEST_F(SpnegoClientFaults, EmptyResponseToken) {
  options_.faults.empty_token = true;
  expect_rejected(Status::invalid_token, "AUTHENTICATE_MESSAGE");
}

TEST_F(SpnegoClientFaults, NegotiateMessageAgain) {
  options_.faults.token_of_own = true;
  expect_rejected(Status::invalid_token, "MessageType is 1");
}

TEST_F(SpnegoClientFaults, Reject) {
  options_.faults.state = peer::kReject;
  expect_refused(Status::logon_denied, "negState: the client gave the negotiation up");
}

TEST_F(SpnegoClientFaults, StateThatIsNone) {
  options_.faults.state = 4;
  expect_refused(Status::invalid_token, "negState is none of 0 to 3");
}

TEST_F(SpnegoClientFaults, TokenAfterTheEnd) {
  peer::SpnegoClient client(options_);
  const SpnegoTalk talk = peers_client_at_ours(world_, client);
  ASSERT_EQ(talk.status(), Status::ok) << talk.reason();
  ASSERT_TRUE(client.finish(talk.tokens.back()));
  expect_no_more_tokens(talk);
  expect_session(*talk.ours, client.session(), peer::kFull);
}

// ---- How tokens are written.

TEST_F(SpnegoClientFaults, InitThatIsNoDer) {
  struct Case {
    peer::Layout layout;
    const char* reason;
  };
  const Case cases[] = {
      {{.reversed = true}, "tag 0xa2 stands where tag 0xa0"},
      {{.last_twice = true}, "NegTokenInit: "},
      {{.long_lengths = true}, "not in the shortest form"},
      {{.indefinite = true}, "the first token is none"},
      {{.trailing = true}, "1 bytes follow its end"},
      {{.short_by_one = true}, "the first token is none"},
      {{.outer_oid = kNtlmOid}, "the first token is none"},
      {{.outer_oid = peer::Blob{}}, "the first token is none"},
      {{.more = peer::Blob{0xA5, 2, 4, 0}}, "NegTokenInit: 4 bytes follow"},
      {{.more = peer::Blob{0xA0, 0}}, "NegTokenInit: 2 bytes follow"},
      {{.more = peer::Blob{0}}, "NegTokenInit: 1 bytes follow"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.reason);
    options_.faults.init = c.layout;
    expect_refused(Status::invalid_token, c.reason);
  }
}

TEST_F(SpnegoClientFaults, RespThatIsNoDer) {
  for (const BadLayout& bad : layouts_that_are_no_resp()) {
    SCOPED_TRACE(bad.reason);
    options_.faults.resp = bad.layout;
    expect_refused(Status::invalid_token, bad.reason);
  }
}

// ---- NTLM inside.

TEST_F(SpnegoClientFaults, FaultsOfNtlmInsideAreNtlms) {
  peer::ClientOptions& ntlm = options_.ntlm;
  ntlm.password = "wrong";
  expect_rejected(Status::logon_denied, "");
  ntlm = {};
  ntlm.faults.wrong_mic = true;
  expect_rejected(Status::logon_denied, "AUTHENTICATE_MESSAGE MIC");
  ntlm.faults = {};
  ntlm.faults.drop_mic = true;
  expect_rejected(Status::logon_denied, "AUTHENTICATE_MESSAGE MIC");
  ntlm.faults = {};
  ntlm.faults.flags_pair_twice = true;
  expect_rejected(Status::invalid_token, "twice");
  ntlm.faults = {};
  ntlm.faults.ntlm_v1 = true;
  expect_rejected(Status::logon_denied, "");
}

TEST_F(SpnegoClientFaults, FlagsDowngradedInside) {
  for (const std::uint32_t flag : {peer::kSign, peer::kSeal, peer::k128, peer::kKeyExch, peer::kEss}) {
    SCOPED_TRACE(flag);
    options_.ntlm.sends_mic = false;
    options_.ntlm.faults.clear_flags = flag;
    expect_rejected(Status::logon_denied, "AUTHENTICATE_MESSAGE NegotiateFlags");
  }
}

// NTLM's own MIC finds what was changed inside, in whichever message.
TEST_F(SpnegoClientFaults, FlagsDowngradedInsideOnTheWay) {
  for (const std::uint32_t flag : {peer::kSign, peer::kSeal, peer::kKeyExch}) {
    for (const bool in_negotiate : {true, false}) {
      SCOPED_TRACE(flag);
      peer::SpnegoClient client(options_);
      auto ours = world_.acceptor();
      auto init = peer::read_init(client.init());
      if (in_negotiate) peer::put32(*init->token, 12, peer::get32(*init->token, 12) & ~flag);
      const auto challenge = step(*ours, peer::write_init(init->types_der, init->token, std::nullopt, {}));
      ASSERT_TRUE(challenge) << why(challenge);
      auto last = peer::read_resp(client.answer(challenge->output));
      if (!in_negotiate) peer::put32(*last->token, 60, peer::get32(*last->token, 60) & ~flag);
      const auto done = step(*ours, peer::write_resp(*last, {}));
      EXPECT_EQ(status_of(done), Status::logon_denied) << why(done);
      EXPECT_TRUE(why(done).find("AUTHENTICATE_MESSAGE MIC") != std::string::npos) << why(done);
    }
  }
}

}  // namespace
}  // namespace opensspi::testing
