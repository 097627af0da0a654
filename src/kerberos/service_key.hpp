// ServiceKey: what an acceptor opens tickets with: a keytab, or the password of the account that has the service.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kerberos/tickets.hpp"

namespace opensspi::kerberos {

class ServiceKey {
 public:
  // `principal` empty: every service that the keytab has a key for. SEC_E_NO_CREDENTIALS: no keytab;
  // SEC_E_NO_KERB_KEY: it has no key for the service.
  static Result<std::shared_ptr<const ServiceKey>> open(Sources sources, const std::string& principal);
  // The keys that the KDC has made of an account's password, in memory. They open the tickets of every service that the
  // account has, whatever its name. SEC_E_NO_CREDENTIALS: the account's realm is not known here.
  static Result<std::shared_ptr<const ServiceKey>> of_password(Sources sources, const Logon& logon);

  gss_cred_id_t credential() const { return credential_.get(); }
  const Sources& sources() const { return sources_; }
  const std::string& keytab_name() const { return keytab_name_; }

 private:
  Sources sources_;
  std::string keytab_name_;
  // Of keys that are made here: the keytab in memory lives as long as this.
  std::optional<Krb5> krb5_;
  std::optional<Keytab> keytab_;
  GssCredential credential_;
};

}  // namespace opensspi::kerberos
