// Negotiate over fake mechanisms: which one is chosen and why, what is said on the wire, and what is refused.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "negotiate/credential.hpp"
#include "negotiate/messages/tokens.hpp"
#include "negotiate/package.hpp"
#include "opensspi/extra.h"
#include "support/fake_mechanism.hpp"

namespace opensspi::testing {
namespace {

using namespace negotiate;

const ByteVector kBestOid = {0x2A, 0x03, 0x01};
const ByteVector kSpareOid = {0x2A, 0x03, 0x02};

std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// Two hosts, each with its own mechanisms "Best" and "Spare".
class NegotiateTest : public ::testing::Test {
 protected:
  struct Side {
    FakeMechanism best{u"Best", kBestOid, {}};
    FakeMechanism spare{u"Spare", kSpareOid, {}};
    Configuration configuration;
    NegotiatePackage package{{&best, &spare}, configuration};
    std::unique_ptr<core::Context> context;
    std::uint32_t flags = 0;

    void start(core::Role role, std::u16string list = {}) {
      core::AuthIdentity identity;
      identity.package_list = std::move(list);
      core::AcquireInput input;
      input.use = SECPKG_CRED_BOTH;
      input.identity = &identity;
      auto credential = package.acquire(input);
      ASSERT_TRUE(credential) << credential.error().detail;
      auto begun = (*credential)->start(role);
      ASSERT_TRUE(begun) << begun.error().detail;
      context = std::move(*begun);
    }
    Result<core::Step> step(Bytes token = {}) {
      core::StepInput input;
      input.token = token;
      input.flags = flags;
      input.target = u"HTTP/server";
      return context->step(input);
    }
    std::string fallback() const {
      auto attribute = context->query(OPENSSPI_ATTR_FALLBACK);
      return attribute ? to_utf8(std::get<core::Fallback>(*attribute).reason) : attribute.error().detail;
    }
    std::string mechanism() const {
      auto attribute = context->query(SECPKG_ATTR_NEGOTIATION_INFO);
      return attribute ? to_utf8(std::get<core::NegotiationInfo>(*attribute).package->name) : attribute.error().detail;
    }
  };

  void start(std::u16string client_list = {}, std::u16string server_list = {}) {
    client.start(core::Role::initiator, std::move(client_list));
    server.start(core::Role::acceptor, std::move(server_list));
  }

  // Carries tokens to the end; how many there were. An end that fails ends the test.
  int talk() {
    int tokens = 0;
    auto from_client = client.step();
    while (from_client && !from_client->output.empty() && tokens < 20) {
      ++tokens;
      auto from_server = server.step(from_client->output);
      EXPECT_TRUE(from_server) << from_server.error().detail;
      if (!from_server || from_server->output.empty()) break;
      ++tokens;
      from_client = client.step(from_server->output);
      EXPECT_TRUE(from_client) << from_client.error().detail;
    }
    return tokens;
  }

  void expect_established() {
    EXPECT_TRUE(client.context->established());
    EXPECT_TRUE(server.context->established());
  }

  static void expect_refused(const Result<core::Step>& step, Status status, const char* word) {
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().status, status) << step.error().detail;
    EXPECT_NE((step.error().check + (": " + step.error().detail)).find(word), std::string::npos)
        << step.error().check << ": " << step.error().detail;
  }

  Side client, server;
};

TEST_F(NegotiateTest, EveryNumberOfLegsComesToAnEndOnBothSides) {
  for (unsigned legs = 1; legs <= 6; ++legs) {
    for (const bool mic_due : {false, true}) {
      SCOPED_TRACE(std::to_string(legs) + (mic_due ? " legs with a MIC" : " legs"));
      client.best.behaviour = server.best.behaviour = {.legs = legs, .mic_due = mic_due};
      start();
      talk();
      expect_established();
      EXPECT_EQ(client.mechanism(), "Best");
      EXPECT_EQ(client.fallback(), "");
    }
  }
}

TEST_F(NegotiateTest, TheAcceptorMaySpeakFirst) {
  start();
  auto hint = server.step();
  ASSERT_TRUE(hint);
  auto parsed = NegTokenInit::parse(hint->output);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->has_hints);
  EXPECT_EQ(parsed->mech_types.size(), 2U);
  auto init = client.step(hint->output);
  ASSERT_TRUE(init);
  auto reply = server.step(init->output);
  ASSERT_TRUE(reply);
}

TEST_F(NegotiateTest, AHintWithoutTheBestMechanismMakesTheClientTakeTheSpareOne) {
  server.best.behaviour.why_no_credential = "there is no key";
  start();
  auto hint = server.step();
  ASSERT_TRUE(hint);
  ASSERT_TRUE(client.step(hint->output));
  EXPECT_EQ(client.mechanism(), "Spare");
  EXPECT_EQ(client.fallback(), "Best: the server does not offer it");
}

TEST_F(NegotiateTest, FallsBackOnlyWhereThereIsNoWayToTheService) {
  struct Case {
    Status failure;
    bool falls_back;
  };
  const Case cases[] = {{Status::target_unknown, true}, {Status::no_authenticating_authority, true},
                        {Status::no_credentials, true}, {Status::logon_denied, false},
                        {Status::time_skew, false},     {Status::kdc_unknown_etype, false},
                        {Status::internal_error, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(status_name(c.failure));
    client.best.behaviour = {.failing_leg = 1, .failure = c.failure};
    start();
    auto step = client.step();
    EXPECT_EQ(step.has_value(), c.falls_back);
    if (!step) {
      EXPECT_EQ(step.error().status, c.failure);
    }
    if (step) {
      EXPECT_EQ(client.fallback(), "Best: it was told to fail");
    }
  }
}

TEST_F(NegotiateTest, OffersNothingBelowTheMechanismWhoseTokenItSends) {
  start();
  auto init = client.step();
  ASSERT_TRUE(init);
  auto parsed = NegTokenInit::parse(init->output);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->mech_types.size(), 1U);
  EXPECT_EQ(to_hex(parsed->mech_types[0]), to_hex(kBestOid));
  EXPECT_EQ(text(*parsed->mech_token), "Best leg 1");
}

TEST_F(NegotiateTest, LetsTheAcceptorChooseWhereTheCallerNamesThePackages) {
  server.best.behaviour.why_no_credential = "there is no key";
  start(u"Best,Spare");
  talk();
  expect_established();
  EXPECT_EQ(client.mechanism(), "Spare");
  EXPECT_EQ(client.fallback(), "Best: the server chose Spare");
}

// Else who takes the best one out of the list on its way would choose, and nobody would see it.
TEST_F(NegotiateTest, AnotherMechanismThatCannotVouchForTheListIsRefused) {
  server.best.behaviour.why_no_credential = "there is no key";
  client.spare.behaviour.integrity = server.spare.behaviour.integrity = false;
  start(u"Best,Spare");
  auto init = client.step();
  auto reply = server.step(init->output);
  auto first = client.step(reply->output);
  auto second = server.step(first->output);
  auto third = client.step(second->output);
  ASSERT_TRUE(third) << third.error().detail;
  auto completed = server.step(third->output);
  ASSERT_TRUE(completed) << completed.error().detail;
  expect_refused(client.step(completed->output), Status::message_altered, "list of mechanisms");
  EXPECT_FALSE(client.context->established());
}

TEST_F(NegotiateTest, NoOtherMechanismIsTakenWhereIntegrityMayNotBe) {
  server.best.behaviour.why_no_credential = "there is no key";
  client.flags = ISC_REQ_NO_INTEGRITY;
  start(u"Best,Spare");
  auto init = client.step();
  auto reply = server.step(init->output);
  expect_refused(client.step(reply->output), Status::unsupported_function, "ISC_REQ_NO_INTEGRITY");
  EXPECT_EQ(client.spare.started, 0);
}

TEST_F(NegotiateTest, TheAcceptorKnowsWhyNotTheBetterMechanism) {
  start(u"Spare");
  talk();
  EXPECT_EQ(server.mechanism(), "Spare");
  EXPECT_EQ(server.fallback(), "Best: the client does not offer it");
  start(u"Spare,Best");
  talk();
  EXPECT_EQ(server.mechanism(), "Spare");
  EXPECT_EQ(server.fallback(), "Best: the client prefers another");
  server.best.behaviour.why_no_credential = "there is no key";
  start(u"Best,Spare");
  talk();
  EXPECT_EQ(server.mechanism(), "Spare");
  EXPECT_EQ(server.fallback(), "Best: there is no key");
  server.best.behaviour.why_no_credential.clear();
  start();
  talk();
  EXPECT_EQ(server.mechanism(), "Best");
  EXPECT_EQ(server.fallback(), "");
}

// Whether Kerberos could have been used is a matter of a keytab on disk, and nobody may ever ask.
TEST_F(NegotiateTest, AMechanismThatIsNotChosenIsAskedOnlyWhenTheReasonIs) {
  server.best.behaviour.why_not_accepting = "there is no key";
  start(u"Spare");
  talk();
  expect_established();
  EXPECT_EQ(server.best.asked_whether_it_accepts, 0);
  EXPECT_EQ(server.fallback(), "Best: there is no key");
  EXPECT_EQ(server.best.asked_whether_it_accepts, 1);
}

TEST_F(NegotiateTest, AfterAHintEveryReasonIsToldOnce) {
  server.best.behaviour.why_not_accepting = "there is no key";
  start();
  auto hint = server.step();
  ASSERT_TRUE(hint);
  auto init = client.step(hint->output);
  ASSERT_TRUE(init);
  ASSERT_TRUE(server.step(init->output));
  EXPECT_EQ(server.mechanism(), "Spare");
  EXPECT_EQ(server.fallback(), "Best: there is no key");
}

TEST_F(NegotiateTest, AMechanismThatWasNotOfferedIsRefused) {
  start();
  ASSERT_TRUE(client.step());
  NegTokenResp reply;
  reply.state = NegState::request_mic;
  reply.supported_mech = kSpareOid;
  expect_refused(client.step(reply.serialize()), Status::invalid_token, "not offered");
  EXPECT_EQ(client.spare.started, 0);
}

TEST_F(NegotiateTest, AMissingMicIsRefusedWhereOneIsDue) {
  client.best.behaviour.mic_due = server.best.behaviour.mic_due = true;
  start();
  auto init = client.step();
  auto challenge = server.step(init->output);
  auto last = client.step(challenge->output);
  ASSERT_TRUE(last);
  auto with_mic = NegTokenResp::parse(last->output);
  ASSERT_TRUE(with_mic && with_mic->mech_list_mic);
  with_mic->mech_list_mic.reset();
  expect_refused(server.step(with_mic->serialize()), Status::message_altered, "mechListMIC");
  // And from the server.
  NegTokenResp completed;
  completed.state = NegState::accept_completed;
  expect_refused(client.step(completed.serialize()), Status::message_altered, "mechListMIC");
}

TEST_F(NegotiateTest, AListThatChangedOnItsWayIsRefused) {
  server.best.behaviour.why_no_credential = "there is no key";
  client.best.behaviour.mic_due = client.spare.behaviour.mic_due = true;
  start(u"Best,Spare");
  auto init = client.step();
  ASSERT_TRUE(init);
  // Someone between takes the best mechanism out of the list.
  const ByteVector shorter = NegTokenInit::serialize(mech_type_list({kSpareOid}), std::nullopt);
  auto reply = server.step(shorter);
  ASSERT_TRUE(reply);
  auto first = client.step(reply->output);
  ASSERT_TRUE(first) << first.error().detail;
  auto second = server.step(first->output);
  ASSERT_TRUE(second) << second.error().detail;
  auto third = client.step(second->output);
  ASSERT_TRUE(third) << third.error().detail;
  expect_refused(server.step(third->output), Status::message_altered, "list of mechanisms");
}

TEST_F(NegotiateTest, CompletionThatIsClaimedTooEarlyIsRefused) {
  start();
  ASSERT_TRUE(client.step());
  NegTokenResp reply;
  reply.state = NegState::accept_completed;
  expect_refused(client.step(reply.serialize()), Status::invalid_token, "claims completion");
}

TEST_F(NegotiateTest, ARejectIsALogonThatWasDenied) {
  start();
  ASSERT_TRUE(client.step());
  NegTokenResp reply;
  reply.state = NegState::reject;
  expect_refused(client.step(reply.serialize()), Status::logon_denied, "negState");
  expect_refused(client.step(reply.serialize()), Status::out_of_sequence, "failed in an earlier step");
}

// As a KRB-ERROR in a reject: what it says is the better reason, and nothing that it says lets the log-on go on.
TEST_F(NegotiateTest, ARejectMayBringTheMechanismsOwnReason) {
  NegTokenResp reply;
  reply.state = NegState::reject;
  const std::string second_leg = "Best leg 2";
  reply.response_token = Bytes(reinterpret_cast<const std::uint8_t*>(second_leg.data()), second_leg.size());
  client.best.behaviour = {.failing_leg = 3, .failure = Status::time_skew};
  start();
  ASSERT_TRUE(client.step());
  auto refused = client.step(reply.serialize());
  expect_refused(refused, Status::time_skew, "the server rejected the log-on: it was told to fail");
  EXPECT_TRUE(refused.error().output.empty());
  client.best.behaviour = {};
  start();
  ASSERT_TRUE(client.step());
  expect_refused(client.step(reply.serialize()), Status::logon_denied, "negState");
  EXPECT_FALSE(client.context->established());
}

TEST_F(NegotiateTest, AClientThatGivesUpWhereItsMicIsDueIsDenied) {
  client.best.behaviour = server.best.behaviour = {.legs = 2, .mic_due = true};
  start();
  auto init = client.step();
  auto last = server.step(init->output);
  ASSERT_TRUE(last);
  ASSERT_TRUE(NegTokenResp::parse(last->output)->mech_list_mic) << "who sends the last token sends its MIC with it";
  NegTokenResp reply;
  reply.state = NegState::reject;
  expect_refused(server.step(reply.serialize()), Status::logon_denied, "negState");
}

// RFC 4178 section 5: with an even number of the mechanism's tokens the client's MIC is the last of all, and a server
// that waited for it has nothing to add.
TEST_F(NegotiateTest, TheClientsMicIsTheEndWhereTheServersCameFirst) {
  for (const unsigned legs : {1U, 2U, 4U}) {
    client.best.behaviour = server.best.behaviour = {.legs = legs, .mic_due = true};
    start();
    auto sent = client.step();
    for (unsigned token = 2; token < legs; token += 2) sent = client.step(server.step(sent->output)->output);
    auto last = server.step(sent->output);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->status, Status::continue_needed);
    auto mic = client.step(last->output);
    ASSERT_TRUE(mic) << mic.error().detail;
    EXPECT_EQ(mic->status, Status::ok);
    EXPECT_EQ(NegTokenResp::parse(mic->output)->state, NegState::accept_completed);
    auto end = server.step(mic->output);
    ASSERT_TRUE(end) << end.error().detail;
    EXPECT_EQ(end->status, Status::ok);
    EXPECT_TRUE(end->output.empty());
    expect_established();
  }
}

// One that does not say that it is complete is told that the server is.
TEST_F(NegotiateTest, AClientThatWaitsBehindItsMicIsAnswered) {
  client.best.behaviour = server.best.behaviour = {.legs = 2, .mic_due = true};
  start();
  auto mic = client.step(server.step(client.step()->output)->output);
  ASSERT_TRUE(mic);
  auto waiting = NegTokenResp::parse(mic->output);
  waiting->state.reset();
  auto end = server.step(waiting->serialize());
  ASSERT_TRUE(end) << end.error().detail;
  EXPECT_EQ(NegTokenResp::parse(end->output)->state, NegState::accept_completed);
}

TEST_F(NegotiateTest, RequestMicMayComeInTheFirstReplyOnly) {
  client.best.behaviour.legs = server.best.behaviour.legs = 5;
  start();
  auto init = client.step();
  auto reply = server.step(init->output);
  auto next = client.step(reply->output);
  ASSERT_TRUE(next);
  NegTokenResp late;
  late.state = NegState::request_mic;
  expect_refused(client.step(late.serialize()), Status::invalid_token, "later reply");
}

TEST_F(NegotiateTest, AFailureOwesThePeerARejectWithTheMechanismsWords) {
  server.best.behaviour.failing_leg = 2;
  start();
  auto init = client.step();
  auto failed = server.step(init->output);
  ASSERT_FALSE(failed);
  auto reply = NegTokenResp::parse(failed.error().output);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->state, NegState::reject);
  EXPECT_EQ(text(*reply->response_token), "last words");
}

TEST_F(NegotiateTest, NoMechanismInCommonIsSaidWithEachReason) {
  server.best.behaviour.why_no_credential = "there is no key";
  start();
  auto init = client.step();
  auto failed = server.step(init->output);
  expect_refused(failed, Status::unsupported_function, "Best: there is no key; Spare: not offered by the client");
}

// A server without a keytab has Kerberos, but no log-on by it can succeed there.
TEST_F(NegotiateTest, AnAcceptorTakesNoMechanismThatItCannotAccept) {
  server.best.behaviour.why_not_accepting = "there is no key";
  start(u"Best,Spare");
  EXPECT_EQ(talk(), 6);  // NegTokenInit, the choice, three legs, and the last MIC
  expect_established();
  EXPECT_EQ(server.mechanism(), "Spare");
  EXPECT_EQ(server.fallback(), "Best: there is no key");
  EXPECT_EQ(server.best.started, 0);
}

TEST_F(NegotiateTest, AnAcceptorThatAcceptsNothingTellsWhy) {
  server.best.behaviour.why_not_accepting = "there is no key";
  start();
  auto init = client.step();
  expect_refused(server.step(init->output), Status::unsupported_function,
                 "Best: there is no key; Spare: not offered by the client");
  server.spare.behaviour.why_not_accepting = "there are no accounts";
  server.start(core::Role::acceptor);
  expect_refused(server.step(), Status::no_credentials, "Best: there is no key; Spare: there are no accounts");
}

TEST_F(NegotiateTest, AHintLeavesOutWhatTheAcceptorCannotAccept) {
  server.best.behaviour.why_not_accepting = "there is no key";
  start();
  auto hint = server.step();
  ASSERT_TRUE(hint);
  auto parsed = NegTokenInit::parse(hint->output);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->mech_types.size(), 1U);
}

TEST_F(NegotiateTest, ACopyOfTheTokenInPlaceOfTheMicIsNotTakenForOne) {
  start();
  auto init = client.step();
  auto challenge = server.step(init->output);
  auto reply = NegTokenResp::parse(challenge->output);
  ASSERT_TRUE(reply);
  reply->mech_list_mic = reply->response_token;
  EXPECT_TRUE(client.step(reply->serialize()));
}

TEST_F(NegotiateTest, AMicBeforeTheMechanismIsFinishedIsRefused) {
  start();
  auto init = client.step();
  auto challenge = server.step(init->output);
  auto reply = NegTokenResp::parse(challenge->output);
  ASSERT_TRUE(reply);
  const ByteVector early(16, 1);
  reply->mech_list_mic = early;
  client.best.behaviour.legs = 5;
  expect_refused(client.step(reply->serialize()), Status::invalid_token, "before the mechanism was finished");
}

TEST_F(NegotiateTest, MessagesWaitForTheEndOfTheNegotiation) {
  client.best.behaviour.mic_due = server.best.behaviour.mic_due = true;
  start();
  auto init = client.step();
  auto challenge = server.step(init->output);
  ASSERT_TRUE(client.step(challenge->output));
  auto sign = client.context->sign(0, {}, 0);
  ASSERT_FALSE(sign);
  EXPECT_EQ(sign.error().status, Status::no_context);
  EXPECT_FALSE(client.context->query(SECPKG_ATTR_NAMES));
}

TEST_F(NegotiateTest, TheAcceptorRefusesWhatCannotBeAFirstToken) {
  NegTokenResp reply;
  reply.state = NegState::accept_incomplete;
  const ByteVector resp = reply.serialize();
  const ByteVector hint = NegTokenInit::serialize_hint(mech_type_list({kBestOid}));
  const ByteVector garbage(40, 0x41);
  const ByteVector raw_ntlm = [] {
    const Bytes head = bytes_of(std::string_view("NTLMSSP\0\1\0\0\0", 12));
    return ByteVector(head.begin(), head.end());
  }();
  for (const ByteVector& token : {resp, hint, garbage}) {
    start();
    expect_refused(server.step(token), Status::invalid_token, "");
  }
  start();
  expect_refused(server.step(raw_ntlm), Status::unsupported_function, "NTLM");
}

TEST_F(NegotiateTest, IntegrityThatIsAskedForAndNotHadIsAFailure) {
  client.best.behaviour.integrity = server.best.behaviour.integrity = false;
  start();
  client.flags = ISC_REQ_INTEGRITY;
  auto init = client.step();
  auto challenge = server.step(init->output);
  auto last = client.step(challenge->output);
  auto completed = server.step(last->output);
  ASSERT_TRUE(completed);
  expect_refused(client.step(completed->output), Status::security_qos_failed, "integrity was asked for");
  EXPECT_FALSE(client.context->established());
}

TEST_F(NegotiateTest, MutualAuthenticationIsAWishUnlessTheConfigurationIsStrict) {
  for (const bool strict : {false, true}) {
    client.configuration.negotiate_strict = strict;
    start();
    client.flags = ISC_REQ_MUTUAL_AUTH;
    auto init = client.step();
    auto challenge = server.step(init->output);
    auto last = client.step(challenge->output);
    auto completed = server.step(last->output);
    EXPECT_EQ(client.step(completed->output).has_value(), !strict);
  }
}

TEST_F(NegotiateTest, WhatTheConfigurationLeavesOutCannotBeNamedBackIn) {
  client.configuration.negotiate_packages = "!spare";
  client.best.behaviour.why_out_of_reach = "there is no ticket";
  start(u"best,spare");
  expect_refused(client.step(), Status::no_credentials, "Best: there is no ticket");
  EXPECT_EQ(client.spare.started, 0);
}

TEST_F(NegotiateTest, WhatIsWrongInTheConfigurationIsNotTheCallersFault) {
  client.configuration.negotiate_packages = "best, worse";
  const auto credential = client.package.acquire({});
  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().status, Status::invalid_parameter);
  EXPECT_EQ(std::string(credential.error().check), "configuration");
  EXPECT_TRUE(credential.error().detail.starts_with("[negotiate] packages = best, worse: "))
      << credential.error().detail;
  EXPECT_NE(credential.error().detail.find("\"worse\""), std::string::npos) << credential.error().detail;
}

TEST(UsablePackages, AreThoseThatTheListNames) {
  FakeMechanism one(u"One", kBestOid, {});
  FakeMechanism two(u"Two", kSpareOid, {});
  const std::vector<core::Package*> known = {&one, &two};
  EXPECT_EQ(UsablePackages::of(u"", known)->allowed(), known);
  EXPECT_FALSE(UsablePackages::of(u"", known)->names_them());
  EXPECT_EQ(UsablePackages::of(u"two, ONE", known)->allowed(), (std::vector<core::Package*>{&two, &one}));
  EXPECT_TRUE(UsablePackages::of(u"two", known)->names_them());
  EXPECT_EQ(UsablePackages::of(u"!two", known)->allowed(), (std::vector<core::Package*>{&one}));
  EXPECT_FALSE(UsablePackages::of(u"!two", known)->names_them());
  EXPECT_FALSE(UsablePackages::of(u"!two,one", known));
  EXPECT_FALSE(UsablePackages::of(u"three", known));
}

TEST_F(NegotiateTest, ACredentialNeedsOnePackageAtLeast) {
  client.best.behaviour.why_no_credential = "no ticket";
  client.spare.behaviour.why_no_credential = "no account";
  core::AcquireInput input;
  auto credential = client.package.acquire(input);
  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().status, Status::no_credentials);
  EXPECT_NE(credential.error().detail.find("Best: no ticket; Spare: no account"), std::string::npos);
}

}  // namespace
}  // namespace opensspi::testing
