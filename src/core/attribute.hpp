// What contexts answer when asked, as values; the C API turns them into SSPI's structures.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/filetime.hpp"
#include "base/secret.hpp"
#include "opensspi/wincrypt.h"

namespace opensspi::core {

class Credential;

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
struct DelegatedCredential {
  std::shared_ptr<Credential> credential;
};

// A certificate as callers hold it, with the function that ends it.
struct Certificate {
  std::unique_ptr<const CERT_CONTEXT, void (*)(PCCERT_CONTEXT)> context;
};
struct Certificates {
  std::vector<ByteVector> der;
};
struct IssuerList {
  std::vector<ByteVector> names;  // DER
};
// What SecPkgContext_ConnectionInfo, _ConnectionInfoEx and _CipherInfo tell, each its part of it.
struct Connection {
  std::uint32_t protocol = 0;      // SP_PROT_x of this side
  std::uint32_t wire_version = 0;  // 0x0304
  std::uint32_t suite = 0, group = 0;
  std::uint32_t cipher_id = 0, hash_id = 0, exchange_id = 0;  // ALG_IDs
  std::uint32_t cipher_bits = 0, cipher_block_bytes = 0, hash_bits = 0, exchange_bits = 0;
  std::u16string suite_name, cipher_name, hash_name, exchange_name, certificate_name;
};
struct ConnectionInfo {
  Connection connection;
};
struct ConnectionInfoEx {
  Connection connection;
};
struct CipherInfo {
  Connection connection;
};
struct SessionInfo {
  bool resumed = false;
  ByteVector id;  // at most 32 bytes
};
struct ApplicationProtocol {
  ByteVector id;  // empty: none was negotiated
};
struct Bindings {
  ByteVector application_data;
};
struct KeyingMaterial {
  Secret key;
};
// Of credentials.
struct SupportedProtocols {
  std::uint32_t bits = 0;
};
struct CipherStrengths {
  std::uint32_t least = 0, most = 0;
};
struct SupportedAlgorithms {
  std::vector<std::uint32_t> ids;
};

using Attribute = std::variant<Sizes, StreamSizes, Names, NativeNames, Lifespan, KeyInfo, SessionKey, Flags,
                               PasswordExpiry, Authority, ClientTarget, NegotiationInfo, AboutPackage, Identity,
                               Fallback, DelegatedCredential, Certificate, Certificates, IssuerList, ConnectionInfo,
                               ConnectionInfoEx, CipherInfo, SessionInfo, ApplicationProtocol, Bindings, KeyingMaterial,
                               SupportedProtocols, CipherStrengths, SupportedAlgorithms>;

}  // namespace opensspi::core
