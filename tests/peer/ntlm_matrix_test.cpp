// An honest peer in every combination of what can be negotiated, in both roles; messages both ways; the context packed
// and unpacked in the middle.
#include "ntlm/flags.hpp"
#include "peer/peer_world.hpp"

namespace opensspi::testing {
namespace {

constexpr std::uint32_t kFree[] = {peer::kSign, peer::kSeal, peer::kEss,   peer::kKeyExch,
                                   peer::k128,  peer::k56,   peer::kLmKey, peer::kVersion};
constexpr std::uint32_t kCharacterSets[] = {peer::kUnicode, peer::kOem, peer::kUnicode | peer::kOem};

std::uint32_t combination(unsigned index) {
  std::uint32_t flags = peer::kRequestTarget | peer::kNtlm | peer::kAlwaysSign;
  for (std::size_t i = 0; i < std::size(kFree); ++i) flags |= (index >> i & 1) != 0 ? kFree[i] : 0;
  return flags;
}

std::string words(std::uint32_t flags) { return ntlm::describe_flags(flags); }

void expect_bits(const core::Context& context, std::uint32_t flags) {
  const bool sign = (flags & (peer::kSign | peer::kSeal)) != 0, seal = (flags & peer::kSeal) != 0;
  EXPECT_EQ((context.attributes() & ISC_RET_CONFIDENTIALITY) != 0, seal);
  // INTEGRITY is another bit for each role.
  EXPECT_EQ((context.attributes() & (ISC_RET_INTEGRITY | ASC_RET_INTEGRITY)) != 0, sign);
  const auto key = context.query(SECPKG_ATTR_KEY_INFO);
  ASSERT_TRUE(key);
  unsigned bits = (flags & peer::k56) != 0 ? 56 : 40;
  const bool weakened =
      (flags & peer::kEss) != 0 ? (flags & peer::k128) == 0 : (flags & (peer::kLmKey | peer::kDatagram)) != 0;
  if (!weakened) bits = 128;
  EXPECT_EQ(std::get<core::KeyInfo>(*key).bits, bits);
}

// The session goes on in a copy; then a copy with its numbers reset meets a peer that begins anew.
void expect_export(NtlmWorld& world, const core::Context& context, peer::Session& theirs, const peer::Session& fresh,
                   std::uint32_t flags) {
  auto copy = exported(world, context, false);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->attributes(), context.attributes());
  EXPECT_EQ(user_name(*copy), user_name(context));
  expect_session(*copy, theirs, flags, 40);
  auto reset = exported(world, context, true);
  ASSERT_TRUE(reset);
  peer::Session anew = fresh;
  expect_session(*reset, anew, flags);
}

class NtlmMatrix : public ::testing::Test {
 protected:
  NtlmMatrix() { world_.policy.allow_weak = true; }
  NtlmWorld world_;
};

void expect_client_accepted(NtlmWorld& world, const peer::ClientOptions& options,
                            const StepOptions& server_options = {}) {
  peer::Client client(options);
  const PeerLogOn log_on = log_on_at_ours(world, client, server_options);
  ASSERT_EQ(log_on.status(), Status::ok) << log_on.reason();
  EXPECT_EQ(user_name(*log_on.server), u"EXAMPLE\\alice");
  EXPECT_EQ(session_key(*log_on.server), client.exported_key());
  expect_bits(*log_on.server, client.flags());
  peer::Session session = client.session();
  expect_session(*log_on.server, session, client.flags());
  expect_export(world, *log_on.server, session, client.session(), client.flags());
}

TEST_F(NtlmMatrix, PeersClientAtOurServer) {
  for (unsigned i = 0; i < 1U << std::size(kFree); ++i) {
    for (const std::uint32_t set : kCharacterSets) {
      for (const bool mic : {true, false}) {
        peer::ClientOptions options;
        options.flags = combination(i) | set;
        options.sends_mic = mic;
        SCOPED_TRACE(words(options.flags) + (mic ? " with a MIC" : " without a MIC"));
        expect_client_accepted(world_, options);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_F(NtlmMatrix, PeersClientAtOurServerWithNtlmV1) {
  for (unsigned i = 0; i < 1U << std::size(kFree); ++i) {
    for (const bool lm_response : {true, false}) {
      peer::ClientOptions options;
      options.flags = combination(i) | peer::kUnicode;
      options.ntlm_v1 = true;
      options.lm_v1_response = lm_response;
      SCOPED_TRACE(words(options.flags));
      expect_client_accepted(world_, options);
      if (HasFailure()) return;
    }
  }
}

// Without a connection the server begins and offers all; the client takes less.
TEST_F(NtlmMatrix, PeersClientAtOurServerWithDatagrams) {
  for (const std::uint32_t less :
       {0U, peer::kSeal, peer::kVersion, peer::k56, peer::kSeal | peer::kVersion, peer::kSign | peer::kSeal}) {
    peer::ClientOptions options;
    options.faults.clear_flags = less;
    SCOPED_TRACE(words(less));
    expect_client_accepted(world_, options, {.flags = ASC_REQ_DATAGRAM});
  }
}

TEST_F(NtlmMatrix, DatagramsMayBeLostAndReordered) {
  peer::Client client({});
  const PeerLogOn log_on = log_on_at_ours(world_, client, {.flags = ASC_REQ_DATAGRAM});
  ASSERT_EQ(log_on.status(), Status::ok) << log_on.reason();
  EXPECT_NE(log_on.server->attributes() & ASC_RET_DATAGRAM, 0U);
  EXPECT_EQ(log_on.server->attributes() & (ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT), 0U);
  peer::Session session = client.session();
  for (const std::uint32_t number : {7U, 3U, 0xFFFFFFFFU, 0U}) {
    const auto message = session.seal(as_bytes("datagram"), number);
    EXPECT_EQ(status_of(unseal(*log_on.server, {message.token, message.data}, number + 1)), Status::out_of_sequence);
    const auto opened = unseal(*log_on.server, {message.token, message.data}, number);
    EXPECT_EQ(opened.value_or(ByteVector{}), as_bytes("datagram")) << why(opened);
  }
}

// ---- Our client at the peer's server.

void expect_server_satisfied(NtlmWorld& world, const peer::ServerOptions& options, const StepOptions& client_options) {
  peer::Server server(options);
  OwnLogOn log_on = log_on_at_peers(world, server, client_options);
  ASSERT_EQ(log_on.status(), Status::ok) << log_on.reason();
  const auto verdict = server.accept(log_on.authenticate);
  EXPECT_TRUE(verdict.proof_ok);
  EXPECT_EQ(verdict.mic_there, verdict.v2 && !options.faults.no_timestamp);
  EXPECT_EQ(verdict.mic_ok, verdict.mic_there);
  EXPECT_EQ(verdict.exported_key, session_key(*log_on.client));
  expect_bits(*log_on.client, verdict.flags);
  peer::Session session = server.session(verdict);
  expect_session(*log_on.client, session, verdict.flags);
  expect_export(world, *log_on.client, session, server.session(verdict), verdict.flags);
}

constexpr std::uint32_t kRequests[] = {0, ISC_REQ_INTEGRITY, kSealing, ISC_REQ_CONFIDENTIALITY | ISC_REQ_IDENTIFY};

TEST_F(NtlmMatrix, OurClientAtThePeersServer) {
  constexpr std::uint32_t kLeftOut[] = {peer::kEss, peer::kKeyExch, peer::k128,
                                        peer::k56,  peer::kVersion, peer::kUnicode};
  for (const std::uint32_t request : kRequests) {
    for (unsigned i = 0; i < 1U << std::size(kLeftOut); ++i) {
      peer::ServerOptions options;
      for (std::size_t bit = 0; bit < std::size(kLeftOut); ++bit) {
        if ((i >> bit & 1) != 0) options.faults.clear_flags |= kLeftOut[bit];
      }
      options.faults.set_flags = (options.faults.clear_flags & peer::kUnicode) != 0 ? peer::kOem : 0;
      options.faults.no_timestamp = i % 3 == 0;
      SCOPED_TRACE(words(request) + " without " + words(options.faults.clear_flags));
      expect_server_satisfied(world_, options, {.flags = request, .target = u"host/peer"});
      if (HasFailure()) return;
    }
  }
}

TEST_F(NtlmMatrix, OurClientAtThePeersServerWithNtlmV1) {
  for (const unsigned level : {0U, 1U, 2U}) {
    world_.policy.lm_level = level;
    for (const std::uint32_t request : kRequests) {
      for (const std::uint32_t less :
           {0U, peer::kEss, peer::kEss | peer::k56, peer::kKeyExch, peer::kEss | peer::kKeyExch, peer::k128}) {
        for (const std::uint32_t more : {0U, peer::kLmKey}) {
          peer::ServerOptions options;
          options.faults.clear_flags = less;
          options.faults.set_flags = more;
          SCOPED_TRACE("level " + std::to_string(level) + ", " + words(request) + " without " + words(less) + " with " +
                       words(more));
          expect_server_satisfied(world_, options, {.flags = request});
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST_F(NtlmMatrix, OurClientAtThePeersServerWithDatagrams) {
  peer::ServerOptions options;
  expect_server_satisfied(world_, options, {.flags = kSealing | ISC_REQ_DATAGRAM});
  expect_server_satisfied(world_, options, {.flags = ISC_REQ_INTEGRITY | ISC_REQ_DATAGRAM});
  expect_server_satisfied(world_, options, {.flags = ISC_REQ_DATAGRAM});
}

// ---- Ours with ours, under the default policy.

TEST(NtlmBothOurs, EveryRequest) {
  NtlmWorld world;
  for (const std::uint32_t request : kRequests) {
    auto client = world.initiator(), server = world.acceptor();
    const Conversation c = log_on(*client, *server, {.flags = request});
    ASSERT_EQ(c.status, Status::ok) << c.reason;
    EXPECT_EQ(session_key(*client), session_key(*server));
    expect_usable(*client, *server, (request & ISC_REQ_CONFIDENTIALITY) != 0);
    EXPECT_EQ((server->attributes() & ASC_RET_IDENTIFY) != 0, (request & ISC_REQ_IDENTIFY) != 0);
  }
}

TEST(NtlmBothOurs, NamesOfEveryForm) {
  NtlmWorld world;
  const std::u16string long_name(120, u'n');
  for (const std::u16string& user :
       {std::u16string(u"alice@example.com"), std::u16string(u"\u00C4\u00D6\u00FC \u4E2D\u6587"), std::u16string(u"x"),
        long_name, std::u16string(u"\xD83D\xDE00")}) {
    world.add_account(user, u"EXAMPLE", u"pw \u20AC");
    auto client = world.initiator(user, user.find(u'@') == std::u16string::npos ? u"EXAMPLE" : u"", u"pw \u20AC");
    auto server = world.acceptor();
    const Conversation c = log_on(*client, *server, {.flags = kSealing});
    EXPECT_EQ(c.status, Status::ok) << c.reason;
    EXPECT_EQ(user_name(*server), u"EXAMPLE\\" + user);
  }
}

TEST(NtlmBothOurs, UserNamesAreComparedWithoutCase) {
  NtlmWorld world;
  auto client = world.initiator(u"ALICE"), server = world.acceptor();
  EXPECT_EQ(log_on(*client, *server).status, Status::ok);
  EXPECT_EQ(user_name(*server), u"EXAMPLE\\alice") << "the canonical name, not the claimed one";
}

}  // namespace
}  // namespace opensspi::testing
