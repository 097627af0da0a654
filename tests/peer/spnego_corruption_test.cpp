// Every token of a log-on by SPNEGO with a signed NTLM inside, damaged in every way of support/corruption.hpp. Where
// the damage means nothing to whoever reads it, both ends must agree on all that was negotiated.
#include <algorithm>

#include "peer/spnego_world.hpp"
#include "support/corruption.hpp"

namespace opensspi::testing {
namespace {

constexpr std::size_t kTokens = 5;  // the hint, and the four of the log-on
constexpr const char* kNames[kTokens] = {"hint", "NegTokenInit", "challenge", "authenticate", "completed"};
const StepOptions kClientOptions{.flags = kSealing, .target = u"HTTP/server.example.com"};

// One conversation, a token of which is replaced on its way. Both ends draw the same numbers each time.
struct Attempt {
  SpnegoWorld world;
  std::unique_ptr<core::Context> client = world.initiator(), server = world.acceptor();
  std::vector<ByteVector> tokens;  // as they were sent, before any damage
  Status client_status = Status::ok, server_status = Status::ok;

  void talk(std::size_t damaged, const Corruption* corruption, std::size_t type_at) {
    const auto carry = [&](const ByteVector& token) {
      tokens.push_back(token);
      return corruption != nullptr && tokens.size() == damaged + 1 ? corruption->apply(token, type_at) : token;
    };
    ByteVector from_server = carry(step(*server, {}).value().output);
    while (tokens.size() < 2 * kTokens) {
      const auto up = step(*client, from_server, kClientOptions);
      client_status = status_of(up);
      if (!up || up->output.empty()) return;
      const auto down = step(*server, carry(up->output));
      server_status = status_of(down);
      if (!down) {
        if (!down.error().output.empty()) client_status = status_of(step(*client, down.error().output, kClientOptions));
        return;
      }
      if (down->output.empty()) return;
      from_server = carry(down->output);
    }
  }
};

std::size_t type_position(Bytes token) {
  const std::string_view mark("NTLMSSP\0", 8);
  const auto found = std::ranges::search(token, bytes_of(mark));
  return found.empty() ? 0 : static_cast<std::size_t>(found.begin() - token.begin()) + mark.size();
}

class SpnegoCorruption : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Tokens, SpnegoCorruption, ::testing::Range(std::size_t{0}, kTokens),
                         [](const auto& which) { return kNames[which.param]; });

TEST_P(SpnegoCorruption, NeverEstablishesBothEndsOnSomethingElse) {
  const std::size_t which = GetParam();
  Attempt good;
  good.talk(kTokens, nullptr, 0);
  ASSERT_EQ(good.tokens.size(), kTokens);
  ASSERT_TRUE(good.client->established() && good.server->established());
  const ByteVector token = good.tokens[which];
  const std::size_t type_at = type_position(token);
  ASSERT_EQ(type_at != 0, which >= 1 && which <= 3);
  int passed = 0, refused = 0;
  for_each_corruption({token.size(), type_at, peer::get32(token, type_at)}, [&](const Corruption& corruption) {
    Attempt attempt;
    attempt.talk(which, &corruption, type_at);
    ASSERT_EQ(attempt.tokens[which], token) << "up to the damage, both conversations are one";
    if (which == 0 && corruption.kind == Corruption::Kind::truncated && corruption.at == 0)
      return;  // no hint is no fault
    if (!attempt.client->established()) {
      ++refused;
      EXPECT_NE(attempt.client_status, Status::ok) << corruption.text();
      return;
    }
    ++passed;
    ASSERT_TRUE(attempt.server->established()) << corruption.text();
    EXPECT_EQ(attempt.client->attributes(), good.client->attributes()) << corruption.text();
    EXPECT_EQ(attempt.server->attributes(), good.server->attributes()) << corruption.text();
    EXPECT_EQ(session_key(*attempt.client), session_key(*good.client)) << corruption.text();
    EXPECT_EQ(user_name(*attempt.server), u"EXAMPLE\\alice") << corruption.text();
    EXPECT_EQ(peer::read_init(attempt.tokens[1])->types, std::vector<peer::Blob>{peer::kNtlmOid}) << corruption.text();
    expect_usable(*attempt.client, *attempt.server);
  });
  EXPECT_GT(refused, 8 * static_cast<int>(token.size()) - passed);
  // The hint says nothing that is used but NTLM's identifier. Of the others, only a bit of a negState that tells the
  // reader nothing may be changed unseen.
  if (which == 0) {
    EXPECT_GT(passed, 8 * 36) << "its text is not read";
  } else {
    EXPECT_LE(passed, 2);
  }
}

// Both ends agree on the list that the initiator sent, whatever became of it on its way.
TEST(SpnegoListCorruption, NoBitOfTheListChangesUnseen) {
  Attempt good;
  good.talk(kTokens, nullptr, 0);
  const ByteVector list = peer::type_list({peer::kNtlmOid});
  const ByteVector& init = good.tokens[1];
  const auto found = std::ranges::search(init, list);
  ASSERT_FALSE(found.empty());
  const auto at = static_cast<std::size_t>(found.begin() - init.begin());
  for (std::size_t byte = at; byte < at + list.size(); ++byte) {
    for (std::uint32_t bit = 0; bit < 8; ++bit) {
      Attempt attempt;
      const Corruption corruption{Corruption::Kind::bit_flipped, byte, bit};
      attempt.talk(1, &corruption, 0);
      EXPECT_FALSE(attempt.client->established() || attempt.server->established()) << corruption.text();
    }
  }
}

}  // namespace
}  // namespace opensspi::testing
