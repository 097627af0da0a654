// Failures of TLS as statuses of SSPI.
#pragma once

#include "base/result.hpp"
#include "schannel/ssl.hpp"

namespace opensspi::schannel {

// An alert that the peer sent, by its number; Microsoft's published table.
Status alert_status(int number);

// What made the last call on the SSL fail, from OpenSSL's queue of errors, which is emptied.
Error ssl_failure(SSL* ssl, const char* check);

}  // namespace opensspi::schannel
