// Revocation lists that are on this machine; none is ever fetched.
#pragma once

#include <string>
#include <vector>

#include "cert/store.hpp"

namespace opensspi::cert {

// Those of the process's store "CA" and those in OpenSSL's directory of certificates (SSL_CERT_DIR by secure_getenv,
// else its default), under the names that `openssl rehash` gives: eight hexadecimal digits, ".r", a number. A file that
// cannot be read counts as absent, and the trace says so.
std::vector<CrlPtr> local_crls();

// Those of one directory, under the same names.
std::vector<CrlPtr> hashed_crls(const std::string& directory);

}  // namespace opensspi::cert
