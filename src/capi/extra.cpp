// OpenSspiGetLastFailureW, OpenSspiSetTrace.
#include "opensspi/extra.h"

#include <algorithm>

#include "base/text.hpp"
#include "base/trace.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

template <std::size_t N>
void put_text(SEC_WCHAR (&to)[N], std::u16string_view text) {
  const std::size_t length = std::min(text.size(), N - 1);
  std::ranges::copy(text.substr(0, length), to);
  to[length] = 0;
}

// The words are ours and ASCII but for names of others, which may be ill-formed.
std::u16string widen(const std::string& text) {
  auto converted = to_utf16(text);
  return converted ? *converted : std::u16string(u"(text that is not UTF-8)");
}

}  // namespace

OPENSSPI_API SECURITY_STATUS OpenSspiGetLastFailureW(OPENSSPI_FAILURE* Failure) {
  // Not guarded: asking must not disturb what is asked for.
  if (Failure == nullptr || Failure->cbSize < sizeof(OPENSSPI_FAILURE)) return SEC_E_INVALID_PARAMETER;
  try {
    const capi::Failure& failure = last_failure();
    Failure->Status = number(failure.status);
    put_text(Failure->Package, failure.package);
    put_text(Failure->Check, widen(failure.check));
    put_text(Failure->Text, widen(failure.text));
    return SEC_E_OK;
  } catch (...) {
    return SEC_E_INSUFFICIENT_MEMORY;
  }
}
OPENSSPI_EXPORT(OpenSspiGetLastFailureW);

OPENSSPI_API SECURITY_STATUS OpenSspiSetTrace(OPENSSPI_TRACE_FN Fn, void* Context) {
  return guarded("OpenSspiSetTrace", [&]() -> Result<Status> {
    trace::set_function(Fn, Context);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(OpenSspiSetTrace);
