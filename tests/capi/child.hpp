// One test of this program in a process of its own: what a process reads once (its environment, its configuration) is
// tried in a fresh one.
#pragma once

#include <string>
#include <vector>

namespace capi {

struct Ended {
  int exit_code = -1;
  std::string output;
};

// Runs the test whose full name is given, also where it is disabled, with "NAME=VALUE" added to the environment.
Ended run_test(const std::string& full_name, std::vector<std::string> environment);

}  // namespace capi
