// What contexts answer when asked, as values; the C API turns them into SSPI's structures.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/filetime.hpp"
#include "base/secret.hpp"

namespace opensspi::core {

struct PackageInfo {
  std::uint32_t capabilities = 0;  // SECPKG_FLAG_x
  std::uint16_t rpc_id = 0xFFFF;   // SECPKG_ID_NONE
  std::uint32_t max_token_bytes = 0;
  std::u16string_view name;  // static text
  std::u16string_view comment;
};

struct Sizes {
  std::uint32_t max_token = 0, max_signature = 0, block = 0, trailer = 0;
};
struct StreamSizes {
  std::uint32_t header = 0, trailer = 0, max_message = 0, buffers = 0, block = 0;
};
struct Names {
  std::u16string user;  // "DOMAIN\user"
};
struct NativeNames {
  std::u16string client, server;
};
struct Lifespan {
  FileTime start, expiry;
};
struct KeyInfo {
  std::u16string signature_name, encryption_name;
  std::uint32_t bits = 0, signature_id = 0, encryption_id = 0;
};
struct SessionKey {
  Secret key;
};
struct Flags {
  std::uint32_t bits = 0;
};
struct PasswordExpiry {
  FileTime expiry;
};
struct Authority {
  std::u16string name;
};
struct ClientTarget {
  std::u16string name;
};
struct NegotiationInfo {
  const PackageInfo* package = nullptr;  // lives as long as the process
  std::uint32_t state = 0;               // SECPKG_NEGOTIATION_x
};
struct AboutPackage {
  const PackageInfo* package = nullptr;
};
struct Identity {
  std::u16string account, domain, source;
  std::vector<std::u16string> sids;  // the account's own first
  bool anonymous = false;
  bool guest = false;
};
struct Fallback {
  std::u16string reason;
};

using Attribute = std::variant<Sizes, StreamSizes, Names, NativeNames, Lifespan, KeyInfo, SessionKey, Flags,
                               PasswordExpiry, Authority, ClientTarget, NegotiationInfo, AboutPackage, Identity, Fallback>;

}  // namespace opensspi::core
