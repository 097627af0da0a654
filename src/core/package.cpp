#include "core/package.hpp"

namespace opensspi::core {

Reach Credential::reach(std::u16string_view) const { return {}; }
Reach Credential::accepts(Bytes) const { return {}; }

Result<Attribute> Credential::query(std::uint32_t) const { return unsupported("QueryCredentialsAttributes"); }

Result<void> Credential::set(std::uint32_t, Bytes) { return unsupported("SetCredentialsAttributes"); }

Result<std::unique_ptr<Context>> Package::unpack(Bytes) { return unsupported("ImportSecurityContext"); }

}  // namespace opensspi::core
