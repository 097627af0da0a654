#include "core/registry.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::core {
namespace {

bool answers_to(const Package& package, std::u16string_view name) {
  if (equal_ignoring_case(package.info().name, name)) return true;
  return std::ranges::any_of(package.aliases(), [&](auto alias) { return equal_ignoring_case(alias, name); });
}

}  // namespace

std::vector<const Package*> Registry::offered() const {
  std::vector<const Package*> offered;
  for (const auto& package : packages_) {
    if (package->why_unavailable().empty()) offered.push_back(package.get());
  }
  return offered;
}

Result<Package*> Registry::find(std::u16string_view name) const {
  static constexpr const char* kCheck = "name of the package";
  std::string known;
  for (const auto& package : packages_) {
    const std::string why_not = package->why_unavailable();
    if (answers_to(*package, name)) {
      if (why_not.empty()) return package.get();
      return fail(Status::secpkg_not_found, kCheck, to_utf8(package->info().name) + " is not offered: " + why_not);
    }
    if (why_not.empty()) known += (known.empty() ? "" : ", ") + to_utf8(package->info().name);
  }
  return fail(Status::secpkg_not_found, kCheck, "there is no package \"" + to_utf8(name) + "\"; there are " + known);
}

}  // namespace opensspi::core
