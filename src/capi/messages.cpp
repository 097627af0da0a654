// MakeSignature, VerifySignature, EncryptMessage, DecryptMessage.
#include "capi/arguments.hpp"
#include "capi/entries.hpp"
#include "capi/export.hpp"
#include "capi/failure.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// Finds and locks the context, reads the buffers, and calls `work(context, buffers)`, a Result<Status>.
template <typename Work>
SECURITY_STATUS message_call(const char* function, const CtxtHandle* handle, const SecBufferDesc* message,
                             Work&& work) noexcept {
  return guarded(function, [&]() -> Result<Status> {
    auto entry = context_of(handle);
    if (!entry) return fail(entry);
    auto buffers = message_buffers(message);
    if (!buffers) return fail(buffers);
    const std::scoped_lock lock((*entry)->mutex);
    if ((*entry)->exported_away) return fail(Status::no_context, "phContext", "the context was exported and given up");
    return work(*(*entry)->context, *buffers);
  });
}

}  // namespace

OPENSSPI_API SECURITY_STATUS MakeSignature(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage,
                                           ULONG MessageSeqNo) {
  return message_call("MakeSignature", phContext, pMessage,
                      [&](core::Context& context, std::span<SecBuffer> buffers) -> Result<Status> {
                        auto done = context.sign(fQOP, buffers, MessageSeqNo);
                        if (!done) return fail(done);
                        return Status::ok;
                      });
}
OPENSSPI_EXPORT(MakeSignature);

OPENSSPI_API SECURITY_STATUS VerifySignature(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                             ULONG* pfQOP) {
  return message_call("VerifySignature", phContext, pMessage,
                      [&](core::Context& context, std::span<SecBuffer> buffers) -> Result<Status> {
                        auto qop = context.verify(buffers, MessageSeqNo);
                        if (!qop) return fail(qop);
                        if (pfQOP != nullptr) *pfQOP = *qop;
                        return Status::ok;
                      });
}
OPENSSPI_EXPORT(VerifySignature);

OPENSSPI_API SECURITY_STATUS EncryptMessage(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage,
                                            ULONG MessageSeqNo) {
  return message_call("EncryptMessage", phContext, pMessage,
                      [&](core::Context& context, std::span<SecBuffer> buffers) -> Result<Status> {
                        auto done = context.encrypt(fQOP, buffers, MessageSeqNo);
                        if (!done) return fail(done);
                        return Status::ok;
                      });
}
OPENSSPI_EXPORT(EncryptMessage);

OPENSSPI_API SECURITY_STATUS DecryptMessage(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                            ULONG* pfQOP) {
  return message_call("DecryptMessage", phContext, pMessage,
                      [&](core::Context& context, std::span<SecBuffer> buffers) -> Result<Status> {
                        auto decrypted = context.decrypt(buffers, MessageSeqNo);
                        if (!decrypted) return fail(decrypted);
                        if (pfQOP != nullptr) *pfQOP = decrypted->qop;
                        return decrypted->status;
                      });
}
OPENSSPI_EXPORT(DecryptMessage);
