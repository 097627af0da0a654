// Arguments of callers, checked and turned into the core's terms.
#pragma once

#include <span>

#include "core/package.hpp"
#include "core/step.hpp"

namespace opensspi::capi {

// NULL is an empty text.
std::u16string_view text_of(const SEC_WCHAR* text);

// The buffers of a message call, each with memory for what it claims. SEC_E_INVALID_TOKEN.
Result<std::span<SecBuffer>> message_buffers(const SecBufferDesc* description);

// The buffers that a step writes to (NULL: none), of which only the list itself is checked. SEC_E_INVALID_TOKEN.
Result<std::span<SecBuffer>> output_buffers(const SecBufferDesc* description);

// The buffers that a step reads (NULL: none), and what the core takes from them. SEC_E_INVALID_TOKEN.
Result<core::StepInput> step_input(const SecBufferDesc* description);

// SEC_WINNT_AUTH_IDENTITY_W or _EXW. SEC_E_UNKNOWN_CREDENTIALS.
Result<core::AuthIdentity> read_identity(const void* auth_data);

// Overwrites the texts of such a structure, and then itself; one that is not understood stays.
void wipe_identity(void* auth_data);

}  // namespace opensspi::capi
