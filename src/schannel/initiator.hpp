// Initiator: a TLS client.
#pragma once

#include "schannel/context.hpp"

namespace opensspi::schannel {

class Initiator final : public SchannelContext {
 public:
  explicit Initiator(std::shared_ptr<SchannelCredential> credential)
      : SchannelContext(std::move(credential), core::Role::initiator) {}

  int verified(int good, X509_STORE_CTX* store_context) override;
  int stapled() override;
  int own_certificate(X509** certificate, EVP_PKEY** key) override;
  void new_session(SSL_SESSION* session) override;

 protected:
  Result<void> begin(const core::StepInput& input) override;
  Result<void> change_credential(const core::StepInput& input) override;
  Result<void> accept_outcome() override;
  bool peer_is_authenticated() const override { return !manual_ && established(); }

 private:
  Result<void> set_name(std::u16string_view target);
  void set_verification();
  std::string session_key() const;
  bool answer_with(const OwnCertificate& own, X509** certificate, EVP_PKEY** key);

  std::string target_;
  bool manual_ = false;  // the caller looks at the certificate itself
  bool checks_name_ = false;
  bool without_certificate_ = false;  // the caller goes on without a certificate
  bool caches_ = false;
  SessionCache::Clock::time_point resumable_until_;  // of the session that is offered
  Status open_revocation_ = Status::ok;  // what is wrong with the leaf's revocation unless a stapled answer tells
  std::shared_ptr<const SchannelCredential> other_;  // given after SEC_I_INCOMPLETE_CREDENTIALS
};

}  // namespace opensspi::schannel
