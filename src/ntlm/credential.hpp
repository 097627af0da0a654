// NtlmCredential: an account to log on with, a source to verify log-ons with, and the policy for both.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "accounts/account_source.hpp"
#include "core/package.hpp"

namespace opensspi::ntlm {

class NtlmPackage;

struct Policy {
  bool allow_weak = false;  // NTLMv1, LM, 56 and 40 bits, no extended session security
  bool require_mic = false;
  unsigned lm_level = 3;                   // LmCompatibilityLevel of the initiator
  std::uint64_t max_lifetime_seconds = 0;  // how old a response's time may be
};

// Whom an initiator logs on as.
struct Account {
  std::u16string user, domain;
  Key16 nt_hash;
  Key16 ntowf_v2;  // of user and domain, made once
  Key16 lmowf_v1;
  bool has_lmowf_v1 = false;
  bool anonymous = false;
  bool self = false;  // the same-user default: answers this host only
};

class NtlmCredential final : public core::Credential {
 public:
  // `principal`: whose default credentials a client means; empty: the process's. A server's are not named.
  NtlmCredential(NtlmPackage& package, std::uint32_t use, Policy policy, std::u16string_view principal = {})
      : package_(package), use_(use), policy_(policy), principal_(principal) {}

  // Explicit credentials; without this the same-user default is taken.
  Result<void> take_identity(const core::AuthIdentity& identity);

  const core::Package& package() const override;
  Result<std::unique_ptr<core::Context>> start(core::Role role) override;
  core::Reach reach(std::u16string_view target) const override;
  Result<std::u16string> name() const override;
  Result<void> set(std::uint32_t id, Bytes value) override;

 private:
  Result<std::shared_ptr<const Account>> account() const;
  Result<std::shared_ptr<const accounts::AccountSource>> source() const;
  Result<std::shared_ptr<const accounts::AccountSource>> open_source(const std::string& name) const;
  Result<void> set_accounts(Bytes structure);
  Result<void> set_policy(Bytes structure);

  NtlmPackage& package_;
  const std::uint32_t use_;  // SECPKG_CRED_x
  mutable std::mutex mutex_;
  Policy policy_;
  const std::u16string principal_;
  bool in_use_ = false;  // a context was made: attributes are fixed
  // Read when first needed: a server with accounts of its own never makes the key of the same-user default.
  mutable std::shared_ptr<const Account> account_;
  mutable std::shared_ptr<const accounts::AccountSource> source_;
};

}  // namespace opensspi::ntlm
