// Our Negotiate with NTLM inside, and the peer's, in one conversation.
#pragma once

#include "negotiate/package.hpp"
#include "peer/peer_world.hpp"
#include "peer/spnego_peer.hpp"
#include "support/fake_mechanism.hpp"

namespace opensspi::testing {

class SpnegoWorld {
 public:
  SpnegoWorld() = default;

  // alice's, unless `password` is another; a list of packages as a PackageList.
  std::unique_ptr<core::Context> initiator(std::u16string_view list = {}, std::u16string_view password = u"Passw0rd!");
  std::unique_ptr<core::Context> acceptor(std::u16string_view list = {});

  NtlmWorld ntlm;
  // Stands in for Kerberos: it takes no token of anybody's, and has none where `why_no_credential` says so.
  FakeMechanism kerberos{u"Kerberos", peer::kMsKerberosOid, {.why_no_credential = "there is no ticket"}};
  Configuration configuration;
  negotiate::NegotiatePackage package{{&kerberos, &ntlm.package}, configuration};

 private:
  std::shared_ptr<core::Credential> acquire(const core::AuthIdentity& identity);
};

// What an end of ours did with the tokens it was given.
struct SpnegoTalk {
  std::vector<ByteVector> tokens;  // both ends', in order
  Result<core::Step> result = core::Step{};
  std::unique_ptr<core::Context> ours;

  Status status() const { return status_of(result); }
  std::string reason() const { return why(result); }
  // The token that goes to the peer with a failure.
  ByteVector owed() const { return result ? ByteVector{} : result.error().output; }
};

// The peer's client at our acceptor, up to the end or the first failure of ours.
SpnegoTalk peers_client_at_ours(SpnegoWorld& world, peer::SpnegoClient& client, const StepOptions& options = {});
// Our initiator at the peer's server, which speaks first unless the list says packages that need no hint.
SpnegoTalk our_client_at_peers(SpnegoWorld& world, peer::SpnegoServer& server, const StepOptions& options = {},
                               std::u16string_view list = {});

// The talk failed with this status and a reason that has these words; nothing was established, and nothing can be.
void expect_failed(const SpnegoTalk& talk, Status status, const std::string& reason);
// An established end refuses whatever token of the talk comes again, and stays as it is.
void expect_no_more_tokens(const SpnegoTalk& talk);

// Ways to write a NegTokenResp that is none, and what is said of each.
struct BadLayout {
  peer::Layout layout;
  const char* reason;
};
const std::vector<BadLayout>& layouts_that_are_no_resp();

std::string fallback(const core::Context& context);
std::string chosen(const core::Context& context);

}  // namespace opensspi::testing
