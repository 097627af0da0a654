// Every message of a log-on and every message after it, damaged in every way of support/corruption.hpp, and given to
// both roles in every state. With a MIC no damage at all may pass; what a log-on without one leaves open is in
// tests/peer/ntlm_unprotected_test.cpp.
#include <gtest/gtest.h>

#include <array>

#include "ntlm/flags.hpp"
#include "support/corruption.hpp"
#include "support/ntlm_world.hpp"

namespace opensspi::testing {
namespace {

constexpr std::size_t kTypeAt = 8;
const Bytes kServerChallenge = bytes_of("\x10\x32\x54\x76\x98\xba\xdc\xfe");

// Both ends draw the same numbers each time: each attempt meets the same messages.
struct Attempt {
  explicit Attempt(std::uint32_t flags) : options{.flags = flags, .target = u"HTTP/server.example.com"} {
    client = world.initiator();
    server = world.acceptor();
  }

  ByteVector negotiate() { return step(*client, {}, options).value().output; }
  ByteVector challenge(Bytes token) {
    world.host.will_draw(kServerChallenge);
    return step(*server, token).value().output;
  }
  ByteVector authenticate(Bytes token) {
    world.host.will_draw(ByteVector(24, 0xC7));
    return step(*client, token, options).value().output;
  }

  NtlmWorld world;
  StepOptions options;
  std::unique_ptr<core::Context> client, server;
};

// Each kind of protection has its own messages: nothing, signing, sealing.
class NtlmCorruption : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Requests, NtlmCorruption,
                         ::testing::Values(0, static_cast<std::uint32_t>(ISC_REQ_INTEGRITY), kSealing));

// A context that failed stays failed, whatever it is given.
void expect_failed_for_good(core::Context& context, Bytes good, const std::string& what) {
  EXPECT_FALSE(context.established()) << what;
  EXPECT_EQ(status_of(step(context, good)), Status::out_of_sequence) << what;
  EXPECT_EQ(status_of(step(context, {})), Status::out_of_sequence) << what;
  EXPECT_EQ(status_of(seal(context, as_bytes("data"))), Status::no_context) << what;
  EXPECT_TRUE(session_key(context).empty()) << what;
}

TEST_P(NtlmCorruption, OfNegotiateIsNoticedAtOnceOrByTheMic) {
  Attempt good(GetParam());
  const ByteVector negotiate = good.negotiate();
  int answered = 0;
  for_each_corruption({negotiate.size(), kTypeAt, 1}, [&](const Corruption& corruption) {
    Attempt attempt(GetParam());
    (void)attempt.negotiate();
    auto challenge = step(*attempt.server, corruption.apply(negotiate, kTypeAt));
    if (!challenge) return expect_failed_for_good(*attempt.server, negotiate, corruption.text());
    ++answered;
    auto authenticate = step(*attempt.client, challenge->output, attempt.options);
    if (!authenticate) return expect_failed_for_good(*attempt.client, challenge->output, corruption.text());
    auto done = step(*attempt.server, authenticate->output);
    EXPECT_EQ(status_of(done), Status::logon_denied) << corruption.text();
    expect_failed_for_good(*attempt.server, authenticate->output, corruption.text());
  });
  EXPECT_GT(answered, 100) << "most bits of it mean nothing to the server: only the MIC notices";
}

TEST_P(NtlmCorruption, OfChallengeIsNoticedAtOnceOrByTheServer) {
  Attempt good(GetParam());
  const ByteVector negotiate = good.negotiate();
  const ByteVector challenge = good.challenge(negotiate);
  int answered = 0;
  for_each_corruption({challenge.size(), kTypeAt, 2}, [&](const Corruption& corruption) {
    Attempt attempt(GetParam());
    ASSERT_EQ(attempt.negotiate(), negotiate);
    ASSERT_EQ(attempt.challenge(negotiate), challenge);
    auto authenticate = step(*attempt.client, corruption.apply(challenge, kTypeAt), attempt.options);
    if (!authenticate) return expect_failed_for_good(*attempt.client, challenge, corruption.text());
    ++answered;
    auto done = step(*attempt.server, authenticate->output);
    EXPECT_TRUE(!done) << corruption.text();
    expect_failed_for_good(*attempt.server, authenticate->output, corruption.text());
  });
  EXPECT_GT(answered, 100);
}

TEST_P(NtlmCorruption, OfAuthenticateIsRefused) {
  Attempt good(GetParam());
  const ByteVector negotiate = good.negotiate();
  const ByteVector challenge = good.challenge(negotiate);
  const ByteVector authenticate = good.authenticate(challenge);
  ASSERT_EQ(status_of(step(*good.server, authenticate)), Status::ok);
  for_each_corruption({authenticate.size(), kTypeAt, 3}, [&](const Corruption& corruption) {
    Attempt attempt(GetParam());
    ASSERT_EQ(attempt.challenge(negotiate), challenge);
    auto done = step(*attempt.server, corruption.apply(authenticate, kTypeAt));
    EXPECT_TRUE(!done) << corruption.text();
    expect_failed_for_good(*attempt.server, authenticate, corruption.text());
  });
  // The attempts differ from the good one in the damage only.
  Attempt same(GetParam());
  ASSERT_EQ(same.challenge(negotiate), challenge);
  EXPECT_EQ(status_of(step(*same.server, authenticate)), Status::ok);
}

// ---- Messages after the log-on.

struct Pair {
  explicit Pair(std::uint32_t flags, bool weak = false) : attempt(flags) {
    attempt.world.policy.allow_weak = weak;
    attempt.client = attempt.world.initiator();
    attempt.server = attempt.world.acceptor();
    const Conversation c = log_on(*attempt.client, *attempt.server, attempt.options);
    EXPECT_EQ(c.status, Status::ok) << c.reason;
  }
  core::Context& client() { return *attempt.client; }
  core::Context& server() { return *attempt.server; }
  Attempt attempt;
};

// A signature has its version where messages have their type.
constexpr MessageShape kSignatureShape{16, 0, 1};

TEST(NtlmMessageCorruption, OfASignatureIsRefusedAndCostsNothing) {
  Pair pair(kSealing);
  const ByteVector data = as_bytes("signed data");
  for_each_corruption(kSignatureShape, [&](const Corruption& corruption) {
    const ByteVector token = sign(pair.client(), data).value();
    const Status status = status_of(verify(pair.server(), corruption.apply(token, 0), data));
    EXPECT_TRUE(status == Status::message_altered || status == Status::out_of_sequence)
        << status_name(status) << ": " << corruption.text();
    EXPECT_EQ(status_of(verify(pair.server(), token, data)), Status::ok) << corruption.text();
  });
  expect_usable(pair.client(), pair.server());
}

TEST(NtlmMessageCorruption, OfSignedDataIsRefusedAndCostsNothing) {
  Pair pair(kSealing);
  const ByteVector data = as_bytes("signed data, long enough to matter");
  for_each_corruption({data.size(), 0, 5}, [&](const Corruption& corruption) {
    const ByteVector token = sign(pair.server(), data).value();
    EXPECT_EQ(status_of(verify(pair.client(), token, corruption.apply(data, 0))), Status::message_altered)
        << corruption.text();
    EXPECT_EQ(status_of(verify(pair.client(), token, data)), Status::ok) << corruption.text();
  });
  expect_usable(pair.client(), pair.server());
}

TEST(NtlmMessageCorruption, OfASealedMessageIsRefusedAndCostsNothing) {
  Pair pair(kSealing);
  const ByteVector data = as_bytes("sealed data, long enough to matter");
  const auto attempt = [&](bool of_token) {
    return [&, of_token](const Corruption& corruption) {
      const Sealed good = seal(pair.client(), data).value();
      Sealed bad = good;
      ByteVector& part = of_token ? bad.token : bad.data;
      part = corruption.apply(part, 0);
      const Status status = status_of(unseal(pair.server(), bad));
      // A type that the random data happen to have is no damage.
      if (bad.data == good.data && bad.token == good.token) return;
      EXPECT_TRUE(status == Status::message_altered || status == Status::out_of_sequence)
          << status_name(status) << ": " << corruption.text();
      EXPECT_EQ(unseal(pair.server(), good).value_or(ByteVector{}), data) << corruption.text();
    };
  };
  for_each_corruption(kSignatureShape, attempt(true));
  for_each_corruption({data.size(), 0, 5}, attempt(false));
  expect_usable(pair.client(), pair.server());
}

TEST(NtlmMessageCorruption, OfADummySignatureIsRefused) {
  Pair pair(0);
  const ByteVector token = sign(pair.client(), as_bytes("data")).value();
  for_each_corruption(kSignatureShape, [&](const Corruption& corruption) {
    EXPECT_EQ(status_of(verify(pair.server(), corruption.apply(token, 0), as_bytes("data"))), Status::message_altered)
        << corruption.text();
  });
  EXPECT_EQ(status_of(verify(pair.server(), token, as_bytes("data"))), Status::ok);
}

TEST(NtlmMessageCorruption, ReplayedReorderedAndLostMessagesAreTold) {
  Pair pair(kSealing);
  std::vector<Sealed> sent;
  for (const char* text : {"first", "second", "third"}) sent.push_back(seal(pair.client(), as_bytes(text)).value());
  EXPECT_EQ(status_of(unseal(pair.server(), sent[1])), Status::out_of_sequence);
  EXPECT_EQ(status_of(unseal(pair.server(), sent[2])), Status::out_of_sequence);
  for (const Sealed& message : sent) EXPECT_EQ(status_of(unseal(pair.server(), message)), Status::ok);
  for (const Sealed& message : sent) EXPECT_EQ(status_of(unseal(pair.server(), message)), Status::out_of_sequence);
  EXPECT_NE(status_of(unseal(pair.client(), sent[2])), Status::ok) << "reflected";
  expect_usable(pair.client(), pair.server());
}

// ---- Each message in each state of each role.

enum class State { start, waiting, established, failed };
constexpr std::array kStates = {State::start, State::waiting, State::established, State::failed};

struct Script {
  ByteVector negotiate, challenge, authenticate;
};

Script scripted() {
  Attempt attempt(kSealing);
  Script script;
  script.negotiate = attempt.negotiate();
  script.challenge = attempt.challenge(script.negotiate);
  script.authenticate = attempt.authenticate(script.challenge);
  return script;
}

void bring_acceptor_to(State state, Attempt& attempt, const Script& script) {
  if (state == State::failed) (void)step(*attempt.server, as_bytes("nonsense"));
  if (state != State::waiting && state != State::established) return;
  (void)attempt.challenge(script.negotiate);
  if (state == State::established) (void)step(*attempt.server, script.authenticate);
}

void bring_initiator_to(State state, Attempt& attempt, const Script& script) {
  if (state == State::start) return;
  (void)attempt.negotiate();
  if (state == State::failed) (void)step(*attempt.client, as_bytes("nonsense"));
  if (state == State::established) (void)attempt.authenticate(script.challenge);
}

TEST(NtlmStates, EachMessageInEachStateOfTheAcceptor) {
  const Script script = scripted();
  const ByteVector messages[] = {{}, script.negotiate, script.challenge, script.authenticate, as_bytes("nonsense")};
  for (const State state : kStates) {
    for (std::size_t i = 0; i < std::size(messages); ++i) {
      Attempt attempt(kSealing);
      bring_acceptor_to(state, attempt, script);
      const Status status = status_of(step(*attempt.server, messages[i]));
      Status expected = Status::invalid_token;
      if (state == State::start && i == 1) expected = Status::continue_needed;
      if (state == State::waiting && i == 3) expected = Status::ok;
      if (state == State::established || state == State::failed) expected = Status::out_of_sequence;
      EXPECT_EQ(status, expected) << "state " << static_cast<int>(state) << ", message " << i;
      const bool due = expected == Status::ok || state == State::established;
      EXPECT_EQ(attempt.server->established(), due) << "state " << static_cast<int>(state) << ", message " << i;
    }
  }
}

TEST(NtlmStates, EachMessageInEachStateOfTheInitiator) {
  const Script script = scripted();
  const ByteVector messages[] = {{}, script.negotiate, script.challenge, script.authenticate, as_bytes("nonsense")};
  for (const State state : kStates) {
    for (std::size_t i = 0; i < std::size(messages); ++i) {
      Attempt attempt(kSealing);
      bring_initiator_to(state, attempt, script);
      const Status status = status_of(step(*attempt.client, messages[i], attempt.options));
      Status expected = Status::invalid_token;
      if (state == State::start && i == 0) expected = Status::continue_needed;
      if (state == State::waiting && i == 2) expected = Status::ok;
      if (state == State::established || state == State::failed) expected = Status::out_of_sequence;
      EXPECT_EQ(status, expected) << "state " << static_cast<int>(state) << ", message " << i;
    }
  }
}

TEST(NtlmStates, AnEstablishedPairOutlivesFurtherTokens) {
  Pair pair(kSealing);
  const Script script = scripted();
  for (const ByteVector& token : {script.negotiate, script.challenge, script.authenticate, ByteVector{}}) {
    EXPECT_EQ(status_of(step(pair.client(), token)), Status::out_of_sequence);
    EXPECT_EQ(status_of(step(pair.server(), token)), Status::out_of_sequence);
  }
  expect_usable(pair.client(), pair.server());
}

TEST(NtlmStates, NoMessageCallBeforeTheLogOnIsDone) {
  const Script script = scripted();
  for (const State state : {State::start, State::waiting, State::failed}) {
    Attempt attempt(kSealing);
    bring_acceptor_to(state, attempt, script);
    bring_initiator_to(state, attempt, script);
    for (core::Context* context : {attempt.client.get(), attempt.server.get()}) {
      EXPECT_EQ(status_of(sign(*context, {})), Status::no_context);
      EXPECT_EQ(status_of(verify(*context, ByteVector(16), {})), Status::no_context);
      EXPECT_EQ(status_of(seal(*context, {})), Status::no_context);
      EXPECT_EQ(status_of(unseal(*context, {ByteVector(16), {}})), Status::no_context);
      EXPECT_EQ(status_of(context->pack(false)), Status::no_context);
      for (const int id : {SECPKG_ATTR_NAMES, SECPKG_ATTR_SESSION_KEY, SECPKG_ATTR_KEY_INFO}) {
        EXPECT_EQ(status_of(context->query(static_cast<std::uint32_t>(id))), Status::no_context) << id;
      }
      EXPECT_EQ(context->attributes() & (ISC_RET_INTEGRITY | ISC_RET_CONFIDENTIALITY), 0U);
    }
  }
}

// ---- A context that was exported.

TEST(NtlmPackedCorruption, IsRefusedOrHarmless) {
  Pair pair(kSealing);
  expect_usable(pair.client(), pair.server());
  const Secret packed = pair.server().pack(false).value();
  for_each_corruption({packed.size(), 0, 0x5053534F}, [&](const Corruption& corruption) {
    auto context = pair.attempt.world.package.unpack(corruption.apply(packed.bytes(), 0));
    if (corruption.kind != Corruption::Kind::bit_flipped) {
      EXPECT_EQ(status_of(context), Status::invalid_token) << corruption.text();
    }
    if (!context) return;
    // It is the caller's own memory: a flipped bit of a key makes another key, but nothing may break.
    (void)(*context)->query(SECPKG_ATTR_NAMES);
    (void)(*context)->attributes();
    (void)seal(**context, as_bytes("data"));
    (void)unseal(**context, {ByteVector(16), as_bytes("data")});
  });
}

}  // namespace
}  // namespace opensspi::testing
