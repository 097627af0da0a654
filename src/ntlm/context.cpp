#include "ntlm/context.hpp"

#include "base/text.hpp"
#include "core/buffers.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/package.hpp"
#include "opensspi/extra.h"

namespace opensspi::ntlm {
namespace {

constexpr std::uint32_t kMaxTokenBytes = 2888;

// The same attribute is another bit for each role.
struct AttributeBits {
  std::uint32_t integrity, replay, sequence, confidentiality, connection, datagram, identify, null_session;
};
constexpr AttributeBits kInitiatorBits = {ISC_RET_INTEGRITY,       ISC_RET_REPLAY_DETECT, ISC_RET_SEQUENCE_DETECT,
                                          ISC_RET_CONFIDENTIALITY, ISC_RET_CONNECTION,    ISC_RET_DATAGRAM,
                                          ISC_RET_IDENTIFY,        ISC_RET_NULL_SESSION};
constexpr AttributeBits kAcceptorBits = {ASC_RET_INTEGRITY,       ASC_RET_REPLAY_DETECT, ASC_RET_SEQUENCE_DETECT,
                                         ASC_RET_CONFIDENTIALITY, ASC_RET_CONNECTION,    ASC_RET_DATAGRAM,
                                         ASC_RET_IDENTIFY,        ASC_RET_NULL_SESSION};
static_assert(ISC_REQ_CONNECTION == ISC_RET_CONNECTION && ASC_REQ_CONNECTION == ASC_RET_CONNECTION);

std::unexpected<Error> bad_qop(std::uint32_t qop) {
  return fail(Status::qop_not_supported, "fQOP", hex32(qop) + " is not known to NTLM; 0 is");
}

// A message in one piece, as SASL's peers send it: the signature, then the data. Nothing is read but from a message
// that has somewhere to go.
Result<void> unseal_stream(Protection& protection, std::span<SecBuffer> buffers, SecBuffer& stream,
                           std::uint32_t sequence) {
  const MutableBytes message = core::buffer_bytes(stream);
  auto pointed = core::point_data_at(buffers, {});
  if (!pointed) return pointed;
  if (message.size() < kSignatureBytes) {
    return fail(Status::invalid_token, "STREAM buffer of the message",
                "it has " + std::to_string(message.size()) + " bytes, the signature alone 16");
  }
  const MutableBytes data = message.subspan(kSignatureBytes);
  SecBuffer parts[] = {{kSignatureBytes, SECBUFFER_TOKEN, message.data()},
                       {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}};
  auto unsealed = protection.unseal(parts, sequence);
  if (!unsealed) return unsealed;
  return core::point_data_at(buffers, data);
}

}  // namespace

void NtlmContext::establish(Outcome outcome) {
  outcome_ = std::move(outcome);
  established_ = true;
}

std::uint32_t NtlmContext::attributes() const {
  const AttributeBits& bits = role_ == core::Role::initiator ? kInitiatorBits : kAcceptorBits;
  std::uint32_t attributes = requested_ & bits.connection;
  if (!established_) return attributes;
  // Nobody's key protects nothing: an anonymous or guest session key is known to all.
  if (!outcome_.anonymous && !outcome_.guest) {
    if ((outcome_.flags & kSign) != 0) attributes |= bits.integrity;
    // 3.4.4: the numbers of datagrams are the application's, and so is it to see a replay or a gap in them.
    if ((outcome_.flags & kSign) != 0 && (outcome_.flags & kDatagram) == 0) attributes |= bits.replay | bits.sequence;
    if ((outcome_.flags & kSeal) != 0) attributes |= bits.confidentiality;
  }
  if ((outcome_.flags & kDatagram) != 0) attributes |= bits.datagram;
  if ((outcome_.flags & kIdentify) != 0) attributes |= bits.identify;
  if (outcome_.anonymous) attributes |= bits.null_session;
  return attributes;
}

Result<Protection*> NtlmContext::protection() {
  if (!established_) {
    return fail(Status::no_context, "state of the context", "the context is not established yet, or failed");
  }
  if (!protection_) protection_.emplace(outcome_.exported_session_key, outcome_.flags, role_);
  return &*protection_;
}

Result<void> NtlmContext::sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  if (qop != 0) return bad_qop(qop);
  return (*protection)->sign(buffers, sequence);
}

Result<std::uint32_t> NtlmContext::verify(std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  auto verified = (*protection)->verify(buffers, sequence);
  if (!verified) return fail(verified);
  return 0;
}

Result<void> NtlmContext::encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  if (qop != 0) return bad_qop(qop);
  return (*protection)->seal(buffers, sequence);
}

Result<core::Context::Decrypted> NtlmContext::decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  SecBuffer* const stream = core::find_buffer(buffers, SECBUFFER_STREAM);
  auto unsealed = stream != nullptr ? unseal_stream(**protection, buffers, *stream, sequence)
                                    : (*protection)->unseal(buffers, sequence);
  if (!unsealed) return fail(unsealed);
  return Decrypted{};
}

bool NtlmContext::can_sign() const { return (outcome_.flags & (kSign | kSeal)) != 0; }

Result<ByteVector> NtlmContext::mech_list_mic(Bytes mech_types) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  if (!can_sign()) return fail(Status::unsupported_function, "mechListMIC", "signing was not negotiated");
  ByteVector mic(kSignatureBytes);
  (*protection)->sign_mech_list(mech_types, Signature(mic));
  return mic;
}

Result<void> NtlmContext::verify_mech_list_mic(Bytes mech_types, Bytes mic) {
  auto protection = this->protection();
  if (!protection) return fail(protection);
  if (!can_sign()) return fail(Status::unsupported_function, "mechListMIC", "signing was not negotiated");
  return (*protection)->verify_mech_list(mech_types, mic);
}

std::u16string NtlmContext::account_name() const {
  if (outcome_.anonymous) return u"NT AUTHORITY\\ANONYMOUS LOGON";
  if (outcome_.domain.empty()) return outcome_.user;
  return outcome_.domain + u'\\' + outcome_.user;
}

Result<core::Attribute> NtlmContext::query(std::uint32_t id) const {
  switch (id) {
    case SECPKG_ATTR_SIZES:
      return core::Sizes{kMaxTokenBytes, kSignatureBytes, 0, kSignatureBytes};
    case SECPKG_ATTR_PACKAGE_INFO:
      return core::AboutPackage{&package_.info()};
    case SECPKG_ATTR_NEGOTIATION_INFO:
      return core::NegotiationInfo{&package_.info(), established_
                                                         ? static_cast<std::uint32_t>(SECPKG_NEGOTIATION_COMPLETE)
                                                         : SECPKG_NEGOTIATION_IN_PROGRESS};
    case SECPKG_ATTR_FLAGS:
      return core::Flags{attributes()};
    case SECPKG_ATTR_LIFESPAN:
      return core::Lifespan{FileTime{}, kNever};
    case SECPKG_ATTR_NAMES:
    case SECPKG_ATTR_KEY_INFO:
    case SECPKG_ATTR_SESSION_KEY:
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
    case SECPKG_ATTR_PASSWORD_EXPIRY:
    case OPENSSPI_ATTR_IDENTITY:
      if (!established_) {
        return fail(Status::no_context, "state of the context", "this is known once the context is established");
      }
      return query_established(id);
    default:
      return fail(Status::unsupported_function, "ulAttribute", hex32(id) + " is not an attribute of NTLM contexts");
  }
}

Result<core::Attribute> NtlmContext::query_established(std::uint32_t id) const {
  switch (id) {
    case SECPKG_ATTR_NAMES:
      return core::Names{account_name()};
    case SECPKG_ATTR_KEY_INFO:
      return core::KeyInfo{(outcome_.flags & kExtendedSessionSecurity) != 0 ? u"HMAC-MD5" : u"CRC32", u"RC4",
                           key_bits(outcome_.flags), 0, 0};
    case SECPKG_ATTR_SESSION_KEY:
      return core::SessionKey{Secret(outcome_.exported_session_key.bytes())};
    case SECPKG_ATTR_CLIENT_SPECIFIED_TARGET:
      return core::ClientTarget{outcome_.target};
    case SECPKG_ATTR_PASSWORD_EXPIRY:
      return core::PasswordExpiry{kNever};
    default:
      return core::Identity{outcome_.user, outcome_.domain,    outcome_.source,
                            outcome_.sids, outcome_.anonymous, outcome_.guest};
  }
}

}  // namespace opensspi::ntlm
