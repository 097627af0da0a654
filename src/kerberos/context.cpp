#include "kerberos/context.hpp"

#include "base/text.hpp"
#include "kerberos/package.hpp"
#include "opensspi/extra.h"

namespace opensspi::kerberos {
namespace {

// The same attribute is another bit for each role.
struct AttributeBit {
  OM_uint32 gss;
  std::uint32_t initiator, acceptor;
};
constexpr AttributeBit kBits[] = {
    {GSS_C_DELEG_FLAG, ISC_RET_DELEGATE, ASC_RET_DELEGATE},
    {GSS_C_MUTUAL_FLAG, ISC_RET_MUTUAL_AUTH, ASC_RET_MUTUAL_AUTH},
    {GSS_C_REPLAY_FLAG, ISC_RET_REPLAY_DETECT, ASC_RET_REPLAY_DETECT},
    {GSS_C_SEQUENCE_FLAG, ISC_RET_SEQUENCE_DETECT, ASC_RET_SEQUENCE_DETECT},
    {GSS_C_CONF_FLAG, ISC_RET_CONFIDENTIALITY, ASC_RET_CONFIDENTIALITY},
    {GSS_C_INTEG_FLAG, ISC_RET_INTEGRITY, ASC_RET_INTEGRITY},
    {GSS_C_DCE_STYLE, ISC_RET_USED_DCE_STYLE, ASC_RET_USED_DCE_STYLE},
    {GSS_C_IDENTIFY_FLAG, ISC_RET_IDENTIFY, ASC_RET_IDENTIFY},
    {GSS_C_EXTENDED_ERROR_FLAG, ISC_RET_EXTENDED_ERROR, ASC_RET_EXTENDED_ERROR},
};

constexpr std::uint32_t kQopSignOnly = SECQOP_WRAP_NO_ENCRYPT;

}  // namespace

FileTime expiry_after(FileTime now, OM_uint32 seconds) {
  return seconds == GSS_C_INDEFINITE ? kNever : FileTime{now.ticks + seconds * kTicksPerSecond};
}

std::uint32_t KerberosContext::attributes() const {
  const bool initiator = role_ == core::Role::initiator;
  const std::uint32_t own = initiator ? ISC_RET_CONNECTION | ISC_RET_DATAGRAM : ASC_RET_CONNECTION | ASC_RET_DATAGRAM;
  std::uint32_t attributes = requested_ & own;
  for (const AttributeBit& bit : kBits) {
    if ((flags() & bit.gss) != 0) attributes |= initiator ? bit.initiator : bit.acceptor;
  }
  if (outcome_.user_to_user) attributes |= initiator ? ISC_RET_USE_SESSION_KEY : ASC_RET_USE_SESSION_KEY;
  return attributes;
}

Result<Protection*> KerberosContext::protection(OM_uint32 needed) {
  if (!established()) {
    return fail(Status::no_context, "state of the context", "the context is not established yet, or failed");
  }
  if ((flags() & needed) != needed) {
    return fail(Status::unsupported_function, "protection of messages",
                needed == GSS_C_CONF_FLAG ? "confidentiality was not negotiated; the initiator asks for it with "
                                            "ISC_REQ_CONFIDENTIALITY and without ISC_REQ_NO_INTEGRITY"
                                          : "integrity was not negotiated; the initiator gave it up with "
                                            "ISC_REQ_NO_INTEGRITY");
  }
  if (outcome_.expiry != kNever && outcome_.expiry < package_.host().now()) {
    return fail(Status::context_expired, "end of the context", "the ticket is past its end: log on anew");
  }
  return outcome_.session->protection();
}

Result<void> KerberosContext::sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t) {
  auto protection = this->protection(GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  if (qop != 0) return fail(Status::qop_not_supported, "fQOP", hex32(qop) + " is not known to MakeSignature; 0 is");
  return (*protection)->sign(buffers);
}

Result<std::uint32_t> KerberosContext::verify(std::span<SecBuffer> buffers, std::uint32_t) {
  auto protection = this->protection(GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  auto verified = (*protection)->verify(buffers);
  if (!verified) return fail(verified);
  return 0;
}

Result<void> KerberosContext::encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t) {
  if (qop != 0 && qop != kQopSignOnly) {
    return fail(Status::qop_not_supported, "fQOP",
                hex32(qop) + " is not known; 0 (encrypt) and SECQOP_WRAP_NO_ENCRYPT (80000001) are");
  }
  const bool encrypts = qop == 0;
  auto protection = this->protection(encrypts ? GSS_C_CONF_FLAG : GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  return (*protection)->wrap(buffers, encrypts);
}

Result<core::Context::Decrypted> KerberosContext::decrypt(std::span<SecBuffer> buffers, std::uint32_t) {
  auto protection = this->protection(GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  auto encrypted = (*protection)->unwrap(buffers);
  if (!encrypted) return fail(encrypted);
  return Decrypted{Status::ok, *encrypted ? 0 : kQopSignOnly};
}

Result<ByteVector> KerberosContext::mech_list_mic(Bytes mech_types) {
  auto protection = this->protection(GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  return (*protection)->sign_bytes(mech_types);
}

Result<void> KerberosContext::verify_mech_list_mic(Bytes mech_types, Bytes mic) {
  auto protection = this->protection(GSS_C_INTEG_FLAG);
  if (!protection) return fail(protection);
  return (*protection)->verify_bytes(mech_types, mic);
}

// Windows' form where a PAC vouches for it, the principal otherwise.
std::u16string KerberosContext::account_name(const Details& details) const {
  if (details.account.empty() || details.domain.empty()) return details.client;
  return details.domain + u'\\' + details.account;
}

Result<core::Attribute> KerberosContext::query(std::uint32_t id) const {
  switch (id) {
    case SECPKG_ATTR_PACKAGE_INFO:
      return core::AboutPackage{&package_.info()};
    case SECPKG_ATTR_NEGOTIATION_INFO:
      return core::NegotiationInfo{&package_.info(), established()
                                                         ? static_cast<std::uint32_t>(SECPKG_NEGOTIATION_COMPLETE)
                                                         : SECPKG_NEGOTIATION_IN_PROGRESS};
    case SECPKG_ATTR_FLAGS:
      return core::Flags{attributes()};
    case SECPKG_ATTR_SIZES:
    case SECPKG_ATTR_NAMES:
    case SECPKG_ATTR_NATIVE_NAMES:
    case SECPKG_ATTR_LIFESPAN:
    case SECPKG_ATTR_KEY_INFO:
    case SECPKG_ATTR_SESSION_KEY:
    case SECPKG_ATTR_PASSWORD_EXPIRY:
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
    case OPENSSPI_ATTR_IDENTITY:
    case OPENSSPI_ATTR_DELEGATED_CREDENTIAL:
      if (!established()) {
        return fail(Status::no_context, "state of the context", "this is known once the context is established");
      }
      return query_established(id);
    default:
      return fail(Status::unsupported_function, "ulAttribute", hex32(id) + " is not an attribute of Kerberos contexts");
  }
}

namespace {

core::KeyInfo key_info(const Details& details) {
  const AesProfile* const profile = aes_profile(details.enctype);
  const auto id = static_cast<std::uint32_t>(details.enctype);
  const auto bits = static_cast<std::uint32_t>(8 * details.session_key.size());
  if (profile == nullptr) return {u"HMAC-MD5", u"RSADSI RC4-HMAC", bits, id, id};
  std::u16string hash = u"HMAC-SHA1-96";
  if (profile->hash == crypto::Hash::sha256) hash = u"HMAC-SHA256-128";
  if (profile->hash == crypto::Hash::sha384) hash = u"HMAC-SHA384-192";
  const std::u16string cipher = profile->key_bytes == 32 ? u"AES256-CTS-" : u"AES128-CTS-";
  return {hash, cipher + hash, bits, id, id};
}

// "alice@EXAMPLE.TEST" in its two parts.
core::Identity identity_of(const Details& details) {
  core::Identity identity{details.account, details.domain, u"Kerberos", details.sids, false, false};
  if (!identity.account.empty()) return identity;
  const std::size_t at = details.client.rfind(u'@');
  identity.account = details.client.substr(0, at);
  if (at != std::u16string::npos) identity.domain = details.client.substr(at + 1);
  return identity;
}

}  // namespace

Result<core::Attribute> KerberosContext::query_established(std::uint32_t id) const {
  if (id == SECPKG_ATTR_LIFESPAN) return core::Lifespan{FileTime{}, outcome_.expiry};
  if (id == SECPKG_ATTR_PASSWORD_EXPIRY) return core::PasswordExpiry{kNever};
  if (id == OPENSSPI_ATTR_DELEGATED_CREDENTIAL) {
    if (outcome_.delegated) return core::DelegatedCredential{outcome_.delegated};
    return fail(
        Status::no_credentials, "delegated credential",
        "the client delegated none: it asks for that with ISC_REQ_DELEGATE, its ticket must be forwardable, and "
        "the KDC must trust the service (ok-as-delegate)");
  }
  auto known = outcome_.session->details();
  if (!known) return fail(known);
  const Details& details = **known;
  switch (id) {
    case SECPKG_ATTR_SIZES: {
      auto protection = outcome_.session->protection();
      if (!protection) return fail(protection);
      return (*protection)->sizes();
    }
    case SECPKG_ATTR_NAMES:
      return core::Names{account_name(details)};
    case SECPKG_ATTR_NATIVE_NAMES:
      return core::NativeNames{details.client, details.server};
    case SECPKG_ATTR_KEY_INFO:
      return key_info(details);
    case SECPKG_ATTR_SESSION_KEY:
      return core::SessionKey{details.session_key.clone()};
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
      return core::ClientTarget{outcome_.target.empty() ? details.server : outcome_.target};
    default:
      return identity_of(details);
  }
}

}  // namespace opensspi::kerberos
