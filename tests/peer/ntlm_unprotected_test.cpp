// A log-on without a MIC: what of the AUTHENTICATE_MESSAGE may change unseen, and that nothing else may. MS-NLMP covers
// then only the NTLMv2 response, with the names that its proof is made of; our server adds the flags of protection.
#include "peer/peer_world.hpp"
#include "support/corruption.hpp"

namespace opensspi::testing {
namespace {

constexpr std::size_t kTypeAt = 8;

struct Range {
  std::size_t from, to;
  bool has(std::size_t at) const { return at >= from && at < to; }
};

Range content(peer::View message, std::size_t descriptor) {
  const std::size_t at = peer::get32(message, descriptor + 4);
  return {at, at + (peer::get32(message, descriptor) & 0xFFFF)};
}

constexpr std::size_t kLm = 12, kNt = 20, kDomain = 28, kUser = 36, kWorkstation = 44, kKey = 52, kFlags = 60;

// Whether nothing covers the bit, so that the log-on may pass with it changed.
bool is_uncovered(peer::View message, std::size_t at, std::uint32_t bit) {
  for (const std::size_t descriptor : {kLm, kNt, kDomain, kUser, kWorkstation, kKey}) {
    const Range max_length{descriptor + 2, descriptor + 4};
    if (max_length.has(at)) return true;  // ignored on receipt
  }
  // What is not part of any proof: the LM response beside an NTLMv2 one, the name of the workstation, the key (a wrong
  // one makes a session in which no message passes), and where they stand.
  for (const std::size_t descriptor : {kLm, kWorkstation, kKey}) {
    if (Range{descriptor, descriptor + 8}.has(at) || content(message, descriptor).has(at)) return true;
  }
  if (Range{64, 72}.has(at)) return true;  // Version
  if (Range{kFlags, kFlags + 4}.has(at)) {
    const std::uint32_t flag = 1U << ((at - kFlags) * 8 + bit);
    return (flag & (peer::kSign | peer::kSeal | peer::kEss | peer::k128 | peer::kKeyExch | peer::kUnicode)) == 0;
  }
  // K2 takes the user in upper case: another case is the same user.
  return content(message, kUser).has(at) && bit == 5 && (message[at] & 0xC0) == 0x40;
}

class NtlmWithoutMic : public ::testing::Test {
 protected:
  NtlmWithoutMic() { options_.sends_mic = false; }

  // The same challenge each time.
  std::unique_ptr<core::Context> challenged() {
    auto server = world_.acceptor();
    world_.host.will_draw(peer::Blob(8, 0x42));
    const auto answer = step(*server, negotiate_);
    EXPECT_TRUE(answer) << why(answer);
    challenge_ = answer->output;
    return server;
  }
  void SetUp() override {
    peer::Client client(options_);
    negotiate_ = client.negotiate();
    auto server = challenged();
    authenticate_ = client.authenticate(challenge_);
    exported_key_ = client.exported_key();
    ASSERT_EQ(status_of(step(*server, authenticate_)), Status::ok);
  }

  NtlmWorld world_;
  peer::ClientOptions options_;
  peer::Blob negotiate_, challenge_, authenticate_, exported_key_;
};

TEST_F(NtlmWithoutMic, OnlyUncoveredBitsMayChange) {
  int passed = 0;
  for_each_corruption({authenticate_.size(), kTypeAt, 3}, [&](const Corruption& corruption) {
    auto server = challenged();
    const auto done = step(*server, corruption.apply(authenticate_, kTypeAt));
    const bool trailing = corruption.kind == Corruption::Kind::trailing;
    EXPECT_TRUE(done || !trailing) << corruption.text() << why(done);
    if (!done || trailing) return;
    ++passed;
    EXPECT_EQ(corruption.kind, Corruption::Kind::bit_flipped) << corruption.text();
    EXPECT_TRUE(is_uncovered(authenticate_, corruption.at, corruption.value)) << corruption.text();
    EXPECT_EQ(user_name(*server), u"EXAMPLE\\alice") << corruption.text();
    const bool same_key = session_key(*server) == exported_key_;
    const Range key = content(authenticate_, kKey);
    const Range of_key{kKey, kKey + 8};
    EXPECT_TRUE(same_key || key.has(corruption.at) || of_key.has(corruption.at)) << corruption.text();
    EXPECT_NE(server->attributes() & ASC_RET_CONFIDENTIALITY, 0U) << corruption.text();
  });
  EXPECT_GT(passed, 0);
}

// A changed key makes a session of its own: no message of the client passes in it.
TEST_F(NtlmWithoutMic, AChangedKeyServesNobody) {
  const Range key = content(authenticate_, kKey);
  for (std::size_t at = key.from; at < key.to; ++at) {
    auto server = challenged();
    peer::Blob changed = authenticate_;
    changed[at] ^= 1;
    ASSERT_EQ(status_of(step(*server, changed)), Status::ok);
    peer::Session session(exported_key_, peer::get32(authenticate_, kFlags), true);
    const auto message = session.seal(as_bytes("message"));
    EXPECT_EQ(status_of(unseal(*server, {message.token, message.data})), Status::message_altered);
  }
}

TEST_F(NtlmWithoutMic, RequiredMicCoversAll) {
  world_.policy.require_mic = true;
  auto server = challenged();
  EXPECT_EQ(status_of(step(*server, authenticate_)), Status::logon_denied);
}

}  // namespace
}  // namespace opensspi::testing
