// SchannelCredential: one SSL_CTX, made when first needed and shared by all contexts and threads.
#pragma once

#include <mutex>
#include <vector>

#include "core/package.hpp"
#include "schannel/identity.hpp"
#include "schannel/peer_certificates.hpp"
#include "schannel/session_cache.hpp"
#include "schannel/settings.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

class SchannelCredential final : public core::Credential {
 public:
  SchannelCredential(const core::Package& package, Settings settings);

  // Makes the SSL_CTX; what is wrong with the settings is found here. Later calls do nothing.
  Result<void> prepare();

  const core::Package& package() const override { return package_; }
  Result<std::unique_ptr<core::Context>> start(core::Role role) override;
  Result<std::u16string> name() const override;
  Result<core::Attribute> query(std::uint32_t id) const override;
  Result<void> set(std::uint32_t id, Bytes value) override;
  FileTime expiry() const override;

  const Settings& settings() const { return settings_; }
  SSL_CTX* context() const { return context_.get(); }
  SessionCache& sessions() { return sessions_; }
  PeerCertificates& peers() { return peers_; }
  const std::vector<OwnCertificate>& own() const { return own_; }
  // The personal store's, where the settings allow to look there.
  const std::vector<OwnCertificate>& personal() const { return personal_; }
  // Of the settings' roots and flags: sessions made under others are not resumed.
  Bytes fingerprint() const { return fingerprint_; }

 private:
  Result<void> set_trust(SSL_CTX* context);
  Result<void> read_personal_store();
  void set_sessions(SSL_CTX* context);

  const core::Package& package_;
  Settings settings_;
  std::mutex mutex_;
  bool in_use_ = false;
  std::vector<OwnCertificate> own_, personal_;
  ByteVector fingerprint_;
  SslContextPtr context_;
  SessionCache sessions_;
  PeerCertificates peers_;
};

}  // namespace opensspi::schannel
