#include "ntlm/credential.hpp"

#include <cstring>

#include "accounts/owf.hpp"
#include "accounts/self.hpp"
#include "base/text.hpp"
#include "core/package_list.hpp"
#include "ntlm/acceptor.hpp"
#include "ntlm/account_callback.hpp"
#include "ntlm/initiator.hpp"
#include "ntlm/package.hpp"
#include "opensspi/extra.h"

namespace opensspi::ntlm {
namespace {

std::unexpected<Error> not_understood(std::string why) {
  return fail(Status::unknown_credentials, "credentials of NTLM", std::move(why));
}

int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 32 hexadecimal digits in UTF-16LE.
bool read_hash(Bytes digits_utf16le, Key16& out) {
  if (digits_utf16le.size() != 64) return false;
  for (std::size_t i = 0; i < 32; ++i) {
    const int digit = hex_digit(digits_utf16le[2 * i]);
    if (digit < 0 || digits_utf16le[2 * i + 1] != 0) return false;
    std::uint8_t& byte = out.writable()[i / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | digit);
  }
  return true;
}

// "DOMAIN\user" where no domain is given beside it. "user@domain" stays whole: its domain is the server's to find.
void split_name(const core::AuthIdentity& identity, Account& account) {
  account.user = identity.user;
  account.domain = identity.domain;
  const std::size_t backslash = identity.user.find(u'\\');
  if (!identity.domain.empty() || backslash == std::u16string::npos) return;
  account.domain = identity.user.substr(0, backslash);
  account.user = identity.user.substr(backslash + 1);
}

Result<void> take_password(const core::AuthIdentity& identity, Account& account) {
  if (identity.password_is_nt_hash) {
    if (!read_hash(identity.password.bytes(), account.nt_hash)) {
      return not_understood("the NT hash must have 32 hexadecimal digits; " +
                            std::to_string(identity.password.size() / 2) + " characters are given");
    }
    return {};
  }
  account.nt_hash = accounts::ntowf_v1(identity.password.bytes());
  account.has_lmowf_v1 = accounts::lmowf_v1(identity.password.bytes(), account.lmowf_v1);
  return {};
}

// "user", "DOMAIN\user" or "user@domain".
bool names_account(std::u16string_view principal, const accounts::SelfAccount& self) {
  return equal_ignoring_case(principal, self.user) || equal_ignoring_case(principal, self.domain + u'\\' + self.user) ||
         equal_ignoring_case(principal, self.user + u'@' + self.domain);
}

}  // namespace

const core::Package& NtlmCredential::package() const { return package_; }

Result<void> NtlmCredential::take_identity(const core::AuthIdentity& identity) {
  auto allowed = core::check_package_list(identity.package_list, package_);
  if (!allowed) return allowed;
  // Nobody named is the process itself (an identity with nothing but a PackageList); an empty name is nobody.
  if (!identity.has_user && !identity.has_domain && !identity.has_password) return {};
  auto account = std::make_shared<Account>();
  if (identity.user.empty()) {
    if (!identity.password.empty()) return not_understood("a password is given without a user");
    account->anonymous = true;
    account_ = std::move(account);
    return {};
  }
  split_name(identity, *account);
  auto password = take_password(identity, *account);
  if (!password) return password;
  account->ntowf_v2 = accounts::ntowf_v2(account->nt_hash, account->user, account->domain);
  account_ = std::move(account);
  return {};
}

Result<std::shared_ptr<const Account>> NtlmCredential::account() const {
  const std::scoped_lock lock(mutex_);
  if (account_) return account_;
  auto self = accounts::self_account(package_.host());
  if (!self) return fail(self);
  if (!principal_.empty() && !names_account(principal_, *self)) {
    return fail(Status::no_credentials, "principal",
                "\"" + to_utf8(principal_) + "\" is not the user of this process, " + to_utf8(self->domain) + '\\' +
                    to_utf8(self->user) + ", whose credentials alone are here; give user, domain and password");
  }
  auto account = std::make_shared<Account>();
  account->user = std::move(self->user);
  account->domain = std::move(self->domain);
  account->nt_hash = std::move(self->nt_hash);
  account->ntowf_v2 = accounts::ntowf_v2(account->nt_hash, account->user, account->domain);
  account->self = true;
  account_ = std::move(account);
  return account_;
}

Result<std::shared_ptr<const accounts::AccountSource>> NtlmCredential::open_source(const std::string& name) const {
  return accounts::open_account_source(name, package_.host(),
                                       std::chrono::milliseconds(package_.configuration().winbind_deadline_ms));
}

Result<std::shared_ptr<const accounts::AccountSource>> NtlmCredential::source() const {
  const std::scoped_lock lock(mutex_);
  if (source_) return source_;
  const std::string& configured = package_.configuration().accounts;
  auto source = open_source(configured.empty() ? "self" : configured);
  if (!source) return fail(source);
  source_ = std::move(*source);
  return source_;
}

Result<std::unique_ptr<core::Context>> NtlmCredential::start(core::Role role) {
  const bool initiator = role == core::Role::initiator;
  if ((use_ & (initiator ? SECPKG_CRED_OUTBOUND : SECPKG_CRED_INBOUND)) == 0) {
    return fail(Status::no_credentials, "fCredentialUse",
                initiator ? "the credential was acquired for servers only (SECPKG_CRED_INBOUND)"
                          : "the credential was acquired for clients only (SECPKG_CRED_OUTBOUND)");
  }
  std::unique_ptr<core::Context> context;
  if (initiator) {
    auto account = this->account();
    if (!account) return fail(account);
    context = std::make_unique<Initiator>(package_, std::move(*account), policy_);
  } else {
    auto source = this->source();
    if (!source) return fail(source);
    context = std::make_unique<Acceptor>(package_, std::move(*source), policy_);
  }
  const std::scoped_lock lock(mutex_);
  in_use_ = true;
  return context;
}

core::Reach NtlmCredential::reach(std::u16string_view) const {
  auto account = this->account();
  if (account) return {};
  return {false, account.error().detail};
}

Result<std::u16string> NtlmCredential::name() const {
  auto account = this->account();
  if (!account) return fail(account);
  if ((*account)->anonymous) return fail(Status::no_credentials, "name of the credential", "it is anonymous");
  if ((*account)->domain.empty()) return (*account)->user;
  return (*account)->domain + u'\\' + (*account)->user;
}

Result<void> NtlmCredential::set(std::uint32_t id, Bytes value) {
  const std::scoped_lock lock(mutex_);
  if (in_use_) {
    return fail(Status::out_of_sequence, "SetCredentialsAttributes",
                "a context was made from the credential already; set its attributes before the first");
  }
  switch (id) {
    case OPENSSPI_CRED_ATTR_ACCOUNTS:
      return set_accounts(value);
    case OPENSSPI_CRED_ATTR_NTLM_POLICY:
      return set_policy(value);
    default:
      return fail(Status::unsupported_function, "ulAttribute", hex32(id) + " is not an attribute of NTLM credentials");
  }
}

Result<void> NtlmCredential::set_accounts(Bytes structure) {
  OPENSSPI_ACCOUNTS given;
  std::memcpy(&given, structure.data(), sizeof given);  // the caller's own structure, its size checked
  if ((given.Source == nullptr) == (given.Callback == nullptr)) {
    return fail(Status::invalid_parameter, "OPENSSPI_ACCOUNTS", "exactly one of Source and Callback is to be given");
  }
  if (given.Callback != nullptr) {
    source_ = account_callback(given.Callback, given.Context);
    return {};
  }
  auto source = open_source(to_utf8(reinterpret_cast<const char16_t*>(given.Source)));
  if (!source) return fail(source);
  source_ = std::move(*source);
  return {};
}

Result<void> NtlmCredential::set_policy(Bytes structure) {
  OPENSSPI_NTLM_POLICY given;
  std::memcpy(&given, structure.data(), sizeof given);
  if ((given.Flags & ~static_cast<ULONG>(OPENSSPI_NTLM_ALLOW_WEAK | OPENSSPI_NTLM_REQUIRE_MIC)) != 0) {
    return fail(Status::invalid_parameter, "OPENSSPI_NTLM_POLICY Flags", hex32(given.Flags) + " has an unknown flag");
  }
  const bool allow_weak = (given.Flags & OPENSSPI_NTLM_ALLOW_WEAK) != 0;
  if (given.LmLevel > 5 || (given.LmLevel < 3 && !allow_weak)) {
    return fail(Status::invalid_parameter, "OPENSSPI_NTLM_POLICY LmLevel",
                std::to_string(given.LmLevel) + " is not 3 to 5, nor 0 to 2 with OPENSSPI_NTLM_ALLOW_WEAK");
  }
  policy_.allow_weak = allow_weak;
  policy_.require_mic = (given.Flags & OPENSSPI_NTLM_REQUIRE_MIC) != 0;
  policy_.lm_level = given.LmLevel;
  return {};
}

}  // namespace opensspi::ntlm
