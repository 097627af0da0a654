// What is asked of contexts and told to them: attributes, control tokens, export and import.
#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "capi/structures.hpp"
#include "capi/unexported.hpp"
#include "core/buffers.hpp"
#include "opensspi/schannel.h"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// Finds and locks the context and calls `work(entry)`, a Result<Status>.
template <typename Work>
SECURITY_STATUS context_call(const char* function, const CtxtHandle* handle, Work&& work) noexcept {
  return guarded(function, [&]() -> Result<Status> {
    auto entry = context_of(handle);
    if (!entry) return fail(entry);
    const std::scoped_lock lock((*entry)->mutex);
    if ((*entry)->exported_away) return fail(Status::no_context, "phContext", "the context was exported and given up");
    return work(**entry);
  });
}

// The content of a TOKEN buffer; empty where there is none.
Result<Bytes> token_of(const SecBufferDesc* description) {
  auto input = step_input(description);
  if (!input) return fail(input);
  return input->token;
}

constexpr ULONG kKnownExportFlags = SECPKG_CONTEXT_EXPORT_RESET_NEW | SECPKG_CONTEXT_EXPORT_DELETE_OLD;

Result<Status> export_context(ContextEntry& entry, ULONG flags, PSecBuffer packed, void** token) {
  auto bytes = entry.context->pack((flags & SECPKG_CONTEXT_EXPORT_RESET_NEW) != 0);
  if (!bytes) return fail(bytes);
  packed->pvBuffer = allocate_copy(bytes->bytes());
  packed->cbBuffer = static_cast<ULONG>(bytes->size());
  if (token != nullptr) *token = nullptr;
  if ((flags & SECPKG_CONTEXT_EXPORT_DELETE_OLD) != 0) entry.exported_away = true;
  return Status::ok;
}

}  // namespace

OPENSSPI_API SECURITY_STATUS QueryContextAttributesW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer) {
  return context_call("QueryContextAttributesW", phContext, [&](ContextEntry& entry) -> Result<Status> {
    if (pBuffer == nullptr) return fail(Status::invalid_parameter, "pBuffer", "it is NULL");
    if (ulAttribute == SECPKG_ATTR_CIPHER_INFO) {
      const DWORD version = static_cast<const SecPkgContext_CipherInfo*>(pBuffer)->dwVersion;
      if (version != SECPKGCONTEXT_CIPHERINFO_V1) {
        return fail(Status::invalid_parameter, "dwVersion",
                    "it is " + std::to_string(version) + ", the caller sets it to 1");
      }
    }
    auto attribute = entry.context->query(ulAttribute);
    if (!attribute) return fail(attribute);
    fill_structure(*attribute, pBuffer);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(QueryContextAttributesW);

SECURITY_STATUS capi::QueryContextAttributesExW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer,
                                                ULONG cbBuffer) {
  if (cbBuffer < structure_bytes(ulAttribute)) {
    return record(Status::buffer_too_small, "cbBuffer", "the attribute's structure is larger",
                  "QueryContextAttributesExW");
  }
  return QueryContextAttributesW(phContext, ulAttribute, pBuffer);
}

OPENSSPI_API SECURITY_STATUS SetContextAttributesW(PCtxtHandle phContext, ULONG ulAttribute, void* pBuffer,
                                                   ULONG cbBuffer) {
  return context_call("SetContextAttributesW", phContext, [&](ContextEntry& entry) -> Result<Status> {
    if (pBuffer == nullptr && cbBuffer != 0) return fail(Status::invalid_parameter, "pBuffer", "it is NULL");
    auto set = entry.context->set(ulAttribute, {static_cast<const std::uint8_t*>(pBuffer), cbBuffer});
    if (!set) return fail(set);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(SetContextAttributesW);

OPENSSPI_API SECURITY_STATUS CompleteAuthToken(PCtxtHandle phContext, PSecBufferDesc pToken) {
  return context_call("CompleteAuthToken", phContext, [&](ContextEntry& entry) -> Result<Status> {
    auto token = token_of(pToken);
    if (!token) return fail(token);
    auto done = entry.context->complete(*token);
    if (!done) return fail(done);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(CompleteAuthToken);

OPENSSPI_API SECURITY_STATUS ApplyControlToken(PCtxtHandle phContext, PSecBufferDesc pInput) {
  return context_call("ApplyControlToken", phContext, [&](ContextEntry& entry) -> Result<Status> {
    auto token = token_of(pInput);
    if (!token) return fail(token);
    auto done = entry.context->control(*token);
    if (!done) return fail(done);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(ApplyControlToken);

OPENSSPI_API SECURITY_STATUS ExportSecurityContext(PCtxtHandle phContext, ULONG fFlags, PSecBuffer pPackedContext,
                                                   void** pToken) {
  return context_call("ExportSecurityContext", phContext, [&](ContextEntry& entry) -> Result<Status> {
    if (pPackedContext == nullptr) return fail(Status::invalid_parameter, "pPackedContext", "it is NULL");
    if ((fFlags & ~kKnownExportFlags) != 0) {
      return fail(Status::unsupported_function, "fFlags",
                  std::to_string(fFlags) + " has a flag beside RESET_NEW (1) and DELETE_OLD (2)");
    }
    return export_context(entry, fFlags, pPackedContext, pToken);
  });
}
OPENSSPI_EXPORT(ExportSecurityContext);

OPENSSPI_API SECURITY_STATUS ImportSecurityContextW(SEC_WCHAR* pszPackage, PSecBuffer pPackedContext, void*,
                                                    PCtxtHandle phContext) {
  return guarded("ImportSecurityContextW", [&]() -> Result<Status> {
    if (pszPackage == nullptr || pPackedContext == nullptr || phContext == nullptr) {
      return fail(Status::invalid_parameter, "pszPackage, pPackedContext, phContext", "one of them is NULL");
    }
    auto registry = packages();
    if (!registry) return fail(registry);
    auto package = (*registry)->find(text_of(pszPackage));
    if (!package) return fail(package);
    set_package((*package)->info().name);
    auto context = (*package)->unpack(core::buffer_bytes(*pPackedContext));
    if (!context) return fail(context);
    // An imported context takes part in no handshake; its role matters no more.
    *phContext =
        contexts().insert(std::make_unique<ContextEntry>(std::move(*context), **package, core::Role::initiator));
    return Status::ok;
  });
}
OPENSSPI_EXPORT(ImportSecurityContextW);
