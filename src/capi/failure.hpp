// The last failure of a thread, and the guard around every function of the C API.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "opensspi/sspi.h"

namespace opensspi::capi {

struct Failure {
  Status status = Status::ok;
  std::u16string package;
  std::string check;
  std::string text;
};

const Failure& last_failure();

// Which package the call of this thread works for, so that a failure can name it; static text.
void set_package(std::u16string_view name);

// Remembers and traces; gives the number.
SECURITY_STATUS record(const Error& error, const char* function);
SECURITY_STATUS record(Status status, const char* check, const char* text, const char* function) noexcept;

// Runs the body of a function, a Result<Status>; nothing escapes.
template <typename Body>
SECURITY_STATUS guarded(const char* function, Body&& body) noexcept {
  set_package({});
  try {
    const Result<Status> result = body();
    if (result.has_value()) return number(*result);
    return record(result.error(), function);
  } catch (const std::bad_alloc&) {
    return record(Status::insufficient_memory, function, "memory ran out", function);
  } catch (const std::exception& exception) {
    return record(Status::internal_error, function, exception.what(), function);
  } catch (...) {
    return record(Status::internal_error, function, "an unknown exception", function);
  }
}

}  // namespace opensspi::capi
