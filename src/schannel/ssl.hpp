// Owners of OpenSSL's TLS objects.
#pragma once

#include <openssl/ssl.h>

#include "cert/openssl.hpp"

namespace opensspi::schannel {

using SslPtr = std::unique_ptr<SSL, cert::Freer<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, cert::Freer<SSL_CTX_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, cert::Freer<SSL_SESSION_free>>;

}  // namespace opensspi::schannel
