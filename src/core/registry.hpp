// Registry: the packages of this process, by name.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/package.hpp"

namespace opensspi::core {

class Registry {
 public:
  void add(std::unique_ptr<Package> package) { packages_.push_back(std::move(package)); }

  // Those that this host offers, in the order they were added.
  std::vector<const Package*> offered() const;

  // By name or alias, without regard to case. SEC_E_SECPKG_NOT_FOUND; the reason names the packages there are, or why
  // this one is not offered.
  Result<Package*> find(std::u16string_view name) const;

 private:
  std::vector<std::unique_ptr<Package>> packages_;
};

}  // namespace opensspi::core
