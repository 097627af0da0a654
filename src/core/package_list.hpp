// PackageList of SEC_WINNT_AUTH_IDENTITY_EX: which packages may be used.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/package.hpp"

namespace opensspi::core {

class PackageList {
 public:
  // "a,b": those, in that order; "!a,!b": all but those; "": all. Blanks around a name do not count, nor does its case.
  // The result has views into `list`. SEC_E_UNKNOWN_CREDENTIALS: both forms in one list.
  static Result<PackageList> parse(std::u16string_view list);

  const std::vector<std::u16string_view>& names() const { return names_; }  // each once, without its "!"
  // The packages are named one by one.
  bool includes() const { return !names_.empty() && !excludes_; }
  bool allows(std::u16string_view package) const;

 private:
  std::vector<std::u16string_view> names_;
  bool excludes_ = false;
};

// For a package that is itself asked for a credential. Names of packages that do not exist are no fault here: only
// Negotiate knows which there are. SEC_E_NO_CREDENTIALS: the list leaves the package out; and what parse() says.
Result<void> check_package_list(std::u16string_view list, const Package& package);

}  // namespace opensspi::core
