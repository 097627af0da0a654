#include "capi/entries.hpp"

#include <pthread.h>

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

namespace {

// Never torn down: threads may call until the very end of the process.
struct Tables {
  CredentialTable credentials;
  ContextTable contexts;
};

Tables& tables() {
  static Tables& all = [] -> Tables& {
    auto& made = *new Tables;
    constexpr auto kBefore = [] {
      tables().credentials.before_fork();
      tables().contexts.before_fork();
    };
    constexpr auto kAfter = [] {  // in both processes
      tables().contexts.after_fork();
      tables().credentials.after_fork();
    };
    pthread_atfork(kBefore, kAfter, kAfter);
    return made;
  }();
  return all;
}

}  // namespace

CredentialTable& credentials() { return tables().credentials; }
ContextTable& contexts() { return tables().contexts; }

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
