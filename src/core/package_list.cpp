#include "core/package_list.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::core {
namespace {

constexpr const char* kCheck = "PackageList";

std::u16string_view trimmed(std::u16string_view text) {
  while (!text.empty() && text.front() == u' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == u' ') text.remove_suffix(1);
  return text;
}

bool contains(const std::vector<std::u16string_view>& names, std::u16string_view name) {
  return std::ranges::any_of(names, [&](std::u16string_view own) { return equal_ignoring_case(own, name); });
}

}  // namespace

Result<PackageList> PackageList::parse(std::u16string_view list) {
  PackageList parsed;
  while (!list.empty()) {
    const std::size_t comma = list.find(u',');
    std::u16string_view name = trimmed(list.substr(0, comma));
    list = comma == std::u16string_view::npos ? std::u16string_view{} : list.substr(comma + 1);
    if (name.empty()) continue;
    const bool excluded = name.front() == u'!';
    if (excluded) name.remove_prefix(1);
    if (!parsed.names_.empty() && excluded != parsed.excludes_) {
      return fail(Status::unknown_credentials, kCheck,
                  "packages to use and packages to leave out (!) cannot stand in one list");
    }
    parsed.excludes_ = excluded;
    if (!contains(parsed.names_, name)) parsed.names_.push_back(name);
  }
  return parsed;
}

bool PackageList::allows(std::u16string_view package) const {
  return names_.empty() || contains(names_, package) != excludes_;
}

Result<void> check_package_list(std::u16string_view list, const Package& package) {
  const auto parsed = PackageList::parse(list);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->allows(package.info().name)) return {};
  return fail(Status::no_credentials, kCheck,
              "\"" + to_utf8(list) + "\" does not allow " + to_utf8(package.info().name));
}

}  // namespace opensspi::core
