// NTLM messages in words, for the trace: names, flags and lengths, never responses or keys.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace opensspi::ntlm {

std::string describe_message(Bytes token);

// Traces "received" or "sent" and the message; nothing where there is none or nobody listens.
void trace_token(const char* way, Bytes token);

}  // namespace opensspi::ntlm
