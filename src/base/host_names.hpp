// The names of the host as a function of the configuration and of what the machine calls itself.
#pragma once

#include <string_view>

#include "base/configuration.hpp"
#include "base/host.hpp"

namespace opensspi {

// `machine` is the name that the kernel has, with or without a domain. No name is looked up in any network.
HostNames host_names(const Configuration& configuration, std::string_view machine);

}  // namespace opensspi
