// Certificates, revocation lists and keys out of bytes: PEM, DER, PKCS#7, and Windows' serialized stores.
#pragma once

#include "cert/store.hpp"

namespace opensspi::cert {

// Whatever the bytes are. Text before and between PEM blocks is skipped; a private key without a password goes to the
// certificate it belongs to. CRYPT_E_BAD_ENCODE.
Result<Content> decode_any(Bytes bytes);

Result<Content> decode_pkcs7(Bytes der);
ByteVector encode_pkcs7(const Content& content);

// The first certificate of a PEM text.
bool looks_like_pem(Bytes bytes);

}  // namespace opensspi::cert
