// Somebody between two ends, or with what he heard before: relays, reflections, replays and cuts through SPNEGO.
#include <algorithm>

#include "peer/spnego_world.hpp"

namespace opensspi::testing {
namespace {

using peer::kMsKerberosOid, peer::kNtlmOid;

// Our client and our server, tokens carried by hand.
class SpnegoRelay : public ::testing::Test {
 protected:
  struct Heard {
    ByteVector hint, init, challenge, authenticate, completed;
  };

  // The channel's bytes must live as long as the options.
  static StepOptions bound_to(const ByteVector& channel) {
    StepOptions options{.flags = kSealing};
    if (channel.empty()) return options;
    options.bindings.emplace();
    options.bindings->application = channel;
    return options;
  }
  static void expect_status(const Result<core::Step>& result, Status status, const std::string& reason) {
    EXPECT_EQ(status_of(result), status) << why(result);
    EXPECT_TRUE(why(result).find(reason) != std::string::npos)
        << "\"" << why(result) << "\" says nothing of \"" << reason << "\"";
  }
  // Up to the AUTHENTICATE_MESSAGE, which nobody has had yet.
  Heard up_to_authenticate(core::Context& client, core::Context& server,
                           const StepOptions& of_client = {.flags = kSealing}, const StepOptions& of_server = {}) {
    Heard heard;
    heard.hint = step(server, {}, of_server).value().output;
    heard.init = step(client, heard.hint, of_client).value().output;
    heard.challenge = step(server, heard.init, of_server).value().output;
    heard.authenticate = step(client, heard.challenge, of_client).value().output;
    return heard;
  }
  Heard whole(core::Context& client, core::Context& server) {
    Heard heard = up_to_authenticate(client, server);
    auto completed = step(server, heard.authenticate);
    EXPECT_TRUE(completed) << why(completed);
    heard.completed = completed->output;
    const auto done = step(client, heard.completed, {.flags = kSealing});
    EXPECT_EQ(status_of(done), Status::ok) << why(done);
    return heard;
  }

  SpnegoWorld world_;
};

TEST_F(SpnegoRelay, NoneIsFourTokensAndAHint) {
  auto client = world_.initiator(), server = world_.acceptor();
  whole(*client, *server);
  EXPECT_TRUE(client->established() && server->established());
  expect_usable(*client, *server);
}

// What a host leaves out cannot be brought in as a context of another.
TEST_F(SpnegoRelay, AContextOfNtlmIsNotImportedWhereNtlmIsOff) {
  auto client = world_.initiator(), server = world_.acceptor();
  whole(*client, *server);
  const auto packed = server->pack(false);
  ASSERT_TRUE(packed) << why(packed);
  EXPECT_TRUE(world_.package.unpack(packed->bytes()));
  for (bool Configuration::* off : {&Configuration::ntlm_disabled, &Configuration::fips}) {
    world_.ntlm.configuration = {};
    world_.ntlm.configuration.*off = true;
    const auto imported = world_.package.unpack(packed->bytes());
    EXPECT_EQ(status_of(imported), Status::secpkg_not_found) << why(imported);
  }
}

TEST_F(SpnegoRelay, LogOnRelayedToAServerThatRequiresBindings) {
  const ByteVector of_relayer = as_bytes("tls-server-end-point:relayer"),
                   of_server = as_bytes("tls-server-end-point:server");
  for (const ByteVector& of_client : {of_relayer, ByteVector{}}) {
    auto client = world_.initiator(), server = world_.acceptor();
    const StepOptions clients = bound_to(of_client), servers = bound_to(of_server);
    const Heard heard = up_to_authenticate(*client, *server, clients, servers);
    const auto refused = step(*server, heard.authenticate, servers);
    expect_status(refused, Status::bad_bindings, "");
    ASSERT_FALSE(refused);
    EXPECT_FALSE(server->established());
    expect_status(step(*client, refused.error().output, clients), Status::logon_denied, "negState");
    EXPECT_FALSE(client->established());
  }
}

TEST_F(SpnegoRelay, BindingsThatFitAreNoFault) {
  const ByteVector channel = as_bytes("tls-server-end-point:server");
  const StepOptions options = bound_to(channel);
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = up_to_authenticate(*client, *server, options, options);
  EXPECT_EQ(status_of(step(*server, heard.authenticate, options)), Status::ok);
}

// He passes on what he hears, and wants no Kerberos on the way: the MIC is over what the client sent, and there is one
// though the client itself has no use for integrity.
TEST_F(SpnegoRelay, KerberosCutOutOfTheOfferOfAClientThatAsksForNothing) {
  world_.kerberos.behaviour.why_no_credential.clear();
  auto client = world_.initiator(u"Kerberos,NTLM");
  world_.kerberos.behaviour.why_no_credential = "there is no key";
  auto server = world_.acceptor();
  ASSERT_TRUE(step(*client, {}));
  auto reply = step(*server, peer::write_init(peer::type_list({kNtlmOid}), std::nullopt, std::nullopt, {}));
  ASSERT_TRUE(reply);
  auto negotiate = step(*client, reply->output);
  ASSERT_TRUE(negotiate) << why(negotiate);
  auto challenge = step(*server, negotiate->output);
  ASSERT_TRUE(challenge) << why(challenge);
  auto authenticate = step(*client, challenge->output);
  ASSERT_TRUE(authenticate) << why(authenticate);
  expect_status(step(*server, authenticate->output), Status::message_altered, "mechListMIC: it does not match");
  peer::Resp completed;
  completed.state = peer::kCompleted;
  expect_status(step(*client, peer::write_resp(completed, {})), Status::message_altered, "mechListMIC");
  EXPECT_FALSE(client->established());
}

// He passes on what he hears, and wants no Kerberos on the way: the MIC is over what the client sent.
TEST_F(SpnegoRelay, KerberosCutOutOfTheOffer) {
  world_.kerberos.behaviour.why_no_credential.clear();
  auto client = world_.initiator(u"Kerberos,NTLM");
  world_.kerberos.behaviour.why_no_credential = "there is no key";
  auto server = world_.acceptor();
  const StepOptions of_client{.flags = kSealing};
  auto init = peer::read_init(step(*client, {}, of_client).value().output);
  ASSERT_EQ(init->types, (std::vector{kMsKerberosOid, kNtlmOid}));
  auto reply = step(*server, peer::write_init(peer::type_list({kNtlmOid}), std::nullopt, std::nullopt, {}));
  ASSERT_TRUE(reply);
  auto negotiate = step(*client, reply->output, of_client);
  ASSERT_TRUE(negotiate) << why(negotiate);
  auto challenge = step(*server, negotiate->output);
  ASSERT_TRUE(challenge) << why(challenge);
  auto authenticate = step(*client, challenge->output, of_client);
  ASSERT_TRUE(authenticate) << why(authenticate);
  expect_status(step(*server, authenticate->output), Status::message_altered, "mechListMIC: it does not match");
  // And if he says in the server's name that all is well:
  peer::Resp completed;
  completed.state = peer::kCompleted;
  expect_status(step(*client, peer::write_resp(completed, {}), of_client), Status::message_altered, "mechListMIC");
}

// Without the key he can make no MIC and no message, whatever he knows.
TEST_F(SpnegoRelay, RelayerHasNoKey) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = whole(*client, *server);
  const auto sent = peer::read_resp(heard.authenticate);
  for (const peer::Blob& guessed : {peer::Blob(16, 0), peer::field(*sent->token, 52), peer::md5(heard.challenge)}) {
    peer::Session relayer(guessed, peer::get32(*sent->token, 60), true);
    (void)relayer.sign_mech_list({});  // the number that the MIC took
    const auto forged = relayer.seal(as_bytes("transfer all"));
    EXPECT_EQ(status_of(unseal(*server, {forged.token, forged.data})), Status::message_altered);
  }
  expect_usable(*client, *server);
}

// The MIC of the list is no signature of a message, though it is made with the same key.
TEST_F(SpnegoRelay, MicIsNoMessage) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = whole(*client, *server);
  const auto mic = peer::read_resp(heard.authenticate)->mic;
  ASSERT_TRUE(mic.has_value());
  const auto verified = verify(*server, *mic, peer::type_list({kNtlmOid}));
  EXPECT_FALSE(verified) << "its number was used";
  expect_usable(*client, *server);
}

// ---- Reflections.

TEST_F(SpnegoRelay, OwnTokensReflected) {
  for (const int which : {0, 1}) {
    auto client = world_.initiator(), server = world_.acceptor();
    const Heard heard = up_to_authenticate(*client, *server);
    const ByteVector& own = which == 0 ? heard.init : heard.authenticate;
    EXPECT_EQ(status_of(step(*client, own, {.flags = kSealing})), Status::invalid_token);
    EXPECT_FALSE(client->established());
  }
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = up_to_authenticate(*client, *server);
  expect_status(step(*server, heard.challenge), Status::invalid_token, "MessageType is 2");
}

// The server's challenge goes to another client of the same account as if it was the attacker's; that client's answer
// then is a log-on of the account, but not of the one who carried it.
TEST_F(SpnegoRelay, ChallengeReflectedToTheServersOwnClient) {
  auto attacked = world_.acceptor(), attackers = world_.acceptor();
  auto victim = world_.initiator();
  const ByteVector hint = step(*attackers, {}).value().output;
  const ByteVector init = step(*victim, hint, {.flags = kSealing}).value().output;
  const ByteVector challenge = step(*attacked, init).value().output;
  const ByteVector authenticate = step(*victim, challenge, {.flags = kSealing}).value().output;
  const auto done = step(*attacked, authenticate);
  ASSERT_TRUE(done) << why(done);
  // What the attacker says to the server in the victim's name has no signature.
  peer::Session attacker(peer::Blob(16, 0), peer::kFull, true);
  (void)attacker.sign_mech_list({});  // the number that the MIC took
  const auto forged = attacker.sign(as_bytes("PUT /"));
  EXPECT_EQ(status_of(verify(*attacked, forged, as_bytes("PUT /"))), Status::message_altered);
  // His own server knows nothing of that challenge.
  expect_status(step(*attackers, authenticate), Status::invalid_token, "before any NegTokenInit");
}

TEST_F(SpnegoRelay, MicReflected) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = up_to_authenticate(*client, *server);
  peer::Resp completed;
  completed.state = peer::kCompleted;
  completed.mic = peer::read_resp(heard.authenticate)->mic;
  ASSERT_TRUE(completed.mic.has_value());
  expect_status(step(*client, peer::write_resp(completed, {}), {.flags = kSealing}), Status::message_altered,
                "mechListMIC: it does not match");
}

// ---- Replays.

TEST_F(SpnegoRelay, LogOnReplayed) {
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard heard = whole(*client, *server);
  auto another = world_.acceptor();
  ASSERT_TRUE(step(*another, heard.init));
  const auto refused = step(*another, heard.authenticate);
  EXPECT_EQ(status_of(refused), Status::logon_denied) << why(refused);
  EXPECT_FALSE(another->established());
  EXPECT_EQ(status_of(step(*server, heard.authenticate)), Status::out_of_sequence);
}

TEST_F(SpnegoRelay, ServersRepliesReplayed) {
  auto first_client = world_.initiator(), first_server = world_.acceptor();
  const Heard heard = whole(*first_client, *first_server);
  auto client = world_.initiator();
  const StepOptions options{.flags = kSealing};
  ASSERT_TRUE(step(*client, heard.hint, options));
  ASSERT_TRUE(step(*client, heard.challenge, options)) << "a challenge is fresh to everybody who has not seen it";
  expect_status(step(*client, heard.completed, options), Status::message_altered, "mechListMIC: it does not match");
}

TEST_F(SpnegoRelay, MicOfAnotherConversation) {
  auto first_client = world_.initiator(), first_server = world_.acceptor();
  const Heard first = whole(*first_client, *first_server);
  auto client = world_.initiator(), server = world_.acceptor();
  const Heard second = up_to_authenticate(*client, *server);
  auto mixed = peer::read_resp(second.authenticate);
  mixed->mic = peer::read_resp(first.authenticate)->mic;
  expect_status(step(*server, peer::write_resp(*mixed, {})), Status::message_altered, "mechListMIC: it does not match");
}

TEST_F(SpnegoRelay, TokensOfTwoConversationsExchanged) {
  auto client_a = world_.initiator(), server_a = world_.acceptor();
  auto client_b = world_.initiator(), server_b = world_.acceptor();
  const Heard a = up_to_authenticate(*client_a, *server_a);
  const Heard b = up_to_authenticate(*client_b, *server_b);
  EXPECT_EQ(status_of(step(*server_a, b.authenticate)), Status::logon_denied);
  EXPECT_EQ(status_of(step(*server_b, a.authenticate)), Status::logon_denied);
}

}  // namespace
}  // namespace opensspi::testing
