// The commands of the tool `sspi`. Each takes the words behind its name and returns the exit status.
#pragma once

#include <span>
#include <string_view>

#include "opensspi/sspi.hpp"

namespace sspi {

using Words = std::span<const std::string_view>;

enum ExitStatus { kSuccess = 0, kFailure = 1, kUsage = 2 };

struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view help;
  int (*run)(Words words);
};

extern const Command kPackagesCommand;
extern const Command kStatusCommand;
extern const Command kClientCommand;
extern const Command kServerCommand;

}  // namespace sspi
