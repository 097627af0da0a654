#include "capi/structures.hpp"

#include "capi/entries.hpp"
#include "capi/memory.hpp"
#include "capi/tls_structures.hpp"
#include "opensspi/extra.h"

namespace opensspi::capi {
namespace {

std::size_t texts_bytes(const core::PackageInfo& info) {
  return Block::text_bytes(info.name) + Block::text_bytes(info.comment);
}

OPENSSPI_IDENTITY* allocate_identity(const core::Identity& identity) {
  std::size_t bytes = identity.sids.size() * sizeof(SEC_WCHAR*) + Block::text_bytes(identity.account) +
                      Block::text_bytes(identity.domain) + Block::text_bytes(identity.source);
  for (const auto& sid : identity.sids) bytes += Block::text_bytes(sid);
  OPENSSPI_IDENTITY* out = nullptr;
  Block block(out, 1, bytes);
  out->Sids = static_cast<SEC_WCHAR**>(block.room(identity.sids.size() * sizeof(SEC_WCHAR*)));
  out->cSids = static_cast<ULONG>(identity.sids.size());
  for (std::size_t i = 0; i < identity.sids.size(); ++i) out->Sids[i] = block.put(identity.sids[i]);
  out->Account = block.put(identity.account);
  out->Domain = block.put(identity.domain);
  out->Source = block.put(identity.source);
  out->Flags =
      (identity.anonymous ? OPENSSPI_IDENTITY_ANONYMOUS : 0U) | (identity.guest ? OPENSSPI_IDENTITY_GUEST : 0U);
  return out;
}

// One operator for each alternative of core::Attribute: the compiler finds the missing one.
struct Filler {
  void* to;

  template <typename T>
  T& as() const {
    return *static_cast<T*>(to);
  }

  void operator()(const core::Sizes& v) const {
    as<SecPkgContext_Sizes>() = {v.max_token, v.max_signature, v.block, v.trailer};
  }
  void operator()(const core::StreamSizes& v) const {
    as<SecPkgContext_StreamSizes>() = {v.header, v.trailer, v.max_message, v.buffers, v.block};
  }
  void operator()(const core::Names& v) const { as<SecPkgContext_NamesW>() = {allocate_text(v.user)}; }
  void operator()(const core::NativeNames& v) const {
    SEC_WCHAR* client = allocate_text(v.client);
    try {
      as<SecPkgContext_NativeNamesW>() = {client, allocate_text(v.server)};
    } catch (...) {
      free_allocated(client);
      throw;
    }
  }
  void operator()(const core::Lifespan& v) const {
    as<SecPkgContext_Lifespan>() = {to_timestamp(v.start), to_timestamp(v.expiry)};
  }
  void operator()(const core::KeyInfo& v) const {
    SEC_WCHAR* signature = allocate_text(v.signature_name);
    try {
      as<SecPkgContext_KeyInfoW>() = {signature, allocate_text(v.encryption_name), v.bits, v.signature_id,
                                      v.encryption_id};
    } catch (...) {
      free_allocated(signature);
      throw;
    }
  }
  void operator()(const core::SessionKey& v) const {
    as<SecPkgContext_SessionKey>() = {static_cast<ULONG>(v.key.size()),
                                      static_cast<unsigned char*>(allocate_copy(v.key.bytes()))};
  }
  void operator()(const core::Flags& v) const { as<SecPkgContext_Flags>() = {v.bits}; }
  void operator()(const core::PasswordExpiry& v) const {
    as<SecPkgContext_PasswordExpiry>() = {to_timestamp(v.expiry)};
  }
  void operator()(const core::Authority& v) const { as<SecPkgContext_AuthorityW>() = {allocate_text(v.name)}; }
  void operator()(const core::ClientTarget& v) const {
    as<SecPkgContext_ClientSpecifiedTarget>() = {allocate_text(v.name)};
  }
  void operator()(const core::NegotiationInfo& v) const {
    as<SecPkgContext_NegotiationInfoW>() = {allocate_package_infos({&v.package, 1}), v.state};
  }
  void operator()(const core::AboutPackage& v) const {
    as<SecPkgContext_PackageInfoW>() = {allocate_package_infos({&v.package, 1})};
  }
  void operator()(const core::Identity& v) const { as<OpenSspiContext_Identity>() = {allocate_identity(v)}; }
  void operator()(const core::Fallback& v) const { as<OpenSspiContext_Fallback>() = {allocate_text(v.reason)}; }
  void operator()(core::Certificate& v) const { as<PCCERT_CONTEXT>() = v.context.release(); }
  void operator()(const core::Certificates& v) const {
    as<SecPkgContext_Certificates>() = allocate_certificates(v.der);
  }
  void operator()(const core::IssuerList& v) const {
    as<SecPkgContext_IssuerListInfoEx>() = {allocate_names(v.names), static_cast<DWORD>(v.names.size())};
  }
  void operator()(const core::ConnectionInfo& v) const {
    as<SecPkgContext_ConnectionInfo>() = to_connection_info(v.connection);
  }
  void operator()(const core::ConnectionInfoEx& v) const {
    fill_connection_info_ex(v.connection, as<SecPkgContext_ConnectionInfoEx>());
  }
  void operator()(const core::CipherInfo& v) const { fill_cipher_info(v.connection, as<SecPkgContext_CipherInfo>()); }
  void operator()(const core::SessionInfo& v) const { as<SecPkgContext_SessionInfo>() = to_session_info(v); }
  void operator()(const core::ApplicationProtocol& v) const {
    fill_application_protocol(v, as<SecPkgContext_ApplicationProtocol>());
  }
  void operator()(const core::Bindings& v) const {
    as<SecPkgContext_Bindings>() = allocate_bindings(v.application_data);
  }
  void operator()(const core::KeyingMaterial& v) const {
    as<SecPkgContext_KeyingMaterial>() = {static_cast<DWORD>(v.key.size()),
                                          static_cast<BYTE*>(allocate_copy(v.key.bytes()))};
  }
  void operator()(const core::SupportedProtocols& v) const { as<SecPkgCred_SupportedProtocols>() = {v.bits}; }
  void operator()(const core::CipherStrengths& v) const { as<SecPkgCred_CipherStrengths>() = {v.least, v.most}; }
  void operator()(const core::SupportedAlgorithms& v) const {
    as<SecPkgCred_SupportedAlgs>() = allocate_algorithms(v.ids);
  }
  void operator()(const core::DelegatedCredential& v) const {
    as<OpenSspiContext_DelegatedCredential>() = {
        credentials().insert(std::make_unique<CredentialEntry>(CredentialEntry{v.credential}))};
  }
};

}  // namespace

TimeStamp to_timestamp(FileTime time) {
  return {{static_cast<ULONG>(time.ticks & 0xFFFFFFFF), static_cast<LONG>(time.ticks >> 32)}};
}

SecPkgInfoW* allocate_package_infos(std::span<const core::PackageInfo* const> infos) {
  std::size_t bytes = 0;
  for (const auto* info : infos) bytes += texts_bytes(*info);
  SecPkgInfoW* out = nullptr;
  Block block(out, infos.size(), bytes);
  for (std::size_t i = 0; i < infos.size(); ++i) {
    out[i] = {infos[i]->capabilities,    SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION,
              infos[i]->rpc_id,          infos[i]->max_token_bytes,
              block.put(infos[i]->name), block.put(infos[i]->comment)};
  }
  return out;
}

void fill_structure(core::Attribute& attribute, void* structure) { std::visit(Filler{structure}, attribute); }

std::size_t structure_bytes(std::uint32_t id) {
  switch (id) {
    case SECPKG_ATTR_SIZES:
      return sizeof(SecPkgContext_Sizes);
    case SECPKG_ATTR_STREAM_SIZES:
      return sizeof(SecPkgContext_StreamSizes);
    case SECPKG_ATTR_NAMES:
      return sizeof(SecPkgContext_NamesW);
    case SECPKG_ATTR_NATIVE_NAMES:
      return sizeof(SecPkgContext_NativeNamesW);
    case SECPKG_ATTR_LIFESPAN:
      return sizeof(SecPkgContext_Lifespan);
    case SECPKG_ATTR_KEY_INFO:
      return sizeof(SecPkgContext_KeyInfoW);
    case SECPKG_ATTR_SESSION_KEY:
      return sizeof(SecPkgContext_SessionKey);
    case SECPKG_ATTR_FLAGS:
      return sizeof(SecPkgContext_Flags);
    case SECPKG_ATTR_PASSWORD_EXPIRY:
      return sizeof(SecPkgContext_PasswordExpiry);
    case SECPKG_ATTR_AUTHORITY:
      return sizeof(SecPkgContext_AuthorityW);
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
      return sizeof(SecPkgContext_ClientSpecifiedTarget);
    case SECPKG_ATTR_NEGOTIATION_INFO:
      return sizeof(SecPkgContext_NegotiationInfoW);
    case SECPKG_ATTR_PACKAGE_INFO:
      return sizeof(SecPkgContext_PackageInfoW);
    case OPENSSPI_ATTR_IDENTITY:
      return sizeof(OpenSspiContext_Identity);
    case OPENSSPI_ATTR_FALLBACK:
      return sizeof(OpenSspiContext_Fallback);
    case OPENSSPI_ATTR_DELEGATED_CREDENTIAL:
      return sizeof(OpenSspiContext_DelegatedCredential);
    default:
      return tls_structure_bytes(id);
  }
}

}  // namespace opensspi::capi
