// PKCS#12 (PFX), RFC 7292: certificates and private keys under a password.
#pragma once

#include "base/secret.hpp"
#include "cert/store.hpp"

namespace opensspi::cert {

bool is_pfx(Bytes der);

// password: UTF-8; absent and empty both open what was made with either. exportable: whether the keys may leave again.
// ERROR_INVALID_PASSWORD, CRYPT_E_BAD_ENCODE.
Result<Content> decode_pfx(Bytes der, std::string_view password, bool exportable);
Result<void> check_pfx_password(Bytes der, std::string_view password);

// AES-256-CBC and PBKDF2 with HMAC-SHA-256. with_keys false: certificates only.
Result<ByteVector> encode_pfx(const Content& content, std::string_view password, bool with_keys);

}  // namespace opensspi::cert
