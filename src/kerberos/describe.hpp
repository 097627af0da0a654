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

// The mechanism has two object identifiers, RFC 4121's and one of Windows' in which a bit got lost (MS-SPNG 3.1.5.2).
// MIT opens frames of the first only. Whether the token is framed with the second:
bool is_spelled_as_windows(Bytes token);
// From the one to the other, in a token that is framed with either; another token stays as it is.
void respell(MutableBytes token);

std::string describe_token(Bytes token);

// Traces "received" or "sent" and the token; nothing where there is none or nobody listens.
void trace_token(const char* way, Bytes token);

}  // namespace opensspi::kerberos
