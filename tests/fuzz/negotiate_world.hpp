// What the targets of Negotiate share: our ends with NTLM inside, whose clock and random numbers are the same each
// time, and a host that knows one account.
#pragma once

#include <memory>
#include <vector>

#include "negotiate/package.hpp"
#include "ntlm/package.hpp"
#include "support/fixed_host.hpp"

namespace opensspi::fuzz {

class NegotiateWorld {
 public:
  NegotiateWorld();
  std::unique_ptr<core::Context> start(core::Role role);

 private:
  testing::FixedHost host_;
  Configuration configuration_;
  ntlm::NtlmPackage ntlm_{host_, configuration_};
  negotiate::NegotiatePackage package_{{&ntlm_}, configuration_};
  std::shared_ptr<core::Credential> credential_;
};

// Input for several steps: each a length of two bytes, the less significant first, and so many bytes, or what is left.
std::vector<Bytes> split_steps(Bytes input);

Result<core::Step> step(core::Context& context, Bytes token);

// Ends the process where a context breaks a rule that holds whatever it was given: a failure has a reason, an output
// without a failure is a token of ours, and who failed stays so.
void check_rules(core::Context& context, const Result<core::Step>& result);

}  // namespace opensspi::fuzz
