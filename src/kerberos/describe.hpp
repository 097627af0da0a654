// Tokens of Kerberos in words, for the trace and for messages: their kind and length, never tickets or keys.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace opensspi::kerberos {

std::string describe_token(Bytes token);

// Whether a token is one of the handshake, framed (RFC 4121 section 4.1) or bare as in DCE style.
bool is_token_of_kerberos(Bytes token);

// Traces "received" or "sent" and the token; nothing where there is none or nobody listens.
void trace_token(const char* way, Bytes token);

}  // namespace opensspi::kerberos
