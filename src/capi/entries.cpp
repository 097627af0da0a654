#include "capi/entries.hpp"

#include "base/host.hpp"
#include "capi/failure.hpp"

namespace opensspi::capi {

std::uint64_t first_generation() {
  std::array<std::uint8_t, 8> random;
  system_host().random(random);
  std::uint64_t generation = 1;
  for (const std::uint8_t byte : random) generation = (generation << 8) | byte;
  return generation | 1;
}

// The tables are never torn down: threads may call until the very end of the process.
CredentialTable& credentials() {
  static auto& table = *new CredentialTable;
  return table;
}

ContextTable& contexts() {
  static auto& table = *new ContextTable;
  return table;
}

Result<CredentialTable::Reference> credential_of(const CredHandle* handle) {
  if (handle == nullptr) return fail(Status::invalid_handle, "phCredential", "it is NULL");
  auto reference = credentials().find(*handle);
  if (!reference) {
    return fail(Status::invalid_handle, "phCredential",
                "no credential has this handle; it was freed, or never was one");
  }
  set_package(reference->credential->package().info().name);
  return reference;
}

Result<ContextTable::Reference> context_of(const CtxtHandle* handle) {
  if (handle == nullptr) return fail(Status::invalid_handle, "phContext", "it is NULL");
  auto reference = contexts().find(*handle);
  if (!reference) {
    return fail(Status::invalid_handle, "phContext", "no context has this handle; it was deleted, or never was one");
  }
  set_package(reference->package->info().name);
  return reference;
}

}  // namespace opensspi::capi
