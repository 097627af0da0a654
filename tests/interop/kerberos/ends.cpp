#include "ends.hpp"

#include <algorithm>
#include <cstring>

namespace interop {

std::string last_failure() {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  OpenSspiGetLastFailureW(&failure);
  return narrow(failure.Check) + ": " + narrow(failure.Text);
}

bool is_spelled_as_windows(const Blob& token) {
  static constexpr std::uint8_t kOid[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};
  if (token.size() < 2 || token[0] != 0x60) return false;
  const std::size_t head = 2 + (token[1] < 0x80 ? 0U : token[1] & 0x7FU);
  return token.size() >= head + sizeof kOid && std::ranges::equal(kOid, std::span(token).subspan(head, sizeof kOid));
}

Variable::Variable(const char* name, const std::string& value) : name_(name) {
  const char* const before = std::getenv(name);
  was_set_ = before != nullptr;
  if (was_set_) before_ = before;
  setenv(name, value.c_str(), 1);
}

Variable::~Variable() {
  if (was_set_) {
    setenv(name_, before_.c_str(), 1);
  } else {
    unsetenv(name_);
  }
}

Credential::Credential(ULONG use, const Settings& settings) {
  std::u16string package = widen(settings.package), principal = widen(settings.principal);
  std::u16string user = widen(settings.user), domain = widen(settings.domain), password = widen(settings.password);
  std::u16string list = widen(settings.package_list);
  const auto units = [](std::u16string& text) {
    return text.empty() ? nullptr : reinterpret_cast<USHORT*>(text.data());
  };
  SEC_WINNT_AUTH_IDENTITY_EXW identity{};
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  identity.Length = sizeof identity;
  identity.User = units(user);
  identity.UserLength = static_cast<ULONG>(user.size());
  identity.Domain = units(domain);
  identity.DomainLength = static_cast<ULONG>(domain.size());
  identity.Password = units(password);
  identity.PasswordLength = static_cast<ULONG>(password.size());
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  identity.PackageList = units(list);
  identity.PackageListLength = static_cast<ULONG>(list.size());
  status_ =
      AcquireCredentialsHandleW(settings.principal.empty() ? nullptr : principal.data(), package.data(), use, nullptr,
                                settings.has_identity() ? &identity : nullptr, nullptr, nullptr, &handle_, &expiry);
  if (status_ != SEC_E_OK) return;
  const std::u16string ccache = widen(settings.ccache), keytab = widen(settings.keytab),
                       client_keytab = widen(settings.client_keytab);
  const auto given = [](const std::u16string& text) { return text.empty() ? nullptr : text.c_str(); };
  OPENSSPI_KRB_SOURCES sources{given(ccache), given(keytab), given(client_keytab), settings.deadline_ms,
                               settings.allow_rc4 ? static_cast<ULONG>(OPENSSPI_KRB_ALLOW_RC4) : 0U};
  EXPECT_EQ(SetCredentialsAttributesW(&handle_, OPENSSPI_CRED_ATTR_KRB_SOURCES, &sources, sizeof sources), SEC_E_OK)
      << last_failure();
}

Blob Sealed::all() const {
  Blob out = token;
  out.insert(out.end(), data.begin(), data.end());
  out.insert(out.end(), padding.begin(), padding.end());
  return out;
}

namespace {

SecBuffer buffer(ULONG type, Blob& bytes) { return {static_cast<ULONG>(bytes.size()), type, bytes.data()}; }

Blob with_head(const std::string& application_data) {
  SEC_CHANNEL_BINDINGS head{};
  head.cbApplicationDataLength = static_cast<ULONG>(application_data.size());
  head.dwApplicationDataOffset = sizeof head;
  Blob out(sizeof head);
  std::memcpy(out.data(), &head, sizeof head);
  out.insert(out.end(), application_data.begin(), application_data.end());
  return out;
}

}  // namespace

SECURITY_STATUS Sspi::step(const Blob& token, Blob& output) {
  Blob input = token;
  Blob bindings = with_head(bindings_);
  std::vector<SecBuffer> given;
  if (!input.empty()) given.push_back(buffer(SECBUFFER_TOKEN, input));
  if (!bindings_.empty()) given.push_back(buffer(SECBUFFER_CHANNEL_BINDINGS, bindings));
  SecBufferDesc in{SECBUFFER_VERSION, static_cast<ULONG>(given.size()), given.data()};
  SecBuffer made{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc out{SECBUFFER_VERSION, 1, &made};
  std::u16string target = widen(target_);
  SECURITY_STATUS status;
  if (server_) {
    status = AcceptSecurityContext(credential_.handle(), started_ ? &context_ : nullptr, &in,
                                   flags_ | ASC_REQ_ALLOCATE_MEMORY, 0, &context_, &out, &attributes_, &expiry);
  } else {
    status = InitializeSecurityContextW(credential_.handle(), started_ ? &context_ : nullptr, target.data(),
                                        flags_ | ISC_REQ_ALLOCATE_MEMORY, 0, 0, given.empty() ? nullptr : &in, 0,
                                        &context_, &out, &attributes_, &expiry);
  }
  if (status >= 0) started_ = true;
  output.clear();
  if (made.pvBuffer != nullptr) {
    const auto* bytes = static_cast<const std::uint8_t*>(made.pvBuffer);
    output.assign(bytes, bytes + made.cbBuffer);
    FreeContextBuffer(made.pvBuffer);
  }
  return status;
}

SecPkgContext_Sizes Sspi::sizes() {
  SecPkgContext_Sizes sizes{};
  EXPECT_EQ(QueryContextAttributesW(&context_, SECPKG_ATTR_SIZES, &sizes), SEC_E_OK) << last_failure();
  return sizes;
}

std::string Sspi::name() {
  SecPkgContext_NamesW names{};
  EXPECT_EQ(QueryContextAttributesW(&context_, SECPKG_ATTR_NAMES, &names), SEC_E_OK) << last_failure();
  const std::string name = narrow(names.sUserName);
  FreeContextBuffer(names.sUserName);
  return name;
}

Sealed Sspi::seal(const Blob& message, ULONG qop) {
  const SecPkgContext_Sizes sizes = this->sizes();
  Sealed sealed{Blob(sizes.cbSecurityTrailer), message, Blob(sizes.cbBlockSize)};
  SecBuffer buffers[] = {buffer(SECBUFFER_TOKEN, sealed.token), buffer(SECBUFFER_DATA, sealed.data),
                         buffer(SECBUFFER_PADDING, sealed.padding)};
  SecBufferDesc list{SECBUFFER_VERSION, 3, buffers};
  EXPECT_EQ(EncryptMessage(&context_, qop, &list, 0), SEC_E_OK) << last_failure();
  sealed.token.resize(buffers[0].cbBuffer);
  sealed.data.resize(buffers[1].cbBuffer);
  sealed.padding.resize(buffers[2].cbBuffer);
  return sealed;
}

SECURITY_STATUS Sspi::unseal(Sealed& message, ULONG* qop) {
  SecBuffer buffers[] = {buffer(SECBUFFER_TOKEN, message.token), buffer(SECBUFFER_DATA, message.data),
                         buffer(SECBUFFER_PADDING, message.padding)};
  SecBufferDesc list{SECBUFFER_VERSION, 3, buffers};
  const SECURITY_STATUS status = DecryptMessage(&context_, &list, 0, qop);
  message.data.resize(buffers[1].cbBuffer);
  return status;
}

SECURITY_STATUS Sspi::unseal_stream(Blob stream, Blob& out, ULONG* qop) {
  SecBuffer buffers[] = {buffer(SECBUFFER_STREAM, stream), {0, SECBUFFER_DATA, nullptr}};
  SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
  const SECURITY_STATUS status = DecryptMessage(&context_, &list, 0, qop);
  const auto* const bytes = static_cast<const std::uint8_t*>(buffers[1].pvBuffer);
  out.assign(bytes, bytes + buffers[1].cbBuffer);
  return status;
}

Blob Sspi::sign(const Blob& message) {
  Blob token(sizes().cbMaxSignature), data = message;
  SecBuffer buffers[] = {buffer(SECBUFFER_TOKEN, token), buffer(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
  SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
  EXPECT_EQ(MakeSignature(&context_, 0, &list, 0), SEC_E_OK) << last_failure();
  token.resize(buffers[0].cbBuffer);
  return token;
}

SECURITY_STATUS Sspi::verify(const Blob& message, Blob token) {
  Blob data = message;
  SecBuffer buffers[] = {buffer(SECBUFFER_TOKEN | SECBUFFER_READONLY, token),
                         buffer(SECBUFFER_DATA | SECBUFFER_READONLY, data)};
  SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
  return VerifySignature(&context_, &list, 0, nullptr);
}

namespace {

gss_buffer_desc view(const Blob& bytes) { return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; }

Blob taken(gss_buffer_t buffer) {
  const auto* const bytes = static_cast<const std::uint8_t*>(buffer->value);
  Blob out(bytes, bytes + buffer->length);
  OM_uint32 minor = 0;
  gss_release_buffer(&minor, buffer);
  return out;
}

}  // namespace

Gss::~Gss() {
  OM_uint32 minor = 0;
  gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
  gss_release_cred(&minor, &credential_);
}

OM_uint32 Gss::step(const Blob& token, Blob& output) {
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {bindings_.size(), bindings_.data()};
  const gss_channel_bindings_t given = bindings_.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings;
  gss_buffer_desc in = view(token), out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0, major = 0;
  if (server_) {
    major = gss_accept_sec_context(&minor, &context_, GSS_C_NO_CREDENTIAL, &in, given, nullptr, nullptr, &out,
                                   &granted_, nullptr, nullptr);
  } else {
    gss_buffer_desc text{target_.size(), target_.data()};
    gss_name_t target = GSS_C_NO_NAME;
    gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &target);
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context_, target, mechanism_, flags_, 0, given,
                                 token.empty() ? GSS_C_NO_BUFFER : &in, nullptr, &out, &granted_, nullptr);
    OM_uint32 ignored = 0;
    gss_release_name(&ignored, &target);
  }
  output = taken(&out);
  return major;
}

Blob Gss::wrap(const Blob& message, bool encrypt) {
  gss_buffer_desc in = view(message), out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_wrap(&minor, context_, encrypt ? 1 : 0, 0, &in, nullptr, &out), 0U);
  return taken(&out);
}

Sealed Gss::wrap_iov(const Blob& message, bool encrypt) {
  Sealed sealed;
  sealed.data = message;
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = view(sealed.data);
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  OM_uint32 minor = 0;
  int state = 0;
  EXPECT_EQ(gss_wrap_iov_length(&minor, context_, encrypt ? 1 : 0, 0, &state, iov, 3), 0U);
  sealed.token.resize(iov[0].buffer.length);
  sealed.padding.resize(iov[2].buffer.length);
  iov[0].buffer = view(sealed.token);
  iov[2].buffer = view(sealed.padding);
  EXPECT_EQ(gss_wrap_iov(&minor, context_, encrypt ? 1 : 0, 0, &state, iov, 3), 0U);
  return sealed;
}

OM_uint32 Gss::unwrap(const Blob& token, Blob& out, bool& encrypted) {
  gss_buffer_desc in = view(token), made = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  int state = 0;
  const OM_uint32 major = gss_unwrap(&minor, context_, &in, &made, &state, nullptr);
  out = taken(&made);
  encrypted = state != 0;
  return major;
}

OM_uint32 Gss::unwrap_iov(Sealed& message) {
  gss_iov_buffer_desc iov[3] = {};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[0].buffer = view(message.token);
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = view(message.data);
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
  iov[2].buffer = view(message.padding);
  OM_uint32 minor = 0;
  return gss_unwrap_iov(&minor, context_, nullptr, nullptr, iov, 3);
}

Blob Gss::sign(const Blob& message) {
  gss_buffer_desc in = view(message), out = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_get_mic(&minor, context_, 0, &in, &out), 0U);
  return taken(&out);
}

OM_uint32 Gss::verify(const Blob& message, const Blob& token) {
  gss_buffer_desc in = view(message), mic = view(token);
  OM_uint32 minor = 0;
  return gss_verify_mic(&minor, context_, &in, &mic, nullptr);
}

}  // namespace interop
