// ServiceKey: the keytab that an acceptor opens tickets with.
#pragma once

#include <memory>
#include <string>

#include "kerberos/tickets.hpp"

namespace opensspi::kerberos {

class ServiceKey {
 public:
  // `principal` empty: every service that the keytab has a key for. SEC_E_NO_CREDENTIALS: no keytab;
  // SEC_E_NO_KERB_KEY: it has no key for the service.
  static Result<std::shared_ptr<const ServiceKey>> open(Sources sources, const std::string& principal);

  gss_cred_id_t credential() const { return credential_.get(); }
  const Sources& sources() const { return sources_; }

 private:
  Sources sources_;
  GssCredential credential_;
};

}  // namespace opensspi::kerberos
