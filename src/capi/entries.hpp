// What stands behind the handles of the C API.
#pragma once

#include <memory>
#include <mutex>

#include "capi/handle_table.hpp"
#include "core/package.hpp"
#include "core/registry.hpp"

namespace opensspi::capi {

struct CredentialEntry {
  std::shared_ptr<core::Credential> credential;
};

struct ContextEntry {
  ContextEntry(std::unique_ptr<core::Context> c, const core::Package& p, core::Role r)
      : context(std::move(c)), package(&p), role(r) {}

  std::mutex mutex;  // held during every call on the context
  std::unique_ptr<core::Context> context;
  const core::Package* package;
  core::Role role;
  bool exported_away = false;
  // A step whose output did not fit the caller's buffer: handed over by the next call, since a step happens once.
  std::unique_ptr<core::Step> pending;
};

using CredentialTable = HandleTable<CredentialEntry, HandleKind::credential>;
using ContextTable = HandleTable<ContextEntry, HandleKind::context>;

CredentialTable& credentials();
ContextTable& contexts();

// The packages of this process. SEC_E_INVALID_PARAMETER where the configuration is wrong.
Result<const core::Registry*> packages();

// The entries behind caller's handles; SEC_E_INVALID_HANDLE. Names the package for a failure of this call.
Result<CredentialTable::Reference> credential_of(const CredHandle* handle);
Result<ContextTable::Reference> context_of(const CtxtHandle* handle);

}  // namespace opensspi::capi
