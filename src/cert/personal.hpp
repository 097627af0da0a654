// The personal store MY: one PEM file for each certificate, with its private key, in a directory of the user's own.
#pragma once

#include "cert/store.hpp"

namespace opensspi::cert {

// OPENSSPI_MY's directory where that is set (secure_getenv), else .opensspi/my in the home that the system's accounts
// name for the effective user. PEM and DER files and PFX files without a password are read; a directory that is not
// there is empty. A directory or file that others may write is refused: ERROR_ACCESS_DENIED.
Result<Content> read_personal();

// Keeps what is put into MY; the directory is made, mode 0700, when first needed.
std::unique_ptr<Keeper> personal_keeper();

}  // namespace opensspi::cert
