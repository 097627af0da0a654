// Object identifiers by the names that Windows gives them.
#pragma once

#include <string_view>

#include "opensspi/wincrypt.h"

namespace opensspi::cert {

struct NamedOid {
  std::string_view oid;
  std::u16string_view key;   // in X.500 names: "CN"; empty for what stands in no name
  std::u16string_view name;  // as CryptFindOIDInfo names it
  std::uint32_t group;       // CRYPT_x_OID_GROUP_ID
};

// nullptr: not known.
const NamedOid* find_oid(std::string_view oid);
const NamedOid* find_key(std::u16string_view key);  // "CN", without regard to case
PCCRYPT_OID_INFO find_oid_info(std::uint32_t key_type, const void* key, std::uint32_t group);

}  // namespace opensspi::cert
