// NegotiateCredential: one credential of each package that may be used, and why not of the others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/package.hpp"

namespace opensspi::negotiate {

class NegotiatePackage;

// A package to choose, with its credential; or the reason that there is none.
struct Mechanism {
  const core::Package* package = nullptr;
  std::shared_ptr<core::Credential> credential;  // nullptr: not to be used
  std::string why_not;
};

// Why a mechanism takes no log-on that begins with this token; empty where it does.
std::string why_not(const Mechanism& mechanism, Bytes first_token);

// Whether the package has this object identifier among its own.
bool has_oid(const core::Package& package, Bytes oid);

// The packages that a PackageList (core/package_list.hpp) lets be used, in its order where it names them.
class UsablePackages {
 public:
  // SEC_E_UNKNOWN_CREDENTIALS: a name that no package of `known` has, or both forms in one list.
  static Result<UsablePackages> of(std::u16string_view list, const std::vector<core::Package*>& known);

  const std::vector<core::Package*>& allowed() const { return allowed_; }
  // Policy comes first: what it leaves out cannot be named back in.
  void restrict_to(const std::vector<core::Package*>& policy);
  // The packages are named one by one: the caller agrees that the acceptor chooses among them.
  bool names_them() const { return names_them_; }

 private:
  std::vector<core::Package*> allowed_;
  bool names_them_ = false;
};

class NegotiateCredential final : public core::Credential {
 public:
  NegotiateCredential(const NegotiatePackage& package, std::vector<Mechanism> mechanisms, bool acceptor_may_choose);

  const core::Package& package() const override;
  FileTime expiry() const override;
  Result<std::unique_ptr<core::Context>> start(core::Role role) override;
  core::Reach reach(std::u16string_view target) const override;
  Result<std::u16string> name() const override;
  Result<void> set(std::uint32_t id, Bytes value) override;

  const std::vector<Mechanism>& mechanisms() const { return mechanisms_; }
  bool acceptor_may_choose() const { return acceptor_may_choose_; }
  bool strict() const;  // mutual authentication and delegation are required where they are asked for

 private:
  const NegotiatePackage& package_;
  const std::vector<Mechanism> mechanisms_;
  const bool acceptor_may_choose_;
};

}  // namespace opensspi::negotiate
