#include "capi/tls_structures.hpp"

#include <algorithm>

#include "capi/memory.hpp"

namespace opensspi::capi {
namespace {

void put_text(SEC_WCHAR (&to)[SZ_ALG_MAX_SIZE], std::u16string_view text) {
  const std::size_t length = std::min<std::size_t>(text.size(), SZ_ALG_MAX_SIZE - 1);
  std::ranges::copy(text.substr(0, length), to);
  std::fill(to + length, to + SZ_ALG_MAX_SIZE, SEC_WCHAR{0});
}

}  // namespace

CERT_NAME_BLOB* allocate_names(const std::vector<ByteVector>& names) {
  std::size_t bytes = 0;
  for (const ByteVector& name : names) bytes += name.size();
  CERT_NAME_BLOB* out = nullptr;
  Block block(out, names.size(), bytes);
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto* at = static_cast<BYTE*>(block.room(names[i].size()));
    copy_bytes({at, names[i].size()}, names[i]);
    out[i] = {static_cast<DWORD>(names[i].size()), at};
  }
  return out;
}

SecPkgContext_Certificates allocate_certificates(const std::vector<ByteVector>& certificates) {
  ByteVector all;
  for (const ByteVector& der : certificates) {
    const auto size = static_cast<DWORD>(der.size());
    append(all, {reinterpret_cast<const std::uint8_t*>(&size), sizeof size});
    append(all, der);
  }
  return {static_cast<DWORD>(certificates.size()), static_cast<DWORD>(all.size()),
          static_cast<BYTE*>(allocate_copy(all))};
}

SecPkgContext_Bindings allocate_bindings(Bytes application_data) {
  const std::size_t size = sizeof(SEC_CHANNEL_BINDINGS) + application_data.size();
  auto* bindings = static_cast<SEC_CHANNEL_BINDINGS*>(allocate(size));
  bindings->cbApplicationDataLength = static_cast<ULONG>(application_data.size());
  bindings->dwApplicationDataOffset = sizeof(SEC_CHANNEL_BINDINGS);
  copy_bytes({reinterpret_cast<std::uint8_t*>(bindings + 1), application_data.size()}, application_data);
  return {static_cast<ULONG>(size), bindings};
}

SecPkgCred_SupportedAlgs allocate_algorithms(const std::vector<std::uint32_t>& ids) {
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(ids.data()), ids.size() * sizeof(ALG_ID));
  return {static_cast<DWORD>(ids.size()), static_cast<ALG_ID*>(allocate_copy(bytes))};
}

SecPkgContext_ConnectionInfo to_connection_info(const core::Connection& v) {
  return {v.protocol, v.cipher_id, v.cipher_bits, v.hash_id, v.hash_bits, v.exchange_id, v.exchange_bits};
}

void fill_connection_info_ex(const core::Connection& v, SecPkgContext_ConnectionInfoEx& to) {
  to.dwVersion = SECPKGCONTEXT_CONNECTION_INFO_EX_V1;
  to.dwProtocol = v.protocol;
  put_text(to.szCipher, v.cipher_name);
  to.dwCipherStrength = v.cipher_bits;
  put_text(to.szHash, v.hash_name);
  to.dwHashStrength = v.hash_bits;
  put_text(to.szExchange, v.exchange_name);
  to.dwExchStrength = v.exchange_bits;
}

void fill_cipher_info(const core::Connection& v, SecPkgContext_CipherInfo& to) {
  to.dwVersion = SECPKGCONTEXT_CIPHERINFO_V1;
  to.dwProtocol = v.wire_version;
  to.dwCipherSuite = v.suite;
  to.dwBaseCipherSuite = v.suite;
  put_text(to.szCipherSuite, v.suite_name);
  put_text(to.szCipher, v.cipher_name);
  to.dwCipherLen = v.cipher_bits;
  to.dwCipherBlockLen = v.cipher_block_bytes;
  put_text(to.szHash, v.hash_name);
  to.dwHashLen = v.hash_bits;
  put_text(to.szExchange, v.exchange_name);
  to.dwMinExchangeLen = 0;
  to.dwMaxExchangeLen = 65536;
  put_text(to.szCertificate, v.certificate_name);
  to.dwKeyType = v.group;
}

SecPkgContext_SessionInfo to_session_info(const core::SessionInfo& session) {
  SecPkgContext_SessionInfo out{
      session.resumed ? DWORD{SSL_SESSION_RECONNECT} : 0, static_cast<DWORD>(session.id.size()), {}};
  copy_bytes(out.rgbSessionId, session.id);
  return out;
}

void fill_application_protocol(const core::ApplicationProtocol& protocol, SecPkgContext_ApplicationProtocol& to) {
  to = {};
  if (protocol.id.empty()) return;
  to.ProtoNegoStatus = SecApplicationProtocolNegotiationStatus_Success;
  to.ProtoNegoExt = SecApplicationProtocolNegotiationExt_ALPN;
  to.ProtocolIdSize = static_cast<unsigned char>(protocol.id.size());
  copy_bytes(to.ProtocolId, protocol.id);
}

std::size_t tls_structure_bytes(std::uint32_t id) {
  switch (id) {
    case SECPKG_ATTR_REMOTE_CERT_CONTEXT:
    case SECPKG_ATTR_LOCAL_CERT_CONTEXT:
      return sizeof(PCCERT_CONTEXT);
    case SECPKG_ATTR_ISSUER_LIST_EX:
      return sizeof(SecPkgContext_IssuerListInfoEx);
    case SECPKG_ATTR_REMOTE_CERTIFICATES:
      return sizeof(SecPkgContext_Certificates);
    case SECPKG_ATTR_CONNECTION_INFO:
      return sizeof(SecPkgContext_ConnectionInfo);
    case SECPKG_ATTR_CONNECTION_INFO_EX:
      return sizeof(SecPkgContext_ConnectionInfoEx);
    case SECPKG_ATTR_CIPHER_INFO:
      return sizeof(SecPkgContext_CipherInfo);
    case SECPKG_ATTR_SESSION_INFO:
      return sizeof(SecPkgContext_SessionInfo);
    case SECPKG_ATTR_APPLICATION_PROTOCOL:
      return sizeof(SecPkgContext_ApplicationProtocol);
    case SECPKG_ATTR_UNIQUE_BINDINGS:
    case SECPKG_ATTR_ENDPOINT_BINDINGS:
      return sizeof(SecPkgContext_Bindings);
    case SECPKG_ATTR_KEYING_MATERIAL:
      return sizeof(SecPkgContext_KeyingMaterial);
    case SECPKG_ATTR_SUPPORTED_PROTOCOLS:
      return sizeof(SecPkgCred_SupportedProtocols);
    case SECPKG_ATTR_CIPHER_STRENGTHS:
      return sizeof(SecPkgCred_CipherStrengths);
    case SECPKG_ATTR_SUPPORTED_ALGS:
      return sizeof(SecPkgCred_SupportedAlgs);
    default:
      return 0;
  }
}

}  // namespace opensspi::capi
