#include "negotiate/credential.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/package_list.hpp"
#include "negotiate/acceptor.hpp"
#include "negotiate/initiator.hpp"
#include "negotiate/package.hpp"

namespace opensspi::negotiate {
namespace {

std::string names_of(const std::vector<core::Package*>& packages) {
  std::string names;
  for (const core::Package* package : packages) names += (names.empty() ? "" : ", ") + to_utf8(package->info().name);
  return names;
}

}  // namespace

std::string why_not(const Mechanism& mechanism, Bytes first_token) {
  if (!mechanism.credential) return mechanism.why_not;
  core::Reach accepts = mechanism.credential->accepts(first_token);
  return accepts.reachable ? std::string{} : std::move(accepts.why_not);
}

bool has_oid(const core::Package& package, Bytes oid) {
  return std::ranges::any_of(package.oids(), [&](Bytes own) { return std::ranges::equal(own, oid); });  // not secret
}

Result<UsablePackages> UsablePackages::of(std::u16string_view list, const std::vector<core::Package*>& known) {
  const auto parsed = core::PackageList::parse(list);
  if (!parsed) return std::unexpected(parsed.error());
  UsablePackages usable;
  for (const std::u16string_view name : parsed->names()) {
    const auto found = std::ranges::find_if(
        known, [&](const core::Package* package) { return equal_ignoring_case(package->info().name, name); });
    if (found == known.end()) {
      return fail(Status::unknown_credentials, "PackageList",
                  "\"" + to_utf8(name) + "\" is not a package that Negotiate can use; it has " + names_of(known));
    }
    if (parsed->includes()) usable.allowed_.push_back(*found);
  }
  usable.names_them_ = parsed->includes();
  if (usable.names_them_) return usable;
  std::ranges::copy_if(known, std::back_inserter(usable.allowed_),
                       [&](const core::Package* package) { return parsed->allows(package->info().name); });
  return usable;
}

void UsablePackages::restrict_to(const std::vector<core::Package*>& policy) {
  std::erase_if(allowed_, [&](core::Package* package) { return std::ranges::find(policy, package) == policy.end(); });
}

NegotiateCredential::NegotiateCredential(const NegotiatePackage& package, std::vector<Mechanism> mechanisms,
                                         bool acceptor_may_choose)
    : package_(package), mechanisms_(std::move(mechanisms)), acceptor_may_choose_(acceptor_may_choose) {}

const core::Package& NegotiateCredential::package() const { return package_; }

bool NegotiateCredential::strict() const { return package_.configuration().negotiate_strict; }

FileTime NegotiateCredential::expiry() const {
  for (const Mechanism& mechanism : mechanisms_) {
    if (mechanism.credential) return mechanism.credential->expiry();
  }
  return kNever;
}

Result<std::unique_ptr<core::Context>> NegotiateCredential::start(core::Role role) {
  auto self = std::static_pointer_cast<const NegotiateCredential>(shared_from_this());
  if (role == core::Role::initiator) return std::make_unique<Initiator>(std::move(self));
  return std::make_unique<Acceptor>(std::move(self));
}

core::Reach NegotiateCredential::reach(std::u16string_view target) const {
  std::string why_not;
  for (const Mechanism& mechanism : mechanisms_) {
    const core::Reach reach =
        mechanism.credential ? mechanism.credential->reach(target) : core::Reach{false, mechanism.why_not};
    if (reach.reachable) return {};
    why_not += (why_not.empty() ? "" : "; ") + to_utf8(mechanism.package->info().name) + ": " + reach.why_not;
  }
  return {false, why_not};
}

Result<std::u16string> NegotiateCredential::name() const {
  std::string why_not;
  for (const Mechanism& mechanism : mechanisms_) {
    if (!mechanism.credential) continue;
    auto name = mechanism.credential->name();
    if (name) return name;
    why_not += (why_not.empty() ? "" : "; ") + name.error().detail;
  }
  return fail(Status::no_credentials, "name of the credential", why_not);
}

// An attribute goes to the packages that know it; one that nobody knows fails as the last of them says.
Result<void> NegotiateCredential::set(std::uint32_t id, Bytes value) {
  Result<void> result = core::unsupported("SetCredentialsAttributes");
  for (const Mechanism& mechanism : mechanisms_) {
    if (!mechanism.credential) continue;
    auto set = mechanism.credential->set(id, value);
    if (!set && set.error().status != Status::unsupported_function) return set;
    if (set) result = {};
  }
  return result;
}

}  // namespace opensspi::negotiate
