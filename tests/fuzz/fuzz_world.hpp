// What the fuzz targets share: a host whose clock stands and whose random numbers are known, one account, and pieces of
// the input.
#pragma once

#include <cstdlib>
#include <memory>

#include "base/configuration.hpp"
#include "base/host.hpp"
#include "ntlm/acceptor.hpp"
#include "ntlm/initiator.hpp"
#include "ntlm/package.hpp"

namespace opensspi::fuzz {

// The same numbers in every run: what the acceptor challenges with is what the corpus answers.
class StillHost final : public Host {
 public:
  StillHost();
  FileTime now() const override { return {130'475'779'380'041'523}; }
  void random(MutableBytes out) const override;
  const HostNames& names() const override { return names_; }

 private:
  HostNames names_;
};

struct World {
  StillHost host;
  Configuration configuration;
  ntlm::NtlmPackage package{host, configuration};

  // The first byte of an input: the policy, and with it every branch that a policy opens.
  static ntlm::Policy policy(std::uint8_t choice);
  std::unique_ptr<core::Context> acceptor(std::uint8_t choice) const;
  std::unique_ptr<core::Context> initiator(std::uint8_t choice) const;
};

const World& world();

// Takes a piece off the front: two bytes of length, then as many bytes, or what there is.
Bytes take_piece(Bytes& input);
std::uint8_t take_byte(Bytes& input);

// A broken invariant is a finding.
inline void require(bool condition) {
  if (!condition) std::abort();
}

// Signs, seals and refuses with the context; an established one must be able to.
void use(core::Context& context);

}  // namespace opensspi::fuzz
