// Our ends and the peer's in one conversation.
#pragma once

#include "peer/ntlm_peer.hpp"
#include "support/ntlm_world.hpp"

namespace opensspi::testing {

// A log-on of the peer's client at our acceptor.
struct PeerLogOn {
  peer::Blob negotiate, challenge, authenticate;
  Result<core::Step> result = core::Step{};
  std::unique_ptr<core::Context> server;

  Status status() const { return status_of(result); }
  std::string reason() const { return why(result); }
};
PeerLogOn log_on_at_ours(NtlmWorld& world, peer::Client& client, const StepOptions& server_options = {});

// A log-on of our initiator at the peer's server.
struct OwnLogOn {
  peer::Blob negotiate, challenge, authenticate;
  Result<core::Step> result = core::Step{};
  std::unique_ptr<core::Context> client;

  Status status() const { return status_of(result); }
  std::string reason() const { return why(result); }
};
OwnLogOn log_on_at_peers(NtlmWorld& world, peer::Server& server, const StepOptions& client_options = {});

// Messages of every kind pass between the two, both ways; `number` is where datagrams begin.
void expect_session(core::Context& ours, peer::Session& theirs, std::uint32_t flags, std::uint32_t number = 0);

// The context as it is after being packed and unpacked.
std::unique_ptr<core::Context> exported(NtlmWorld& world, const core::Context& context, bool reset);

}  // namespace opensspi::testing
