// Package and Credential: what a security package is to those above it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/attribute.hpp"
#include "core/context.hpp"
#include "core/step.hpp"

namespace opensspi::core {

// SEC_WINNT_AUTH_IDENTITY_W or _EXW, read and checked.
struct AuthIdentity {
  std::u16string user, domain;
  Secret password;  // UTF-16LE
  bool has_user = false, has_domain = false, has_password = false;
  bool password_is_nt_hash = false;  // 32 hexadecimal digits
  std::u16string package_list;
};

struct AcquireInput {
  std::u16string_view principal;
  std::uint32_t use = 0;                   // SECPKG_CRED_INBOUND, _OUTBOUND or _BOTH
  const AuthIdentity* identity = nullptr;  // explicit credentials of NTLM, Kerberos, Negotiate
  const void* package_data = nullptr;      // pAuthData as given, for packages with a structure of their own
};

// Whether a credential can log on there, or take a log-on, and why not: what Negotiate chooses by.
struct Reach {
  bool reachable = true;
  std::string why_not;
};

class Package;

class Credential : public std::enable_shared_from_this<Credential> {
 public:
  Credential() = default;
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  virtual ~Credential() = default;

  virtual const Package& package() const = 0;
  virtual FileTime expiry() const { return kNever; }

  // A context of the role, before its first step. SEC_E_NO_CREDENTIALS where the credential is not for that role.
  virtual Result<std::unique_ptr<Context>> start(Role role) = 0;
  virtual Reach reach(std::u16string_view target) const;
  // The same of an acceptor, for a log-on that begins with this token; empty where none was sent yet.
  virtual Reach accepts(Bytes first_token) const;

  virtual Result<std::u16string> name() const = 0;          // SECPKG_CRED_ATTR_NAMES
  virtual Result<Attribute> query(std::uint32_t id) const;  // SECPKG_ATTR_x that a credential answers
  // id: SECPKG_CRED_ATTR_x or OPENSSPI_CRED_ATTR_x; value: the structure as given, its size checked by the callee.
  virtual Result<void> set(std::uint32_t id, Bytes value);
};

class Package {
 public:
  Package() = default;
  Package(const Package&) = delete;
  Package& operator=(const Package&) = delete;
  virtual ~Package() = default;

  virtual const PackageInfo& info() const = 0;
  // Further names it answers to, and its object identifiers as DER contents; the first is the preferred one.
  virtual std::span<const std::u16string_view> aliases() const { return {}; }
  virtual std::span<const Bytes> oids() const { return {}; }
  // Why the package is not offered on this host ("FIPS mode"); empty where it is.
  virtual std::string why_unavailable() const { return {}; }
  // Whether identity means AuthIdentity here, or package_data a structure of the package's own.
  virtual bool takes_auth_identity() const { return true; }

  virtual Result<std::shared_ptr<Credential>> acquire(const AcquireInput& input) = 0;
  virtual Result<std::unique_ptr<Context>> unpack(Bytes packed);
};

}  // namespace opensspi::core
