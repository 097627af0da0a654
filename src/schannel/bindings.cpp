// Channel bindings (RFC 5929, RFC 9266) and exported keys (RFC 5705).
#include <openssl/err.h>

#include "opensspi/schannel.h"
#include "schannel/context.hpp"

namespace opensspi::schannel {
namespace {

core::Bindings with_prefix(std::string_view prefix, Bytes data) {
  core::Bindings bindings;
  append(bindings.application_data, bytes_of(prefix));
  append(bindings.application_data, data);
  return bindings;
}

}  // namespace

// RFC 5929 section 4: the server's certificate under the hash of its own signature, SHA-256 for MD5 and SHA-1.
Result<core::Attribute> SchannelContext::endpoint_bindings() const {
  constexpr const char* kCheck = "SECPKG_ATTR_ENDPOINT_BINDINGS";
  const X509* certificate = server() ? SSL_get_certificate(ssl()) : SSL_get0_peer_certificate(ssl());
  if (certificate == nullptr) return fail(Status::no_credentials, kCheck, "the server has shown no certificate");
  int digest = NID_undef;
  X509_get_signature_info(const_cast<X509*>(certificate), &digest, nullptr, nullptr, nullptr);
  if (digest == NID_undef) {
    ERR_clear_error();
    return fail(Status::unsupported_function, kCheck,
                "the certificate's signature has no single hash, and RFC 5929 leaves its binding undefined");
  }
  if (digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1) digest = NID_sha256;
  const EVP_MD* algorithm = EVP_get_digestbynid(digest);
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (algorithm == nullptr || X509_digest(certificate, algorithm, hash, &size) != 1) {
    ERR_clear_error();
    return fail(Status::unsupported_function, kCheck, "the hash of the certificate's signature is not known here");
  }
  return with_prefix("tls-server-end-point:", {hash, size});
}

// RFC 5929 section 3: the first Finished of the handshake. It is safe only with the extended master secret (RFC 7627),
// and TLS 1.3 has none: there it is the exporter's binding, RFC 9266.
Result<core::Attribute> SchannelContext::unique_bindings() const {
  constexpr const char* kCheck = "SECPKG_ATTR_UNIQUE_BINDINGS";
  unsigned char value[EVP_MAX_MD_SIZE];
  if (SSL_version(ssl()) >= TLS1_3_VERSION) {
    static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    constexpr std::size_t kSize = 32;
    static_assert(sizeof value >= kSize);
    if (SSL_export_keying_material(ssl(), value, kSize, kLabel.data(), kLabel.size(), nullptr, 0, 0) != 1) {
      ERR_clear_error();
      return fail(Status::internal_error, kCheck, "no key can be exported");
    }
    return with_prefix("tls-exporter:", {value, kSize});
  }
  if (SSL_get_extms_support(const_cast<SSL*>(ssl())) != 1) {
    return fail(
        Status::unsupported_function, kCheck,
        "the peer has no extended master secret (RFC 7627), without which tls-unique tells connections apart no more");
  }
  // The client's Finished comes first in a full handshake, the server's in a resumed one.
  const bool clients_first = SSL_session_reused(ssl()) == 0;
  const bool own = clients_first != server();
  const std::size_t size =
      own ? SSL_get_finished(ssl(), value, sizeof value) : SSL_get_peer_finished(ssl(), value, sizeof value);
  return with_prefix("tls-unique:", {value, std::min(size, sizeof value)});
}

Result<void> SchannelContext::set(std::uint32_t id, Bytes value) {
  if (id == SECPKG_ATTR_KEYING_MATERIAL_INFO) return set_keying_material(value);
  return core::unsupported("SetContextAttributes");
}

Result<void> SchannelContext::set_keying_material(Bytes value) {
  constexpr const char* kCheck = "SecPkgContext_KeyingMaterialInfo";
  constexpr std::uint32_t kMost = 65535;
  SecPkgContext_KeyingMaterialInfo info;
  if (value.size() != sizeof info) {
    return fail(Status::invalid_parameter, kCheck,
                "it has " + std::to_string(value.size()) + " bytes, " + std::to_string(sizeof info) + " are right");
  }
  std::memcpy(&info, value.data(), sizeof info);
  if (info.pszLabel == nullptr || info.cbLabel < 2 || info.cbKeyingMaterial == 0 || info.cbKeyingMaterial > kMost) {
    return fail(Status::invalid_parameter, kCheck, "a label and 1 to 65535 bytes of keying material are needed");
  }
  Exporter exporter;
  exporter.label.assign(info.pszLabel, strnlen(info.pszLabel, info.cbLabel));
  exporter.has_context = info.pbContextValue != nullptr;
  if (exporter.has_context) exporter.context.assign(info.pbContextValue, info.pbContextValue + info.cbContextValue);
  exporter.size = info.cbKeyingMaterial;
  exporter_ = std::make_unique<Exporter>(std::move(exporter));
  return {};
}

Result<core::Attribute> SchannelContext::keying_material() const {
  constexpr const char* kCheck = "SECPKG_ATTR_KEYING_MATERIAL";
  if (!exporter_) {
    return fail(Status::out_of_sequence, kCheck, "set SECPKG_ATTR_KEYING_MATERIAL_INFO first: it says what to export");
  }
  core::KeyingMaterial material{Secret(exporter_->size)};
  if (SSL_export_keying_material(ssl(), material.key.writable().data(), exporter_->size, exporter_->label.data(),
                                 exporter_->label.size(), exporter_->context.data(), exporter_->context.size(),
                                 exporter_->has_context ? 1 : 0) != 1) {
    return fail(Status::internal_error, kCheck, "no key can be exported: " + cert::take_reason());
  }
  return material;
}

}  // namespace opensspi::schannel
