#include "negotiate/credential.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "negotiate/acceptor.hpp"
#include "negotiate/initiator.hpp"
#include "negotiate/package.hpp"

namespace opensspi::negotiate {
namespace {

std::unexpected<Error> bad_list(std::string why) {
  return fail(Status::unknown_credentials, "PackageList", std::move(why));
}

std::string names_of(const std::vector<core::Package*>& packages) {
  std::string names;
  for (const core::Package* package : packages) names += (names.empty() ? "" : ", ") + to_utf8(package->info().name);
  return names;
}

std::u16string_view trimmed(std::u16string_view text) {
  while (!text.empty() && text.front() == u' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == u' ') text.remove_suffix(1);
  return text;
}

}  // namespace

bool has_oid(const core::Package& package, Bytes oid) {
  return std::ranges::any_of(package.oids(), [&](Bytes own) { return std::ranges::equal(own, oid); });  // not secret
}

Result<PackageList> PackageList::parse(std::u16string_view list, const std::vector<core::Package*>& known) {
  PackageList parsed;
  std::vector<core::Package*> named;
  bool excludes = false;
  while (!list.empty()) {
    const std::size_t comma = list.find(u',');
    std::u16string_view name = trimmed(list.substr(0, comma));
    list = comma == std::u16string_view::npos ? std::u16string_view{} : list.substr(comma + 1);
    if (name.empty()) continue;
    const bool excluded = name.front() == u'!';
    if (excluded) name.remove_prefix(1);
    const auto found = std::ranges::find_if(
        known, [&](const core::Package* package) { return equal_ignoring_case(package->info().name, name); });
    if (found == known.end()) {
      return bad_list("\"" + to_utf8(name) + "\" is not a package that Negotiate can use; it has " + names_of(known));
    }
    if (!named.empty() && excluded != excludes) {
      return bad_list("packages to use and packages to leave out (!) cannot stand in one list");
    }
    excludes = excluded;
    if (std::ranges::find(named, *found) == named.end()) named.push_back(*found);
  }
  parsed.names_them_ = !named.empty() && !excludes;
  if (parsed.names_them_) {
    parsed.allowed_ = std::move(named);
    return parsed;
  }
  std::ranges::copy_if(known, std::back_inserter(parsed.allowed_),
                       [&](core::Package* package) { return std::ranges::find(named, package) == named.end(); });
  return parsed;
}

void PackageList::restrict_to(const std::vector<core::Package*>& policy) {
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
