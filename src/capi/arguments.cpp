#include "capi/arguments.hpp"

#include <string>

#include "base/text.hpp"
#include "core/buffers.hpp"
#include "opensspi/extra.h"

namespace opensspi::capi {
namespace {

constexpr std::uint32_t kMostBuffers = 4096;
constexpr std::uint32_t kMostCharacters = 16384;  // of a name or password; a field of NTLM has 65535 bytes

std::unexpected<Error> bad_buffers(std::string why) {
  return fail(Status::invalid_token, "SecBufferDesc", std::move(why));
}

Result<std::span<SecBuffer>> buffers_of(const SecBufferDesc* description) {
  if (description == nullptr) return std::span<SecBuffer>{};
  if (description->ulVersion != SECBUFFER_VERSION) {
    return bad_buffers("ulVersion is " + std::to_string(description->ulVersion) + ", SECBUFFER_VERSION is 0");
  }
  if (description->cBuffers > kMostBuffers) {
    return bad_buffers("cBuffers is " + std::to_string(description->cBuffers) + ", at most " +
                       std::to_string(kMostBuffers) + " are taken");
  }
  if (description->cBuffers != 0 && description->pBuffers == nullptr) return bad_buffers("pBuffers is NULL");
  return std::span<SecBuffer>{description->pBuffers, description->cBuffers};
}

// A buffer that claims bytes has memory for them; an EMPTY one claims nothing.
Result<std::span<SecBuffer>> readable_buffers(const SecBufferDesc* description) {
  auto buffers = buffers_of(description);
  if (!buffers) return buffers;
  for (std::size_t i = 0; i < buffers->size(); ++i) {
    const SecBuffer& buffer = (*buffers)[i];
    if (core::buffer_type(buffer) != SECBUFFER_EMPTY && buffer.cbBuffer != 0 && buffer.pvBuffer == nullptr) {
      return bad_buffers("buffer " + std::to_string(i) + " claims " + std::to_string(buffer.cbBuffer) +
                         " bytes and its pvBuffer is NULL");
    }
  }
  return buffers;
}

Result<Bytes> bindings_part(Bytes all, std::uint32_t offset, std::uint32_t length, const char* what) {
  if (length == 0) return Bytes{};
  if (!fits(offset, length, all.size())) {
    return bad_buffers(std::string("SEC_CHANNEL_BINDINGS: ") + what + " lies outside of the buffer of " +
                       std::to_string(all.size()) + " bytes: offset " + std::to_string(offset) + ", length " +
                       std::to_string(length));
  }
  return all.subspan(offset, length);
}

Result<core::ChannelBindings> read_bindings(Bytes all) {
  SEC_CHANNEL_BINDINGS head;
  if (all.size() < sizeof head) {
    return bad_buffers("SEC_CHANNEL_BINDINGS has " + std::to_string(all.size()) + " bytes, its head alone 32");
  }
  std::memcpy(&head, all.data(), sizeof head);  // the caller's own structure, checked below
  auto initiator = bindings_part(all, head.dwInitiatorOffset, head.cbInitiatorLength, "the initiator's address");
  if (!initiator) return fail(initiator);
  auto acceptor = bindings_part(all, head.dwAcceptorOffset, head.cbAcceptorLength, "the acceptor's address");
  if (!acceptor) return fail(acceptor);
  auto application = bindings_part(all, head.dwApplicationDataOffset, head.cbApplicationDataLength, "application data");
  if (!application) return fail(application);
  return core::ChannelBindings{head.dwInitiatorAddrType, *initiator, head.dwAcceptorAddrType, *acceptor, *application};
}

// The fields that both forms of the identity have.
struct IdentityFields {
  const USHORT* user;
  ULONG user_length;
  const USHORT* domain;
  ULONG domain_length;
  const USHORT* password;
  ULONG password_length;
  ULONG flags;
  const USHORT* package_list;
  ULONG package_list_length;
};

std::unexpected<Error> bad_identity(std::string why) {
  return fail(Status::unknown_credentials, "SEC_WINNT_AUTH_IDENTITY", std::move(why));
}

// Both forms begin differently: the extended one with its version and its own size, the plain one with a pointer. Small
// numbers in the place of that pointer are an extended form too, one that is not right.
constexpr ULONG kExtended2 = 0x201;       // SEC_WINNT_AUTH_IDENTITY_VERSION_2
constexpr ULONG kLeastPointerTop = 4096;  // of the upper half of a pointer

Result<bool> is_extended(const void* auth_data) {
  ULONG head[2];
  std::memcpy(head, auth_data, sizeof head);
  if (head[0] == SEC_WINNT_AUTH_IDENTITY_VERSION && head[1] == sizeof(SEC_WINNT_AUTH_IDENTITY_EXW)) return true;
  if (head[0] == SEC_WINNT_AUTH_IDENTITY_VERSION && head[1] < kLeastPointerTop) {
    return bad_identity("Version is 0x200 and Length " + std::to_string(head[1]) + ", SEC_WINNT_AUTH_IDENTITY_EX has " +
                        std::to_string(sizeof(SEC_WINNT_AUTH_IDENTITY_EXW)) + " bytes");
  }
  if (head[0] == kExtended2 && (head[1] & 0xFFFF) < kLeastPointerTop && head[1] >> 16 == 0) {
    return bad_identity("Version is 0x201: SEC_WINNT_AUTH_IDENTITY_EX2 is not understood; give version 0x200");
  }
  return false;
}

Result<IdentityFields> identity_fields(const void* auth_data) {
  auto extended = is_extended(auth_data);
  if (!extended) return fail(extended);
  if (*extended) {
    const auto& ex = *static_cast<const SEC_WINNT_AUTH_IDENTITY_EXW*>(auth_data);
    return IdentityFields{ex.User,           ex.UserLength, ex.Domain,      ex.DomainLength,     ex.Password,
                          ex.PasswordLength, ex.Flags,      ex.PackageList, ex.PackageListLength};
  }
  const auto& plain = *static_cast<const SEC_WINNT_AUTH_IDENTITY_W*>(auth_data);
  return IdentityFields{plain.User,         plain.UserLength, plain.Domain,
                        plain.DomainLength, plain.Password,   plain.PasswordLength,
                        plain.Flags,        nullptr,          0};
}

// Wiped by the caller where it is the password.
Result<std::u16string> identity_text(const USHORT* text, ULONG length, bool utf8, const char* what) {
  if (text == nullptr || length == 0) return std::u16string{};
  if (length > kMostCharacters) {
    return bad_identity(std::string(what) + " has " + std::to_string(length) + " characters, at most " +
                        std::to_string(kMostCharacters) + " are taken");
  }
  if (utf8) {
    auto converted = to_utf16({reinterpret_cast<const char*>(text), length});
    if (!converted) return bad_identity(std::string(what) + ": " + converted.error().detail);
    return converted;
  }
  return std::u16string(reinterpret_cast<const char16_t*>(text), length);
}

Result<Secret> identity_password(const IdentityFields& fields, bool utf8) {
  auto text = identity_text(fields.password, fields.password_length, utf8, "the password");
  if (!text) return fail(text);
  Secret password(2 * text->size());
  for (std::size_t i = 0; i < text->size(); ++i) {
    password.writable()[2 * i] = static_cast<std::uint8_t>((*text)[i] & 0xFF);
    password.writable()[2 * i + 1] = static_cast<std::uint8_t>((*text)[i] >> 8);
  }
  wipe(text->data(), text->size() * sizeof(char16_t));
  return password;
}

}  // namespace

std::u16string_view text_of(const SEC_WCHAR* text) {
  return text == nullptr ? std::u16string_view{} : std::u16string_view(reinterpret_cast<const char16_t*>(text));
}

Result<std::span<SecBuffer>> message_buffers(const SecBufferDesc* description) {
  if (description == nullptr) return bad_buffers("pMessage is NULL");
  return readable_buffers(description);
}

Result<std::span<SecBuffer>> output_buffers(const SecBufferDesc* description) { return buffers_of(description); }

Result<core::StepInput> step_input(const SecBufferDesc* description) {
  auto buffers = readable_buffers(description);
  if (!buffers) return fail(buffers);
  core::StepInput input;
  input.buffers = *buffers;
  if (const SecBuffer* token = core::find_buffer(*buffers, SECBUFFER_TOKEN)) input.token = core::buffer_bytes(*token);
  if (const SecBuffer* protocols = core::find_buffer(*buffers, SECBUFFER_APPLICATION_PROTOCOLS)) {
    input.application_protocols = core::buffer_bytes(*protocols);
  }
  if (const SecBuffer* bindings = core::find_buffer(*buffers, SECBUFFER_CHANNEL_BINDINGS)) {
    auto read = read_bindings(core::buffer_bytes(*bindings));
    if (!read) return fail(read);
    input.bindings = *read;
  }
  return input;
}

Result<core::AuthIdentity> read_identity(const void* auth_data) {
  auto fields = identity_fields(auth_data);
  if (!fields) return fail(fields);
  const bool utf8 = (fields->flags & SEC_WINNT_AUTH_IDENTITY_ANSI) != 0;
  const bool utf16 = (fields->flags & SEC_WINNT_AUTH_IDENTITY_UNICODE) != 0;
  if (utf8 == utf16) {
    return bad_identity("Flags is " + hex32(fields->flags) + ", exactly one of _ANSI (1) and _UNICODE (2) is needed");
  }
  if ((fields->flags & SEC_WINNT_AUTH_IDENTITY_MARSHALLED) != 0) {
    return bad_identity("marshalled credentials are not understood; give user, domain and password");
  }
  core::AuthIdentity identity;
  auto user = identity_text(fields->user, fields->user_length, utf8, "the user");
  if (!user) return fail(user);
  auto domain = identity_text(fields->domain, fields->domain_length, utf8, "the domain");
  if (!domain) return fail(domain);
  auto list = identity_text(fields->package_list, fields->package_list_length, utf8, "the package list");
  if (!list) return fail(list);
  auto password = identity_password(*fields, utf8);
  if (!password) return fail(password);
  identity.user = std::move(*user);
  identity.domain = std::move(*domain);
  identity.package_list = std::move(*list);
  identity.password = std::move(*password);
  identity.has_user = fields->user != nullptr;
  identity.has_domain = fields->domain != nullptr;
  identity.has_password = fields->password != nullptr;
  identity.password_is_nt_hash = (fields->flags & OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH) != 0;
  return identity;
}

void wipe_identity(void* auth_data) {
  auto fields = identity_fields(auth_data);
  auto extended = is_extended(auth_data);
  if (!fields || !extended) return;
  const std::size_t unit = (fields->flags & SEC_WINNT_AUTH_IDENTITY_ANSI) != 0 ? 1 : sizeof(char16_t);
  const auto wipe_text = [unit](const USHORT* text, ULONG length) {
    if (text != nullptr) wipe(const_cast<USHORT*>(text), length * unit);
  };
  wipe_text(fields->user, fields->user_length);
  wipe_text(fields->domain, fields->domain_length);
  wipe_text(fields->password, fields->password_length);
  wipe_text(fields->package_list, fields->package_list_length);
  wipe(auth_data, *extended ? sizeof(SEC_WINNT_AUTH_IDENTITY_EXW) : sizeof(SEC_WINNT_AUTH_IDENTITY_W));
}

}  // namespace opensspi::capi
