// OpenSspiEncryptStream, OpenSspiDecryptStream.
#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "opensspi/extra.h"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

template <typename Work>
SECURITY_STATUS stream_call(const char* function, const CtxtHandle* handle, bool pointers, Work&& work) noexcept {
  return guarded(function, [&]() -> Result<Status> {
    auto entry = context_of(handle);
    if (!entry) return fail(entry);
    if (!pointers) return fail(Status::invalid_parameter, "pvInput, pvOutput and their sizes", "one of them is NULL");
    const std::scoped_lock lock((*entry)->mutex);
    return work(*(*entry)->context);
  });
}

}  // namespace

OPENSSPI_API SECURITY_STATUS OpenSspiEncryptStream(PCtxtHandle phContext, const void* pvInput, size_t cbInput,
                                                   void* pvOutput, size_t* pcbOutput) {
  const bool pointers = pcbOutput != nullptr && (pvInput != nullptr || cbInput == 0);
  return stream_call("OpenSspiEncryptStream", phContext, pointers, [&](core::Context& context) -> Result<Status> {
    auto needed = context.stream_bound(cbInput);
    if (!needed) return fail(needed);
    const std::size_t room = *pcbOutput;
    *pcbOutput = *needed;
    if (pvOutput == nullptr) return Status::ok;
    if (room < *needed) {
      return fail(Status::buffer_too_small, "pcbOutput",
                  std::to_string(room) + " bytes are given, " + std::to_string(*needed) + " are needed");
    }
    auto written = context.encrypt_stream({static_cast<const std::uint8_t*>(pvInput), cbInput},
                                          {static_cast<std::uint8_t*>(pvOutput), room});
    *pcbOutput = written.value_or(0);
    if (!written) return fail(written);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(OpenSspiEncryptStream);

OPENSSPI_API SECURITY_STATUS OpenSspiDecryptStream(PCtxtHandle phContext, const void* pvInput, size_t* pcbInput,
                                                   void* pvOutput, size_t* pcbOutput) {
  const bool pointers = pcbInput != nullptr && pcbOutput != nullptr && (pvInput != nullptr || *pcbInput == 0) &&
                        (pvOutput != nullptr || *pcbOutput == 0);
  return stream_call("OpenSspiDecryptStream", phContext, pointers, [&](core::Context& context) -> Result<Status> {
    core::Context::StreamProgress progress;
    auto status = context.decrypt_stream({static_cast<const std::uint8_t*>(pvInput), *pcbInput},
                                         {static_cast<std::uint8_t*>(pvOutput), *pcbOutput}, progress);
    *pcbInput = progress.consumed;
    *pcbOutput = progress.plain;
    return status;
  });
}
OPENSSPI_EXPORT(OpenSspiDecryptStream);
