// InitializeSecurityContextW, AcceptSecurityContext and the end of a context.
#include <algorithm>
#include <optional>

#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "capi/memory.hpp"
#include "capi/structures.hpp"
#include "core/buffers.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// ISC_REQ_ALLOCATE_MEMORY and ASC_REQ_ALLOCATE_MEMORY are one bit, and what is returned for them too.
constexpr ULONG kAllocate = ISC_REQ_ALLOCATE_MEMORY;
static_assert(ISC_REQ_ALLOCATE_MEMORY == ASC_REQ_ALLOCATE_MEMORY);
static_assert(ISC_RET_ALLOCATED_MEMORY == ASC_RET_ALLOCATED_MEMORY);

// The arguments that both functions share.
struct Call {
  core::Role role;
  PCredHandle credential;
  PCtxtHandle context;
  PSecBufferDesc input;
  PSecBufferDesc output;
  PCtxtHandle new_context;
  ULONG flags;
  ULONG* attributes;
  PTimeStamp expiry;
  std::u16string_view target;
};

// one_step() has checked the list.
SecBuffer* output_token(const Call& call) {
  if (call.output == nullptr) return nullptr;
  return core::find_buffer({call.output->pBuffers, call.output->cBuffers}, SECBUFFER_TOKEN);
}

// Puts the token into the caller's buffer. SEC_E_BUFFER_TOO_SMALL: cbBuffer tells the size.
Result<void> deliver(Bytes token, const Call& call) {
  SecBuffer* buffer = output_token(call);
  const bool allocating = (call.flags & kAllocate) != 0;
  if (token.empty()) {
    if (buffer != nullptr) {
      buffer->cbBuffer = 0;
      if (allocating) buffer->pvBuffer = nullptr;
    }
    return {};
  }
  if (buffer == nullptr) {
    return fail(Status::buffer_too_small, "pOutput",
                "it has no TOKEN buffer for the " + std::to_string(token.size()) + " bytes that are to be sent");
  }
  if (allocating) {
    buffer->pvBuffer = allocate_copy(token);
    buffer->cbBuffer = static_cast<ULONG>(token.size());
    return {};
  }
  const std::size_t given = core::buffer_bytes(*buffer).size();
  buffer->cbBuffer = static_cast<ULONG>(token.size());
  if (given < token.size()) {
    return fail(Status::buffer_too_small, "TOKEN buffer of pOutput",
                std::to_string(given) + " bytes are given, " + std::to_string(token.size()) + " are needed");
  }
  copy_bytes(core::buffer_bytes(*buffer), token);
  return {};
}

// What a stream package left over or misses, where the caller gave an EMPTY buffer for it. A step that is handed over
// by a later call had another input than that call's, of which all that there is may be left.
void report_rest(const core::Step& step, const core::StepInput& input, const Call& call) {
  if (call.input == nullptr || (step.extra_bytes == 0 && step.missing_bytes == 0)) return;
  SecBuffer* empty = core::find_buffer({call.input->pBuffers, call.input->cBuffers}, SECBUFFER_EMPTY);
  if (empty == nullptr) return;
  if (step.status == Status::incomplete_message) {
    *empty = {static_cast<ULONG>(step.missing_bytes), SECBUFFER_MISSING, nullptr};
    return;
  }
  const Bytes extra = input.token.last(std::min(step.extra_bytes, input.token.size()));
  if (extra.empty()) return;
  *empty = {static_cast<ULONG>(extra.size()), SECBUFFER_EXTRA, const_cast<std::uint8_t*>(extra.data())};
}

void report_state(const core::Context& context, const Call& call) {
  if (call.attributes != nullptr) *call.attributes = context.attributes() | (call.flags & kAllocate);
  if (call.expiry != nullptr) *call.expiry = to_timestamp(context.expiry());
}

// One step; a failing one may still owe the peer a token.
Result<core::Step> run_step(core::Context& context, const core::StepInput& input, const Call& call) {
  auto step = context.step(input);
  // A token that does not fit is dropped: the failure is what the caller must see, and no length of what is not there.
  if (!step && !deliver(step.error().output, call)) (void)deliver({}, call);
  return step;
}

Result<Status> first_step(const Call& call, core::StepInput& input) {
  if (call.new_context == nullptr) return fail(Status::invalid_handle, "phNewContext", "it is NULL in a first call");
  auto credential = credential_of(call.credential);
  if (!credential) return fail(credential);
  core::Credential& from = *(*credential)->credential;
  input.credential = &from;
  auto context = from.start(call.role);
  if (!context) return fail(context);
  auto step = run_step(**context, input, call);
  if (!step) return fail(step);
  report_rest(*step, input, call);
  if (step->status == Status::incomplete_message) return step->status;  // nothing began: phNewContext stays unwritten
  auto delivered = deliver(step->output, call);
  if (!delivered) return fail(delivered);
  report_state(**context, call);
  *call.new_context = contexts().insert(std::make_unique<ContextEntry>(std::move(*context), from.package(), call.role));
  return step->status;
}

// Hands a step over; one that does not fit is kept for the next call, as it happened and cannot happen again.
Result<Status> finish(ContextEntry& entry, core::Step step, const core::StepInput& input, const Call& call) {
  report_rest(step, input, call);
  auto delivered = deliver(step.output, call);
  if (!delivered) {
    entry.pending = std::make_unique<core::Step>(std::move(step));
    return fail(delivered);
  }
  report_state(*entry.context, call);
  if (call.new_context != nullptr) *call.new_context = *call.context;
  return step.status;
}

Result<Status> later_step(const Call& call, core::StepInput& input) {
  auto entry = context_of(call.context);
  if (!entry) return fail(entry);
  ContextEntry& context = **entry;
  if (context.role != call.role) {
    return fail(Status::invalid_handle, "phContext",
                call.role == core::Role::initiator ? "it is an acceptor's context; call AcceptSecurityContext"
                                                   : "it is an initiator's context; call InitializeSecurityContextW");
  }
  std::optional<CredentialTable::Reference> credential;
  if (call.credential != nullptr) {
    auto found = credential_of(call.credential);
    if (!found) return fail(found);
    if (&(*found)->credential->package() != context.package) {
      return fail(Status::wrong_credential_handle, "phCredential", "it is a credential of another package");
    }
    credential.emplace(std::move(*found));
    input.credential = (*credential)->credential.get();
  }
  const std::scoped_lock lock(context.mutex);
  if (context.exported_away) return fail(Status::no_context, "phContext", "the context was exported and given up");
  if (context.pending) return finish(context, std::move(*std::exchange(context.pending, nullptr)), input, call);
  auto step = run_step(*context.context, input, call);
  if (!step) return fail(step);
  return finish(context, std::move(*step), input, call);
}

Result<Status> one_step(const Call& call) {
  auto input = step_input(call.input);
  if (!input) return fail(input);
  auto output = output_buffers(call.output);
  if (!output) return fail(output);
  input->flags = call.flags;
  input->target = call.target;
  return call.context == nullptr ? first_step(call, *input) : later_step(call, *input);
}

}  // namespace

OPENSSPI_API SECURITY_STATUS InitializeSecurityContextW(PCredHandle phCredential, PCtxtHandle phContext,
                                                        SEC_WCHAR* pszTargetName, ULONG fContextReq, ULONG, ULONG,
                                                        PSecBufferDesc pInput, ULONG, PCtxtHandle phNewContext,
                                                        PSecBufferDesc pOutput, ULONG* pfContextAttr,
                                                        PTimeStamp ptsExpiry) {
  return guarded("InitializeSecurityContextW", [&] {
    return one_step({core::Role::initiator, phCredential, phContext, pInput, pOutput, phNewContext, fContextReq,
                     pfContextAttr, ptsExpiry, text_of(pszTargetName)});
  });
}
OPENSSPI_EXPORT(InitializeSecurityContextW);

OPENSSPI_API SECURITY_STATUS AcceptSecurityContext(PCredHandle phCredential, PCtxtHandle phContext,
                                                   PSecBufferDesc pInput, ULONG fContextReq, ULONG,
                                                   PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                   ULONG* pfContextAttr, PTimeStamp ptsExpiry) {
  return guarded("AcceptSecurityContext", [&] {
    return one_step({core::Role::acceptor,
                     phCredential,
                     phContext,
                     pInput,
                     pOutput,
                     phNewContext,
                     fContextReq,
                     pfContextAttr,
                     ptsExpiry,
                     {}});
  });
}
OPENSSPI_EXPORT(AcceptSecurityContext);

OPENSSPI_API SECURITY_STATUS DeleteSecurityContext(PCtxtHandle phContext) {
  return guarded("DeleteSecurityContext", [&]() -> Result<Status> {
    if (phContext != nullptr && contexts().erase(*phContext)) return Status::ok;
    return fail(Status::invalid_handle, "phContext", "no context has this handle; it was deleted, or never was one");
  });
}
OPENSSPI_EXPORT(DeleteSecurityContext);
