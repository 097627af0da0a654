#include "negotiate/package.hpp"

#include "base/text.hpp"
#include "negotiate/context.hpp"
#include "negotiate/credential.hpp"
#include "opensspi/sspi.h"

namespace opensspi::negotiate {
namespace {

constexpr core::PackageInfo kInfo = {
    .capabilities = SECPKG_FLAG_INTEGRITY | SECPKG_FLAG_PRIVACY | SECPKG_FLAG_CONNECTION | SECPKG_FLAG_MULTI_REQUIRED |
                    SECPKG_FLAG_EXTENDED_ERROR | SECPKG_FLAG_IMPERSONATION | SECPKG_FLAG_ACCEPT_WIN32_NAME |
                    SECPKG_FLAG_NEGOTIABLE | SECPKG_FLAG_GSS_COMPATIBLE | SECPKG_FLAG_LOGON |
                    SECPKG_FLAG_RESTRICTED_TOKENS | SECPKG_FLAG_APPCONTAINER_CHECKS,
    .rpc_id = 9,
    .max_token_bytes = 48256,
    .name = u"Negotiate",
    .comment = u"Microsoft Package Negotiator",
};

// One package's credential, or why there is none: Negotiate goes on with the others.
Mechanism acquire_one(core::Package& package, const core::AcquireInput& input) {
  Mechanism mechanism;
  mechanism.package = &package;
  mechanism.why_not = package.why_unavailable();
  if (!mechanism.why_not.empty()) return mechanism;
  auto credential = package.acquire(input);
  if (credential) {
    mechanism.credential = std::move(*credential);
  } else {
    mechanism.why_not = credential.error().detail;
  }
  return mechanism;
}

}  // namespace

const core::PackageInfo& NegotiatePackage::info() const { return kInfo; }

std::string NegotiatePackage::why_unavailable() const {
  std::string why_not;
  for (const core::Package* package : mechanisms_) {
    const std::string why = package->why_unavailable();
    if (why.empty()) return {};
    why_not += (why_not.empty() ? "" : "; ") + to_utf8(package->info().name) + ": " + why;
  }
  return "none of its packages is offered. " + why_not;
}

// What the configuration lets be used, and of those what the caller's list names.
Result<UsablePackages> NegotiatePackage::usable(const core::AcquireInput& input) const {
  auto configured = to_utf16(configuration_.negotiate_packages);
  if (!configured) return fail(configured);
  auto policy = UsablePackages::of(*configured, mechanisms_);
  if (!policy) {
    return fail(Status::invalid_parameter, "configuration",
                "[negotiate] packages = " + configuration_.negotiate_packages + ": " + policy.error().detail);
  }
  auto list =
      UsablePackages::of(input.identity == nullptr ? std::u16string_view{} : input.identity->package_list, mechanisms_);
  if (list) list->restrict_to(policy->allowed());
  return list;
}

Result<std::shared_ptr<core::Credential>> NegotiatePackage::acquire(const core::AcquireInput& input) {
  auto list = usable(input);
  if (!list) return fail(list);
  std::vector<Mechanism> mechanisms;
  std::string why_not;
  bool any = false;
  for (core::Package* package : list->allowed()) {
    mechanisms.push_back(acquire_one(*package, input));
    any = any || mechanisms.back().credential;
    why_not += (why_not.empty() ? "" : "; ") + to_utf8(package->info().name) + ": " + mechanisms.back().why_not;
  }
  if (!any)
    return fail(Status::no_credentials, "credentials of Negotiate",
                why_not.empty() ? "the lists of packages leave none" : "no package has any. " + why_not);
  return std::make_shared<NegotiateCredential>(*this, std::move(mechanisms), list->names_them());
}

Result<std::unique_ptr<core::Context>> NegotiatePackage::unpack(Bytes packed) {
  return NegotiateContext::unpack(*this, packed);
}

}  // namespace opensspi::negotiate
