#include "failure.hpp"

#include "commands.hpp"
#include "text.hpp"

namespace sspi {

int tell_failure(std::ostream& out, const opensspi::Error& error) {
  out << "failed:   " << describe_status(error.status) << '\n';
  if (!error.package.empty()) out << "package:  " << error.package << '\n';
  if (!error.check.empty()) out << "check:    " << error.check << '\n';
  if (!error.text.empty()) out << "reason:   " << error.text << '\n';
  return kFailure;
}

}  // namespace sspi
