// The stores that CertOpenStore and CertOpenSystemStoreW open.
#pragma once

#include "cert/store.hpp"

namespace opensspi::cert {

// "ROOT", "MY", "CA", "TRUST", "DISALLOWED", "ADDRESSBOOK", without regard to case. ERROR_FILE_NOT_FOUND.
Result<StoreRef> open_system_store(std::u16string_view name);

// flags: CERT_STORE_READONLY_FLAG, _OPEN_EXISTING_FLAG, _CREATE_NEW_FLAG, CERT_FILE_STORE_COMMIT_ENABLE_FLAG.
Result<StoreRef> open_file_store(std::u16string_view path, std::uint32_t flags);

// Bytes into a file of mode 0644 less umask. ERROR_ACCESS_DENIED.
Result<void> write_store_file(const std::string& path, Bytes bytes);

}  // namespace opensspi::cert
