// SSPI for C++23: credentials and contexts that free themselves, results that say why they failed. Header only, over
// the C functions of sspi.h and extra.h, for Linux and Windows alike.
//
//   auto credential = opensspi::Credential::acquire(u"NTLM", opensspi::Use::outbound);
//   if (!credential) return report(credential.error());
//   opensspi::Context context(opensspi::Role::client, credential->handle(), {.flags = ISC_REQ_CONFIDENTIALITY});
//   auto step = context.step({});              // the first token is in step->token.bytes()
//
// Text is UTF-16 where the interface has names, UTF-8 in Error. No function throws but for lack of memory. An object is
// used by one thread at a time.
#ifndef OPENSSPI_SSPI_HPP
#define OPENSSPI_SSPI_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/sec_status.h"

namespace opensspi {
inline namespace v1 {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;
using WideText = std::basic_string<SEC_WCHAR>;  // what the C functions take: char16_t, on Windows wchar_t

// ---- Text and statuses.
// ----------------------------------------------------------------------------------------------

inline WideText to_wide(std::u16string_view text) { return WideText(text.begin(), text.end()); }

inline std::u16string from_wide(const SEC_WCHAR* text) {
  if (text == nullptr) return {};
  const std::basic_string_view<SEC_WCHAR> view(text);
  return std::u16string(view.begin(), view.end());
}

namespace detail {

inline void append_utf8(std::string& to, std::uint32_t code_point) {
  const auto put = [&to](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace detail

// Lone surrogates become U+FFFD.
inline std::string to_utf8(std::u16string_view text) {
  std::string utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t unit = text[i];
    const bool pair = unit >= 0xD800 && unit < 0xDC00 && i + 1 < text.size() && (text[i + 1] & 0xFC00) == 0xDC00;
    if (pair) {
      const std::uint32_t low = text[++i];
      detail::append_utf8(utf8, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
    } else {
      detail::append_utf8(utf8, (unit & 0xF800) == 0xD800 ? 0xFFFD : unit);
    }
  }
  return utf8;
}

// "SEC_E_INVALID_TOKEN"; "" for a number that has no name.
inline std::string_view status_name(SECURITY_STATUS status) {
  switch (static_cast<std::uint32_t>(status)) {
#define OPENSSPI_STATUS_CASE(name, identifier, number, text) \
  case number:                                               \
    return #name;
    OPENSSPI_STATUS_TABLE(OPENSSPI_STATUS_CASE)
#undef OPENSSPI_STATUS_CASE
    default:
      return {};
  }
}

// The words for a status, as a user of Windows knows them.
inline std::string status_message(SECURITY_STATUS status) {
  switch (static_cast<std::uint32_t>(status)) {
#define OPENSSPI_STATUS_CASE(name, identifier, number, text) \
  case number:                                               \
    return text;
    OPENSSPI_STATUS_TABLE(OPENSSPI_STATUS_CASE)
#undef OPENSSPI_STATUS_CASE
    default:
      return "Unknown status " + std::to_string(status);
  }
}

// What failed, for the owner of the context and never for the peer. Where the system does not tell more than the
// status (Windows), package, check and text are empty.
struct Error {
  SECURITY_STATUS status = SEC_E_OK;
  std::string package;  // "NTLM"
  std::string check;    // "AUTHENTICATE_MESSAGE MIC"
  std::string text;     // what was wrong, with the value, and what would be right
  ByteVector token;     // a token that a failing step owes the peer all the same

  std::string message() const { return status_message(status); }
};

template <typename T>
using Expected = std::expected<T, Error>;

// The last failure of this thread; status SEC_E_OK where none happened or the system does not tell.
inline Error last_failure() {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  if (OpenSspiGetLastFailureW(&failure) != SEC_E_OK) return {};
  return {failure.Status,
          to_utf8(from_wide(failure.Package)),
          to_utf8(from_wide(failure.Check)),
          to_utf8(from_wide(failure.Text)),
          {}};
}

inline std::unexpected<Error> failed(SECURITY_STATUS status) {
  Error error = last_failure();
  if (error.status != status) error = {};
  error.status = status;
  return std::unexpected<Error>(std::move(error));
}

// ---- Memory of the interface.
// ----------------------------------------------------------------------------------------

struct ContextBufferDeleter {
  void operator()(void* memory) const noexcept { FreeContextBuffer(memory); }
};
template <typename T>
using Owned = std::unique_ptr<T, ContextBufferDeleter>;

// A token that the interface allocated; may be empty.
class Token {
 public:
  Token() = default;
  Token(void* memory, std::size_t size_bytes) : memory_(static_cast<std::uint8_t*>(memory)), size_bytes_(size_bytes) {}
  Bytes bytes() const { return {memory_.get(), memory_ ? size_bytes_ : 0}; }
  bool empty() const { return bytes().empty(); }

 private:
  Owned<std::uint8_t> memory_;
  std::size_t size_bytes_ = 0;
};

inline bool fits_ulong(std::size_t size_bytes) { return size_bytes <= std::numeric_limits<std::uint32_t>::max(); }

// The interface promises not to write to what a call only reads.
inline SecBuffer buffer_of(ULONG type, Bytes bytes) {
  return {static_cast<ULONG>(bytes.size()), type, const_cast<std::uint8_t*>(bytes.data())};
}

inline std::int64_t ticks(const TimeStamp& time) {  // 100 ns since 1601
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(static_cast<std::uint32_t>(time.HighPart)) << 32) |
                                   static_cast<std::uint32_t>(time.LowPart));
}

// ---- Packages.
// -------------------------------------------------------------------------------------------------------

struct PackageInfo {
  std::u16string name, comment;
  ULONG capabilities = 0;  // SECPKG_FLAG_x
  USHORT version = 0;
  USHORT rpc_id = 0;
  ULONG max_token_bytes = 0;
};

// The capabilities in words, from bit 0 upwards: SECPKG_FLAG_x.
inline constexpr std::array<std::string_view, 26> kCapabilityNames = {"integrity",
                                                                      "privacy",
                                                                      "tokenonly",
                                                                      "datagram",
                                                                      "connection",
                                                                      "multirequired",
                                                                      "clientonly",
                                                                      "extendederror",
                                                                      "impersonation",
                                                                      "acceptwin32name",
                                                                      "stream",
                                                                      "negotiable",
                                                                      "gsscompatible",
                                                                      "logon",
                                                                      "asciibuffers",
                                                                      "fragment",
                                                                      "mutualauth",
                                                                      "delegation",
                                                                      "readonlywithchecksum",
                                                                      "restrictedtokens",
                                                                      "negoextender",
                                                                      "negotiable2",
                                                                      "appcontainerpassthrough",
                                                                      "appcontainerchecks",
                                                                      "credentialisolation",
                                                                      "applyloopback"};

inline PackageInfo package_info(const SecPkgInfoW& info) {
  return {from_wide(info.Name), from_wide(info.Comment), info.fCapabilities, info.wVersion,
          info.wRPCID,          info.cbMaxToken};
}

inline Expected<std::vector<PackageInfo>> packages() {
  ULONG count = 0;
  PSecPkgInfoW list = nullptr;
  const SECURITY_STATUS status = EnumerateSecurityPackagesW(&count, &list);
  if (status != SEC_E_OK) return failed(status);
  const Owned<SecPkgInfoW> owner(list);
  std::vector<PackageInfo> found;
  for (const SecPkgInfoW& info : std::span(list, count)) found.push_back(package_info(info));
  return found;
}

// ---- Credentials.
// ----------------------------------------------------------------------------------------------------

enum class Use : std::uint32_t {
  inbound = SECPKG_CRED_INBOUND,
  outbound = SECPKG_CRED_OUTBOUND,
  both = SECPKG_CRED_BOTH
};

// An explicit account; the views must live during the call only. Three empty texts: anonymous.
struct Identity {
  std::u16string_view user, domain, password;
  bool nt_hash = false;  // password is the NT hash, 32 hexadecimal digits; not on Windows
};

// Which packages Negotiate may use: "Kerberos,NTLM" are those to use, "!NTLM" are those to leave out; empty: all.
using PackageList = std::u16string_view;

class Credential {
 public:
  Credential() { SecInvalidateHandle(&handle_); }
  Credential(Credential&& other) noexcept : handle_(other.release()), expiry_(other.expiry_) {}
  Credential& operator=(Credential&& other) noexcept {
    if (this != &other) {
      reset();
      expiry_ = other.expiry_;
      handle_ = other.release();
    }
    return *this;
  }
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  ~Credential() { reset(); }

  // The process's own credential of a package.
  static Expected<Credential> acquire(std::u16string_view package, Use use, std::u16string_view principal = {}) {
    return acquire_with(package, use, principal, nullptr);
  }

  // The same with what Negotiate may use.
  static Expected<Credential> acquire(std::u16string_view package, Use use, std::u16string_view principal,
                                      PackageList packages) {
    SEC_WINNT_AUTH_IDENTITY_EXW native = listing(packages);
    return acquire_with(package, use, principal, &native);
  }

  // That of an account.
  static Expected<Credential> acquire(std::u16string_view package, Use use, std::u16string_view principal,
                                      const Identity& identity, PackageList packages = {}) {
    SEC_WINNT_AUTH_IDENTITY_EXW native = listing(packages);
    native.User = units(identity.user);
    native.UserLength = static_cast<ULONG>(identity.user.size());
    native.Domain = units(identity.domain);
    native.DomainLength = static_cast<ULONG>(identity.domain.size());
    native.Password = units(identity.password);
    native.PasswordLength = static_cast<ULONG>(identity.password.size());
    if (identity.nt_hash) native.Flags |= OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH;
    return acquire_with(package, use, principal, &native);
  }

  // `auth_data` is what the package takes: SCHANNEL_CRED, SEC_WINNT_AUTH_IDENTITY_EXW, NULL.
  static Expected<Credential> acquire_with(std::u16string_view package, Use use, std::u16string_view principal,
                                           void* auth_data) {
    WideText package_name = to_wide(package);
    WideText principal_name = to_wide(principal);
    Credential made;
    const SECURITY_STATUS status = AcquireCredentialsHandleW(principal.empty() ? nullptr : principal_name.data(),
                                                             package_name.data(), static_cast<ULONG>(use), nullptr,
                                                             auth_data, nullptr, nullptr, &made.handle_, &made.expiry_);
    if (status == SEC_E_OK) return made;
    SecInvalidateHandle(&made.handle_);
    return failed(status);
  }

  // Where an acceptor's log-ons are verified: "smbpasswd:PATH", "plain:PATH", "winbind", "self".
  Expected<void> set_accounts(std::u16string_view source) {
    const WideText text = to_wide(source);
    OPENSSPI_ACCOUNTS accounts{text.c_str(), nullptr, nullptr};
    return set(OPENSSPI_CRED_ATTR_ACCOUNTS, accounts);
  }
  // `function` is called with `context` by any thread that accepts, for as long as a context of this credential lives.
  Expected<void> set_accounts(OPENSSPI_ACCOUNT_FN function, void* context) {
    OPENSSPI_ACCOUNTS accounts{nullptr, function, context};
    return set(OPENSSPI_CRED_ATTR_ACCOUNTS, accounts);
  }
  Expected<void> set_ntlm_policy(OPENSSPI_NTLM_POLICY policy) { return set(OPENSSPI_CRED_ATTR_NTLM_POLICY, policy); }

  Expected<std::u16string> user_name() const {
    SecPkgCredentials_NamesW names{};
    const SECURITY_STATUS status = QueryCredentialsAttributesW(mutable_handle(), SECPKG_CRED_ATTR_NAMES, &names);
    if (status != SEC_E_OK) return failed(status);
    const Owned<SEC_WCHAR> owner(names.sUserName);
    return from_wide(names.sUserName);
  }

  CredHandle handle() const { return handle_; }
  std::int64_t expiry_ticks() const { return ticks(expiry_); }

  // The handle is the caller's from here on.
  CredHandle release() {
    const CredHandle handle = handle_;
    SecInvalidateHandle(&handle_);
    return handle;
  }

 private:
  template <typename T>
  Expected<void> set(ULONG attribute, T& value) {
    const SECURITY_STATUS status = SetCredentialsAttributesW(&handle_, attribute, &value, sizeof value);
    if (status != SEC_E_OK) return failed(status);
    return {};
  }
  void reset() {
    if (SecIsValidHandle(&handle_)) FreeCredentialsHandle(&handle_);
    SecInvalidateHandle(&handle_);
  }
  CredHandle* mutable_handle() const { return const_cast<CredHandle*>(&handle_); }
  // Of nobody yet, which is the process itself.
  static SEC_WINNT_AUTH_IDENTITY_EXW listing(PackageList packages) {
    SEC_WINNT_AUTH_IDENTITY_EXW native{};
    native.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
    native.Length = sizeof native;
    native.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
    native.PackageList = units(packages);
    native.PackageListLength = static_cast<ULONG>(packages.size());
    return native;
  }
  // An empty text is a pointer all the same: NULL would mean "the process's own".
  static USHORT* units(std::u16string_view text) {
    static const char16_t kEmpty[1] = {};
    return const_cast<USHORT*>(reinterpret_cast<const USHORT*>(text.empty() ? kEmpty : text.data()));
  }

  CredHandle handle_;
  TimeStamp expiry_{};
};

// ---- Contexts.
// -------------------------------------------------------------------------------------------------------

enum class Role { client, server };

// What a context is asked for; kept for all of its steps.
struct Requirements {
  std::u16string target = {};  // client: service principal name, or host name for TLS
  ULONG flags = 0;             // ISC_REQ_x or ASC_REQ_x
  ULONG data_representation = SECURITY_NETWORK_DREP;
  ByteVector channel_bindings = {};       // application data, "tls-server-end-point:" and the hash; empty for none
  ByteVector application_protocols = {};  // a SEC_APPLICATION_PROTOCOLS, for TLS; empty for none
};

// SEC_CHANNEL_BINDINGS with no addresses and this application data.
inline ByteVector make_channel_bindings(Bytes application_data) {
  SEC_CHANNEL_BINDINGS header{};
  header.cbApplicationDataLength = static_cast<ULONG>(application_data.size());
  header.dwApplicationDataOffset = sizeof header;
  ByteVector made(sizeof header + application_data.size());
  std::memcpy(made.data(), &header, sizeof header);
  if (!application_data.empty()) std::memcpy(&made[sizeof header], application_data.data(), application_data.size());
  return made;
}

struct Step {
  SECURITY_STATUS status = SEC_E_OK;  // not negative, or SEC_E_INCOMPLETE_MESSAGE
  Token token;                        // for the peer; may be empty
  std::size_t extra_bytes = 0;        // at the end of the input, not used
  std::size_t missing_bytes = 0;      // with SEC_E_INCOMPLETE_MESSAGE, where the package knows
};

// The lengths of what a protecting call left in the caller's buffers.
struct Protected {
  std::size_t token_bytes = 0, data_bytes = 0, padding_bytes = 0;
};

class Context {
 public:
  Context(Role role, CredHandle credential, Requirements requirements)
      : role_(role), credential_(credential), requirements_(std::move(requirements)) {
    SecInvalidateHandle(&handle_);
    if (!requirements_.channel_bindings.empty()) {
      requirements_.channel_bindings = make_channel_bindings(requirements_.channel_bindings);
    }
    target_ = to_wide(requirements_.target);
  }
  Context(Context&& other) noexcept
      : role_(other.role_),
        credential_(other.credential_),
        handle_(other.handle_),
        requirements_(std::move(other.requirements_)),
        target_(std::move(other.target_)),
        flags_(other.flags_),
        expiry_(other.expiry_) {
    SecInvalidateHandle(&other.handle_);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context() { close(); }

  // One step. A client's first takes no input. The credential must live until the first step is done.
  Expected<Step> step(Bytes input) {
    if (!fits_ulong(input.size())) return failed(SEC_E_INVALID_TOKEN);
    std::array<SecBuffer, 4> buffers;
    SecBufferDesc in{SECBUFFER_VERSION, fill(buffers, input), buffers.data()};
    SecBuffer token{0, SECBUFFER_TOKEN, nullptr};
    SecBufferDesc out{SECBUFFER_VERSION, 1, &token};
    SECURITY_STATUS status = call(in.cBuffers == 0 ? nullptr : &in, &out);
    if (status == SEC_I_COMPLETE_NEEDED || status == SEC_I_COMPLETE_AND_CONTINUE) status = complete(status, out);
    Step step{status, Token(token.pvBuffer, token.cbBuffer), 0, 0};
    if (status < 0 && status != SEC_E_INCOMPLETE_MESSAGE) return failed_step(status, step.token);
    for (const SecBuffer& buffer : std::span(buffers).first(in.cBuffers)) {
      if (buffer.BufferType == SECBUFFER_EXTRA) step.extra_bytes = buffer.cbBuffer;
      if (buffer.BufferType == SECBUFFER_MISSING) step.missing_bytes = buffer.cbBuffer;
    }
    if (step.extra_bytes > input.size()) step.extra_bytes = input.size();
    return step;
  }

  void add_flags(ULONG flags) { requirements_.flags |= flags; }
  ULONG required_flags() const { return requirements_.flags; }

  // Tells the package of something that the next step carries out: Schannel's shutdown.
  Expected<void> control(Bytes content) {
    SecBuffer token = buffer_of(SECBUFFER_TOKEN, content);
    SecBufferDesc message{SECBUFFER_VERSION, 1, &token};
    return done(ApplyControlToken(&handle_, &message));
  }

  // Signs; `signature` has room for sizes().cbMaxSignature. Gives the bytes used of it.
  Expected<std::size_t> sign(Bytes data, MutableBytes signature, ULONG sequence = 0, ULONG qop = 0) {
    std::array<SecBuffer, 2> buffers{buffer_of(SECBUFFER_TOKEN, signature),
                                     buffer_of(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
    if (!all_fit(signature.size(), data.size(), 0)) return failed(SEC_E_INVALID_PARAMETER);
    SecBufferDesc message{SECBUFFER_VERSION, buffers.size(), buffers.data()};
    const SECURITY_STATUS status = MakeSignature(&handle_, qop, &message, sequence);
    if (status != SEC_E_OK) return failed(status);
    return buffers[0].cbBuffer;
  }

  // Gives the quality of protection, 0 as a rule.
  Expected<ULONG> verify(Bytes data, Bytes signature, ULONG sequence = 0) {
    std::array<SecBuffer, 2> buffers{buffer_of(SECBUFFER_TOKEN | SECBUFFER_READONLY, signature),
                                     buffer_of(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
    if (!all_fit(signature.size(), data.size(), 0)) return failed(SEC_E_INVALID_PARAMETER);
    SecBufferDesc message{SECBUFFER_VERSION, buffers.size(), buffers.data()};
    ULONG qop = 0;
    const SECURITY_STATUS status = VerifySignature(&handle_, &message, sequence, &qop);
    if (status != SEC_E_OK) return failed(status);
    return qop;
  }

  // Encrypts `data` in place; `token` has room for cbSecurityTrailer, `padding` for cbBlockSize.
  Expected<Protected> encrypt(MutableBytes token, MutableBytes data, MutableBytes padding, ULONG sequence = 0,
                              ULONG qop = 0) {
    return seal(SECBUFFER_TOKEN, SECBUFFER_PADDING, token, data, padding, sequence, qop);
  }

  // One record of a stream, in place; header, data and trailer stand side by side.
  Expected<Protected> encrypt_record(MutableBytes header, MutableBytes data, MutableBytes trailer, ULONG qop = 0) {
    return seal(SECBUFFER_STREAM_HEADER, SECBUFFER_STREAM_TRAILER, header, data, trailer, 0, qop);
  }

  // Decrypts in place. The plain text is what stands in the buffers of the returned list that are DATA: as a rule
  // exactly `data`.
  Expected<std::array<SecBuffer, 3>> decrypt(MutableBytes token, MutableBytes data, MutableBytes padding,
                                             ULONG sequence = 0) {
    std::array<SecBuffer, 3> buffers{buffer_of(SECBUFFER_TOKEN, token), buffer_of(SECBUFFER_DATA, data),
                                     buffer_of(SECBUFFER_PADDING, padding)};
    if (!all_fit(token.size(), data.size(), padding.size())) return failed(SEC_E_INVALID_PARAMETER);
    SecBufferDesc message{SECBUFFER_VERSION, buffers.size(), buffers.data()};
    const SECURITY_STATUS status = DecryptMessage(&handle_, &message, sequence, nullptr);
    if (status != SEC_E_OK) return failed(status);
    return buffers;
  }

  struct Record {
    SECURITY_STATUS status = SEC_E_OK;  // OK, SEC_E_INCOMPLETE_MESSAGE, SEC_I_CONTEXT_EXPIRED, SEC_I_RENEGOTIATE
    MutableBytes plain;                 // inside the input
    std::size_t extra_bytes = 0;        // at the end of the input
  };

  // Decrypts the first record of `input` in place; an incomplete one leaves it untouched.
  Expected<Record> decrypt_record(MutableBytes input) {
    if (!fits_ulong(input.size())) return failed(SEC_E_INVALID_PARAMETER);
    std::array<SecBuffer, 4> buffers{buffer_of(SECBUFFER_DATA, input)};
    SecBufferDesc message{SECBUFFER_VERSION, buffers.size(), buffers.data()};
    Record record;
    record.status = DecryptMessage(&handle_, &message, 0, nullptr);
    if (record.status < 0 && record.status != SEC_E_INCOMPLETE_MESSAGE) return failed(record.status);
    if (record.status == SEC_E_INCOMPLETE_MESSAGE) return record;
    for (const SecBuffer& buffer : std::span(buffers).subspan(1)) {
      if (buffer.BufferType == SECBUFFER_DATA)
        record.plain = {static_cast<std::uint8_t*>(buffer.pvBuffer), buffer.cbBuffer};
      if (buffer.BufferType == SECBUFFER_EXTRA) record.extra_bytes = buffer.cbBuffer;
    }
    return record;
  }

  // ---- Queries. ----

  // Any attribute: T is its structure, and value what it says beforehand (a version). Pointers in it are the caller's,
  // to be given to FreeContextBuffer.
  template <typename T>
  Expected<T> query(ULONG attribute, T value = {}) const {
    const SECURITY_STATUS status = QueryContextAttributesW(mutable_handle(), attribute, &value);
    if (status != SEC_E_OK) return failed(status);
    return value;
  }

  Expected<SecPkgContext_Sizes> sizes() const { return query<SecPkgContext_Sizes>(SECPKG_ATTR_SIZES); }
  Expected<SecPkgContext_StreamSizes> stream_sizes() const {
    return query<SecPkgContext_StreamSizes>(SECPKG_ATTR_STREAM_SIZES);
  }
  Expected<ULONG> flags() const {
    const auto answer = query<SecPkgContext_Flags>(SECPKG_ATTR_FLAGS);
    if (!answer) return std::unexpected(answer.error());
    return answer->Flags;
  }
  Expected<std::u16string> user_name() const {
    return text(query<SecPkgContext_NamesW>(SECPKG_ATTR_NAMES), &SecPkgContext_NamesW::sUserName);
  }
  Expected<std::u16string> authority() const {
    return text(query<SecPkgContext_AuthorityW>(SECPKG_ATTR_AUTHORITY), &SecPkgContext_AuthorityW::sAuthorityName);
  }
  Expected<std::u16string> client_target() const {
    using Answer = SecPkgContext_ClientSpecifiedTarget;
    return text(query<Answer>(SECPKG_ATTR_CLIENT_SPECIFIED_TARGET), &Answer::sTargetName);
  }
  Expected<std::u16string> fallback_reason() const {
    return text(query<OpenSspiContext_Fallback>(OPENSSPI_ATTR_FALLBACK), &OpenSspiContext_Fallback::Reason);
  }
  Expected<PackageInfo> package() const {
    const auto answer = query<SecPkgContext_PackageInfoW>(SECPKG_ATTR_PACKAGE_INFO);
    if (!answer) return std::unexpected(answer.error());
    const Owned<SecPkgInfoW> owner(answer->PackageInfo);
    return package_info(*answer->PackageInfo);
  }
  // When the context ends, in 100 ns since 1601.
  Expected<std::int64_t> expiry_ticks() const {
    const auto answer = query<SecPkgContext_Lifespan>(SECPKG_ATTR_LIFESPAN);
    if (!answer) return std::unexpected(answer.error());
    return ticks(answer->tsExpiry);
  }

  struct KeyInfo {
    std::u16string signature_algorithm, encryption_algorithm;
    ULONG key_bits = 0;
  };
  Expected<KeyInfo> key_info() const {
    const auto answer = query<SecPkgContext_KeyInfoW>(SECPKG_ATTR_KEY_INFO);
    if (!answer) return std::unexpected(answer.error());
    const Owned<SEC_WCHAR> signature(answer->sSignatureAlgorithmName), encryption(answer->sEncryptAlgorithmName);
    return KeyInfo{from_wide(signature.get()), from_wide(encryption.get()), answer->KeySize};
  }

  struct Names {
    std::u16string client, server;
  };
  Expected<Names> native_names() const {
    const auto answer = query<SecPkgContext_NativeNamesW>(SECPKG_ATTR_NATIVE_NAMES);
    if (!answer) return std::unexpected(answer.error());
    const Owned<SEC_WCHAR> client(answer->sClientName), server(answer->sServerName);
    return Names{from_wide(client.get()), from_wide(server.get())};
  }

  // The key itself, in memory that is wiped when it is freed.
  struct SessionKey {
    Owned<unsigned char> memory;
    std::size_t size_bytes = 0;
    Bytes bytes() const { return {memory.get(), size_bytes}; }
  };
  Expected<SessionKey> session_key() const {
    const auto answer = query<SecPkgContext_SessionKey>(SECPKG_ATTR_SESSION_KEY);
    if (!answer) return std::unexpected(answer.error());
    return SessionKey{Owned<unsigned char>(answer->SessionKey), answer->SessionKeyLength};
  }

  // Who the peer of a server is, or a client's own account.
  struct Account {
    std::u16string account, domain, source;
    std::vector<std::u16string> sids;
    bool anonymous = false;
    bool guest = false;
  };
  Expected<Account> account() const {
    const auto answer = query<OpenSspiContext_Identity>(OPENSSPI_ATTR_IDENTITY);
    if (!answer) return std::unexpected(answer.error());
    const Owned<OPENSSPI_IDENTITY> owner(answer->Identity);
    const OPENSSPI_IDENTITY& identity = *answer->Identity;
    Account account{from_wide(identity.Account),
                    from_wide(identity.Domain),
                    from_wide(identity.Source),
                    {},
                    (identity.Flags & OPENSSPI_IDENTITY_ANONYMOUS) != 0,
                    (identity.Flags & OPENSSPI_IDENTITY_GUEST) != 0};
    for (const SEC_WCHAR* sid : std::span(identity.Sids, identity.cSids)) account.sids.push_back(from_wide(sid));
    return account;
  }

  Role role() const { return role_; }
  CtxtHandle handle() const { return handle_; }
  bool started() const { return SecIsValidHandle(&handle_); }
  ULONG returned_flags() const { return flags_; }  // ISC_RET_x or ASC_RET_x of the last step

  // Ends the context; what it is asked afterwards is refused with SEC_E_INVALID_HANDLE.
  void close() {
    if (started()) DeleteSecurityContext(&handle_);
    SecInvalidateHandle(&handle_);
  }

 private:
  // The list of the input: TOKEN, on later calls EMPTY, then bindings and protocols where there are any. A later call
  // without input (a shutdown, a renegotiation) passes nothing at all.
  ULONG fill(std::array<SecBuffer, 4>& buffers, Bytes input) const {
    ULONG count = 0;
    if (started() && input.empty()) return count;
    if (!input.empty() || (role_ == Role::server && !started())) buffers[count++] = buffer_of(SECBUFFER_TOKEN, input);
    if (!input.empty() && started()) buffers[count++] = SecBuffer{0, SECBUFFER_EMPTY, nullptr};
    if (!requirements_.channel_bindings.empty()) {
      buffers[count++] = buffer_of(SECBUFFER_CHANNEL_BINDINGS, requirements_.channel_bindings);
    }
    if (!requirements_.application_protocols.empty() && (role_ == Role::server || !started())) {
      buffers[count++] = buffer_of(SECBUFFER_APPLICATION_PROTOCOLS, requirements_.application_protocols);
    }
    return count;
  }

  SECURITY_STATUS call(SecBufferDesc* in, SecBufferDesc* out) {
    const bool first = !started();
    CtxtHandle made;
    SecInvalidateHandle(&made);
    CtxtHandle* target = first ? &made : &handle_;
    CredHandle* credential = first || kCredentialAtEachStep ? &credential_ : nullptr;
    const SECURITY_STATUS status =
        role_ == Role::client
            ? InitializeSecurityContextW(credential, first ? nullptr : &handle_,
                                         target_.empty() ? nullptr : target_.data(),
                                         requirements_.flags | ISC_REQ_ALLOCATE_MEMORY, 0,
                                         requirements_.data_representation, in, 0, target, out, &flags_, &expiry_)
            : AcceptSecurityContext(credential, first ? nullptr : &handle_, in,
                                    requirements_.flags | ASC_REQ_ALLOCATE_MEMORY, requirements_.data_representation,
                                    target, out, &flags_, &expiry_);
    if (first && made.dwLower == 0 && made.dwUpper == 0) SecInvalidateHandle(&made);
    if (first && (status >= 0 || SecIsValidHandle(&made))) handle_ = made;
    return status;
  }

  SECURITY_STATUS complete(SECURITY_STATUS status, SecBufferDesc& out) {
    const SECURITY_STATUS completed = CompleteAuthToken(&handle_, &out);
    if (completed != SEC_E_OK) return completed;
    return status == SEC_I_COMPLETE_NEEDED ? SEC_E_OK : SEC_I_CONTINUE_NEEDED;
  }

  static std::unexpected<Error> failed_step(SECURITY_STATUS status, const Token& token) {
    auto error = failed(status);
    error.error().token.assign(token.bytes().begin(), token.bytes().end());
    return error;
  }

  Expected<Protected> seal(ULONG front_type, ULONG back_type, MutableBytes front, MutableBytes data, MutableBytes back,
                           ULONG sequence, ULONG qop) {
    std::array<SecBuffer, 4> buffers{buffer_of(front_type, front), buffer_of(SECBUFFER_DATA, data),
                                     buffer_of(back_type, back), SecBuffer{0, SECBUFFER_EMPTY, nullptr}};
    if (!all_fit(front.size(), data.size(), back.size())) return failed(SEC_E_INVALID_PARAMETER);
    const bool stream = front_type == SECBUFFER_STREAM_HEADER;
    SecBufferDesc message{SECBUFFER_VERSION, stream ? 4U : 3U, buffers.data()};
    const SECURITY_STATUS status = EncryptMessage(&handle_, qop, &message, sequence);
    if (status != SEC_E_OK) return failed(status);
    return Protected{buffers[0].cbBuffer, buffers[1].cbBuffer, buffers[2].cbBuffer};
  }

  template <typename T>
  static Expected<std::u16string> text(const Expected<T>& answer, SEC_WCHAR* T::* member) {
    if (!answer) return std::unexpected(answer.error());
    const Owned<SEC_WCHAR> owner((*answer).*member);
    return from_wide(owner.get());
  }

  static Expected<void> done(SECURITY_STATUS status) {
    if (status != SEC_E_OK) return failed(status);
    return {};
  }
  static bool all_fit(std::size_t a, std::size_t b, std::size_t c) {
    return fits_ulong(a) && fits_ulong(b) && fits_ulong(c);
  }
  CtxtHandle* mutable_handle() const { return const_cast<CtxtHandle*>(&handle_); }

  // Windows wants the credential at each step; here it may be freed after the first.
#ifdef _WIN32
  static constexpr bool kCredentialAtEachStep = true;
#else
  static constexpr bool kCredentialAtEachStep = false;
#endif

  Role role_;
  CredHandle credential_;
  CtxtHandle handle_;
  Requirements requirements_;
  WideText target_;
  ULONG flags_ = 0;
  TimeStamp expiry_{};
};

}  // namespace v1
}  // namespace opensspi

#endif  // OPENSSPI_SSPI_HPP
