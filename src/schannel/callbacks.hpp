// What OpenSSL calls back into a context, through the SSL's own data.
#pragma once

#include "schannel/ssl.hpp"

namespace opensspi::schannel {

class SchannelContext;
class SchannelCredential;

// For the SSL_CTX of a credential.
void set_callbacks(SSL_CTX* context, const SchannelCredential& credential);
int on_new_session(SSL* ssl, SSL_SESSION* session);

// For the SSL_set_verify of a context.
int on_verify(int good, X509_STORE_CTX* store_context);

// Ties an SSL to its context, and back.
void attach(SSL* ssl, SchannelContext* context);
SchannelContext* context_of(const SSL* ssl);

}  // namespace opensspi::schannel
