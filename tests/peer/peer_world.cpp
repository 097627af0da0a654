#include "peer/peer_world.hpp"

namespace opensspi::testing {

PeerLogOn log_on_at_ours(NtlmWorld& world, peer::Client& client, const StepOptions& server_options) {
  PeerLogOn log_on;
  log_on.server = world.acceptor();
  const bool datagram = (server_options.flags & ASC_REQ_DATAGRAM) != 0;
  if (!datagram) log_on.negotiate = client.negotiate();
  log_on.result = step(*log_on.server, log_on.negotiate, server_options);
  if (!log_on.result) return log_on;
  log_on.challenge = log_on.result->output;
  log_on.authenticate = client.authenticate(log_on.challenge);
  log_on.result = step(*log_on.server, log_on.authenticate, server_options);
  return log_on;
}

OwnLogOn log_on_at_peers(NtlmWorld& world, peer::Server& server, const StepOptions& client_options) {
  OwnLogOn log_on;
  log_on.client = world.initiator();
  log_on.result = step(*log_on.client, {}, client_options);
  if (!log_on.result) return log_on;
  log_on.negotiate = log_on.result->output;
  log_on.challenge = server.challenge(log_on.negotiate);
  log_on.result = step(*log_on.client, log_on.challenge, client_options);
  if (log_on.result) log_on.authenticate = log_on.result->output;
  return log_on;
}

namespace {

void expect_signatures(core::Context& ours, peer::Session& theirs, Bytes data, std::uint32_t number) {
  const auto up = sign(ours, data, number);
  ASSERT_TRUE(up) << why(up);
  EXPECT_TRUE(theirs.verify(*up, data, number));
  const auto checked = verify(ours, theirs.sign(data, number), data, number);
  EXPECT_TRUE(checked) << why(checked);
}

void expect_sealing(core::Context& ours, peer::Session& theirs, Bytes data, std::uint32_t number) {
  const auto up = seal(ours, data, number);
  ASSERT_TRUE(up) << why(up);
  const auto opened = theirs.unseal({up->token, up->data}, number);
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(std::ranges::equal(*opened, data));
  const auto down = theirs.seal(data, number);
  const auto ours_opened = unseal(ours, {down.token, down.data}, number);
  ASSERT_TRUE(ours_opened) << why(ours_opened);
  EXPECT_TRUE(std::ranges::equal(*ours_opened, data));
}

}  // namespace

void expect_session(core::Context& ours, peer::Session& theirs, std::uint32_t flags, std::uint32_t number) {
  for (const char* text :
       {"first", "", "a third message, longer than the others, so that more than one block is hashed"}) {
    const ByteVector data = as_bytes(text);
    if ((flags & (peer::kSign | peer::kSeal)) != 0) expect_signatures(ours, theirs, data, number++);
    if ((flags & peer::kSeal) != 0) expect_sealing(ours, theirs, data, number++);
  }
}

std::unique_ptr<core::Context> exported(NtlmWorld& world, const core::Context& context, bool reset) {
  const auto packed = context.pack(reset);
  EXPECT_TRUE(packed) << why(packed);
  auto copy = world.package.unpack(packed->bytes());
  EXPECT_TRUE(copy) << why(copy);
  return copy ? std::move(*copy) : nullptr;
}

}  // namespace opensspi::testing
