// Windows' serialized stores ("SST"): a head of version 0 and "CERT", then for each certificate its properties and
// itself, each as id, encoding, length and bytes (u32, little-endian), and a last element of zeros.
#pragma once

#include "cert/store.hpp"

namespace opensspi::cert {

bool is_serialized_store(Bytes bytes);
// CRYPT_E_BAD_ENCODE.
Result<Content> decode_serialized(Bytes bytes);
// Properties go along, private keys do not.
ByteVector encode_serialized(const Content& content);

}  // namespace opensspi::cert
