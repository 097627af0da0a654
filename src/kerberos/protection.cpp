#include "kerberos/protection.hpp"

#include "kerberos/cfx.hpp"
#include "kerberos/rc4.hpp"

namespace opensspi::kerberos {

Result<std::unique_ptr<Protection>> make_protection(const SessionKeys& keys) {
  const ProtocolKey& sending = keys.sending_key();
  if (aes_profile(sending.enctype) != nullptr) return std::make_unique<Cfx>(keys);
  if (sending.enctype == Enctype::rc4) return std::make_unique<Rc4Protection>(keys);
  return fail(Status::crypto_system_invalid, "encryption type of the session",
              enctype_name(static_cast<std::int32_t>(sending.enctype)) + " is not one of AES, nor arcfour-hmac");
}

}  // namespace opensspi::kerberos
