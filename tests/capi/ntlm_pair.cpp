#include "ntlm_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace capi {

namespace {

SECURITY_STATUS look_up(void*, const SEC_WCHAR* user, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  // MD4 of the passwords of kAlice and kBob in UTF-16LE.
  static constexpr BYTE kAliceHash[16] = {0xfc, 0x52, 0x5c, 0x96, 0x83, 0xe8, 0xfe, 0x06,
                                          0x70, 0x95, 0xba, 0x2d, 0xdc, 0x97, 0x18, 0x89};
  static constexpr BYTE kBobHash[16] = {0x9c, 0x28, 0xcf, 0xfe, 0x54, 0xe9, 0x96, 0x78,
                                        0x76, 0xb9, 0x30, 0xe6, 0x08, 0x5e, 0xa9, 0x28};
  const std::u16string_view name = user;
  if (name != kAlice.user && name != kBob.user) return SEC_E_LOGON_DENIED;
  std::memcpy(account->NtHash, name == kAlice.user ? kAliceHash : kBobHash, sizeof kAliceHash);
  return SEC_E_OK;
}

SEC_WINNT_AUTH_IDENTITY_W as_identity(Identity& from) {
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  const auto count = [](const std::u16string& text) { return static_cast<ULONG>(text.size()); };
  return {units(from.user),
          count(from.user),
          units(from.domain),
          count(from.domain),
          units(from.password),
          count(from.password),
          SEC_WINNT_AUTH_IDENTITY_UNICODE};
}

// TOKEN first, then one buffer for each element of data.
std::vector<SecBuffer> buffers_of(Blob& token, std::vector<Blob>& data, ULONG type) {
  std::vector<SecBuffer> buffers{{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()}};
  for (Blob& part : data) buffers.push_back({static_cast<ULONG>(part.size()), type, part.data()});
  return buffers;
}

SecBufferDesc list_of(std::vector<SecBuffer>& buffers) {
  return {SECBUFFER_VERSION, static_cast<ULONG>(buffers.size()), buffers.data()};
}

Blob bindings_of(const std::string& data) {
  SEC_CHANNEL_BINDINGS header{};
  header.cbApplicationDataLength = static_cast<ULONG>(data.size());
  header.dwApplicationDataOffset = sizeof header;
  Blob all(sizeof header + data.size());
  std::memcpy(all.data(), &header, sizeof header);
  std::ranges::copy(data, all.begin() + sizeof header);
  return all;
}

}  // namespace

Credential::Credential(const Identity* identity, ULONG policy) {
  std::u16string package = u"NTLM";
  Identity copy = identity != nullptr ? *identity : Identity{};
  SEC_WINNT_AUTH_IDENTITY_W auth = as_identity(copy);
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, package.data(),
                                      identity != nullptr ? SECPKG_CRED_OUTBOUND : SECPKG_CRED_INBOUND, nullptr,
                                      identity != nullptr ? &auth : nullptr, nullptr, nullptr, &handle_, nullptr),
            SEC_E_OK);
  if (policy != 0) {
    OPENSSPI_NTLM_POLICY setting{policy, 3};
    EXPECT_EQ(SetCredentialsAttributesW(&handle_, OPENSSPI_CRED_ATTR_NTLM_POLICY, &setting, sizeof setting), SEC_E_OK);
  }
  if (identity != nullptr) return;
  OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
  EXPECT_EQ(SetCredentialsAttributesW(&handle_, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts), SEC_E_OK);
}

End::End(Role role, Credential& credential, ULONG request) : role_(role), credential_(credential), request_(request) {}

End::~End() {
  if (started_) DeleteSecurityContext(&context_);
}

SECURITY_STATUS End::step(const Blob& token) {
  Blob copy = token, binding = bindings_of(bindings);
  SecBuffer in[2] = {{static_cast<ULONG>(copy.size()), SECBUFFER_TOKEN, copy.data()}, {0, SECBUFFER_EMPTY, nullptr}};
  if (!bindings.empty()) in[1] = {static_cast<ULONG>(binding.size()), SECBUFFER_CHANNEL_BINDINGS, binding.data()};
  SecBufferDesc input{SECBUFFER_VERSION, 2, in};
  out.assign(2888, 0);
  SecBuffer answer{static_cast<ULONG>(out.size()), SECBUFFER_TOKEN, out.data()};
  SecBufferDesc output{SECBUFFER_VERSION, 1, &answer};
  const PCtxtHandle old = started_ ? &context_ : nullptr;
  const PSecBufferDesc given = token.empty() && bindings.empty() ? nullptr : &input;
  const SECURITY_STATUS status =
      role_ == Role::kServer
          ? AcceptSecurityContext(credential_.get(), old, given, request_, SECURITY_NATIVE_DREP, &context_, &output,
                                  &attributes, nullptr)
          : InitializeSecurityContextW(credential_.get(), old, target.empty() ? nullptr : target.data(), request_, 0,
                                       SECURITY_NATIVE_DREP, given, 0, &context_, &output, &attributes, nullptr);
  started_ = started_ || status >= 0;
  out.resize(status >= 0 ? answer.cbBuffer : 0);
  return status;
}

Message End::sign(const Blob& data, ULONG number) {
  Message message{SEC_E_OK, Blob(16), {data}};
  std::vector<SecBuffer> buffers = buffers_of(message.token, message.data, SECBUFFER_DATA);
  SecBufferDesc list = list_of(buffers);
  message.status = MakeSignature(&context_, 0, &list, number);
  return message;
}

SECURITY_STATUS End::verify(const Blob& token, const Blob& data, ULONG number) {
  Blob signature = token;
  std::vector<Blob> parts{data};
  std::vector<SecBuffer> buffers = buffers_of(signature, parts, SECBUFFER_DATA);
  SecBufferDesc list = list_of(buffers);
  return VerifySignature(&context_, &list, number, nullptr);
}

Message End::seal(std::vector<Blob> data, ULONG number, ULONG qop, ULONG type) {
  Message message{SEC_E_OK, Blob(16), std::move(data)};
  std::vector<SecBuffer> buffers = buffers_of(message.token, message.data, type);
  SecBufferDesc list = list_of(buffers);
  message.status = EncryptMessage(&context_, qop, &list, number);
  return message;
}

Message End::unseal(const Blob& token, std::vector<Blob> data, ULONG number) {
  Message message{SEC_E_OK, token, std::move(data)};
  std::vector<SecBuffer> buffers = buffers_of(message.token, message.data, SECBUFFER_DATA);
  SecBufferDesc list = list_of(buffers);
  message.status = DecryptMessage(&context_, &list, number, nullptr);
  return message;
}

std::u16string End::text(ULONG attribute) {
  SEC_WCHAR* value = nullptr;  // what SecPkgContext_NamesW and SecPkgContext_ClientSpecifiedTarget hold
  const SECURITY_STATUS status = QueryContextAttributesW(&context_, attribute, &value);
  EXPECT_EQ(status, SEC_E_OK);
  if (status != SEC_E_OK) return {};
  std::u16string copy = value;
  FreeContextBuffer(value);
  return copy;
}

Blob End::session_key() {
  SecPkgContext_SessionKey key{};
  const SECURITY_STATUS status = QueryContextAttributesW(&context_, SECPKG_ATTR_SESSION_KEY, &key);
  EXPECT_EQ(status, SEC_E_OK);
  if (status != SEC_E_OK) return {};
  Blob copy(key.SessionKey, key.SessionKey + key.SessionKeyLength);
  FreeContextBuffer(key.SessionKey);
  return copy;
}

SECURITY_STATUS log_on(End& client, End& server) {
  SECURITY_STATUS status = client.step({});
  if (status < 0) return status;
  status = server.step(client.out);
  if (status < 0) return status;
  status = client.step(server.out);
  if (status < 0) return status;
  return server.step(client.out);
}

}  // namespace capi
