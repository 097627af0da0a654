// Acceptor: a TLS server.
#pragma once

#include "schannel/context.hpp"

namespace opensspi::schannel {

class Acceptor final : public SchannelContext {
 public:
  explicit Acceptor(std::shared_ptr<SchannelCredential> credential)
      : SchannelContext(std::move(credential), core::Role::acceptor) {}

  int verified(int good, X509_STORE_CTX* store_context) override;

 protected:
  Result<void> begin(const core::StepInput& input) override;
  Result<void> accept_outcome() override;
  // A client is known only where its certificate ends in the root store that the credential was given.
  bool peer_is_authenticated() const override;
};

}  // namespace opensspi::schannel
