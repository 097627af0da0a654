// Tokens of Kerberos in words, for the trace and for messages: their kind and length, never tickets or keys.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace opensspi::kerberos {

// The tokens of the handshake, framed (RFC 4121 section 4.1) or bare as in DCE style. A token that is cut off, or has
// bytes behind its end, is none of them.
enum class TokenKind { ap_req, ap_rep, krb_error, tgt_req, tgt_rep, other };
TokenKind kind_of_token(Bytes token);

// The message of RFC 4120 in a token, without frame and TOK_ID; empty where there is none.
Bytes message_of_token(Bytes token);

std::string describe_token(Bytes token);

// Traces "received" or "sent" and the token; nothing where there is none or nobody listens.
void trace_token(const char* way, Bytes token);

}  // namespace opensspi::kerberos
