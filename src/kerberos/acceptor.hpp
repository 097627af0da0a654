// Acceptor: the server's side of the handshake, RFC 4121 and MS-KILE 3.4.
#pragma once

#include <memory>

#include "kerberos/bindings.hpp"
#include "kerberos/context.hpp"
#include "kerberos/service_key.hpp"

namespace opensspi::kerberos {

class Acceptor final : public KerberosContext {
 public:
  Acceptor(const KerberosPackage& package, std::shared_ptr<const ServiceKey> key);
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_third_leg, established, failed };

  Result<core::Step> on_token(const core::StepInput& input);
  Result<void> check_bindings(const core::StepInput& input, OM_uint32 flags) const;

  State state_ = State::start;
  std::shared_ptr<const ServiceKey> key_;
  GssContext context_;
};

}  // namespace opensspi::kerberos
