#include "capi/failure.hpp"

#include "base/text.hpp"
#include "base/trace.hpp"

namespace opensspi::capi {
namespace {

thread_local Failure failure;
thread_local std::u16string_view package;  // static text of the package

}  // namespace

const Failure& last_failure() { return failure; }

void set_package(std::u16string_view name) { package = name; }

SECURITY_STATUS record(const Error& error, const char* function) {
  failure = {error.status, std::u16string(package), error.check, trace::printable(error.detail)};
  if (trace::enabled()) {
    trace::line(to_utf8(package), std::string(function) + ": " + std::string(status_name(error.status)) + ": " +
                                      error.check + ": " + failure.text);
  }
  package = {};
  return number(error.status);
}

SECURITY_STATUS record(Status status, const char* check, const char* text, const char* function) noexcept {
  try {
    return record(Error{status, check, text, {}}, function);
  } catch (...) {
    failure.status = status;  // no memory for words
    return number(status);
  }
}

}  // namespace opensspi::capi
