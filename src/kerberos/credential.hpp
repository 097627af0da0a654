// KerberosCredential: where a client's tickets and a server's keys come from.
#pragma once

#include <memory>
#include <mutex>

#include "core/package.hpp"
#include "kerberos/service_key.hpp"
#include "kerberos/tickets.hpp"

namespace opensspi::kerberos {

class KerberosPackage;

class KerberosCredential final : public core::Credential {
 public:
  KerberosCredential(const KerberosPackage& package, std::uint32_t use, std::string principal, Sources sources);
  // A delegated one.
  KerberosCredential(const KerberosPackage& package, std::shared_ptr<Tickets> tickets);

  // Explicit credentials; without this the process's own are taken.
  Result<void> take_identity(const core::AuthIdentity& identity);

  const core::Package& package() const override;
  FileTime expiry() const override;
  Result<std::unique_ptr<core::Context>> start(core::Role role) override;
  core::Reach reach(std::u16string_view target) const override;
  core::Reach accepts(Bytes first_token) const override;
  Result<std::u16string> name() const override;
  Result<void> set(std::uint32_t id, Bytes value) override;

  // What contexts need of it. SEC_E_NO_CREDENTIALS and others of ServiceKey::open.
  std::shared_ptr<Tickets> tickets() const;
  Result<std::shared_ptr<const ServiceKey>> service_key() const;

 private:
  const KerberosPackage& package_;
  const std::uint32_t use_;  // SECPKG_CRED_x
  const std::string principal_;
  mutable std::mutex mutex_;
  Sources sources_;
  bool names_keytab_ = false;                                       // by OPENSSPI_KRB_SOURCES
  bool in_use_ = false;                                             // a context was made: attributes are fixed
  const std::shared_ptr<Logon> logon_ = std::make_shared<Logon>();  // fixed once it is shared with the tickets
  // Made when first needed: what SetCredentialsAttributes says comes before.
  mutable std::shared_ptr<Tickets> tickets_;
  mutable std::shared_ptr<const ServiceKey> service_key_;
};

// What a client forwarded, as a credential to log on with; nullptr where MIT cannot hand it over.
std::shared_ptr<core::Credential> delegated_credential(const KerberosPackage& package, GssCredential forwarded,
                                                       const std::string& principal, const Sources& sources);

}  // namespace opensspi::kerberos
