// CryptProtectMemory and CryptUnprotectMemory, dpapi.h.
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "crypto/process_key.hpp"
#include "opensspi/dpapi.h"

namespace opensspi::capi {
namespace {

Result<MutableBytes> checked(void* data, DWORD size_bytes, DWORD flags) {
  if (data == nullptr) return fail(Status::invalid_parameter, "pDataIn", "NULL");
  if (flags != CRYPTPROTECTMEMORY_SAME_PROCESS) {
    return fail(Status::unsupported_function, "dwFlags",
                std::to_string(flags) + "; only CRYPTPROTECTMEMORY_SAME_PROCESS (0) is supported");
  }
  return MutableBytes(static_cast<std::uint8_t*>(data), size_bytes);
}

using Transform = Result<Status> (*)(MutableBytes);

BOOL apply(const char* function, Transform transform, void* data, DWORD size_bytes, DWORD flags) {
  const SECURITY_STATUS status = guarded(function, [&]() -> Result<Status> {
    const auto bytes = checked(data, size_bytes, flags);
    if (!bytes) return std::unexpected(bytes.error());
    return transform(*bytes);
  });
  return status == SEC_E_OK ? 1 : 0;
}

}  // namespace
}  // namespace opensspi::capi

OPENSSPI_API BOOL CryptProtectMemory(void* pDataIn, DWORD cbDataIn, DWORD dwFlags) {
  return opensspi::capi::apply("CryptProtectMemory", &opensspi::crypto::conceal, pDataIn, cbDataIn, dwFlags);
}
OPENSSPI_EXPORT(CryptProtectMemory);

OPENSSPI_API BOOL CryptUnprotectMemory(void* pDataIn, DWORD cbDataIn, DWORD dwFlags) {
  return opensspi::capi::apply("CryptUnprotectMemory", &opensspi::crypto::reveal, pDataIn, cbDataIn, dwFlags);
}
OPENSSPI_EXPORT(CryptUnprotectMemory);
