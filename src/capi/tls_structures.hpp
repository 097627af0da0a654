// What TLS contexts answer, as SSPI's structures.
#pragma once

#include "core/attribute.hpp"
#include "opensspi/schannel.h"

namespace opensspi::capi {

CERT_NAME_BLOB* allocate_names(const std::vector<ByteVector>& names);
SecPkgContext_Certificates allocate_certificates(const std::vector<ByteVector>& certificates);
SecPkgContext_Bindings allocate_bindings(Bytes application_data);
SecPkgCred_SupportedAlgs allocate_algorithms(const std::vector<std::uint32_t>& ids);

SecPkgContext_ConnectionInfo to_connection_info(const core::Connection& connection);
void fill_connection_info_ex(const core::Connection& connection, SecPkgContext_ConnectionInfoEx& to);
void fill_cipher_info(const core::Connection& connection, SecPkgContext_CipherInfo& to);
SecPkgContext_SessionInfo to_session_info(const core::SessionInfo& session);
void fill_application_protocol(const core::ApplicationProtocol& protocol, SecPkgContext_ApplicationProtocol& to);

// The size of the structure of an attribute of TLS; 0 for others.
std::size_t tls_structure_bytes(std::uint32_t id);

}  // namespace opensspi::capi
