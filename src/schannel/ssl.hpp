// Owners of OpenSSL's TLS objects.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "cert/openssl.hpp"

namespace opensspi::schannel {

using SslPtr = std::unique_ptr<SSL, cert::Freer<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, cert::Freer<SSL_CTX_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, cert::Freer<SSL_SESSION_free>>;

// Before each call whose outcome SSL_get_error tells. The queue is empty as a rule, and emptying it costs as much as
// the rest of what surrounds the encryption of a short record.
inline void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace opensspi::schannel
