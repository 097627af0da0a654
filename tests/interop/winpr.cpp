// WinPR's end, through the table that libwinpr2 gives for its own implementation. A server's accounts come from a file
// in the form of WinPR's SAM: "user:domain::NT hash in hexadecimal:::".
#include <winpr/sspi.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "line_peer.hpp"

namespace {

using namespace interop;

// The tests' names and passwords are ASCII.
std::u16string widen(const std::string& text) { return {text.begin(), text.end()}; }
WCHAR* units(std::u16string& text) { return reinterpret_cast<WCHAR*>(text.data()); }

class WinprPeer : public LinePeer {
 public:
  explicit WinprPeer(Options options) : options_(std::move(options)) {}

  SECURITY_STATUS acquire();

  Answer step(const Blob& token) override;
  Answer sign(const Blob& data) override;
  Answer verify(const Blob& signature, const Blob& data) override;
  Answer seal(const Blob& data) override;
  Answer unseal(const Blob& signature, const Blob& cipher) override;
  Answer query(const std::string& what) override;
  Answer reset() override;

 private:
  SECURITY_STATUS call(PSecBufferDesc input, PSecBufferDesc output);
  Blob channel_bindings() const;

  Options options_;
  PSecurityFunctionTableW table_ = InitSecurityInterfaceExW(SSPI_INTERFACE_WINPR);
  CredHandle credential_{};
  CtxtHandle context_{};
  bool started_ = false;
  ULONG attributes_ = 0;
  // WinPR takes the number of a message as the caller gives it.
  ULONG sent_ = 0, received_ = 0;
  std::u16string user_, domain_, password_, package_ = u"NTLM", target_;
};

SECURITY_STATUS WinprPeer::acquire() {
  user_ = widen(options_.user);
  domain_ = widen(options_.domain);
  password_ = widen(options_.password);
  target_ = widen(options_.target);
  SEC_WINNT_AUTH_IDENTITY_W identity{};
  identity.User = reinterpret_cast<UINT16*>(user_.data());
  identity.UserLength = static_cast<UINT32>(user_.size());
  identity.Domain = reinterpret_cast<UINT16*>(domain_.data());
  identity.DomainLength = static_cast<UINT32>(domain_.size());
  identity.Password = reinterpret_cast<UINT16*>(password_.data());
  identity.PasswordLength = static_cast<UINT32>(password_.size());
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  return table_->AcquireCredentialsHandleW(
      nullptr, units(package_), options_.server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, nullptr,
      options_.server ? nullptr : &identity, nullptr, nullptr, &credential_, nullptr);
}

SECURITY_STATUS WinprPeer::call(PSecBufferDesc input, PSecBufferDesc output) {
  const PCtxtHandle old = started_ ? &context_ : nullptr;
  TimeStamp expiry{};
  if (!options_.server) {
    ULONG request = ISC_REQ_CONNECTION | ISC_REQ_INTEGRITY;
    if (options_.wants("seal")) request |= ISC_REQ_CONFIDENTIALITY;
    return table_->InitializeSecurityContextW(&credential_, old, target_.empty() ? nullptr : units(target_), request, 0,
                                              SECURITY_NATIVE_DREP, input, 0, &context_, output, &attributes_, &expiry);
  }
  const ULONG request = ASC_REQ_CONNECTION | (options_.wants("seal") ? ASC_REQ_CONFIDENTIALITY : 0U);
  const SECURITY_STATUS status = table_->AcceptSecurityContext(&credential_, old, input, request, SECURITY_NATIVE_DREP,
                                                               &context_, output, &attributes_, &expiry);
  if (old == nullptr && status >= 0) {
    table_->SetContextAttributesW(&context_, SECPKG_ATTR_AUTH_NTLM_SAM_FILE, options_.accounts.data(),
                                  static_cast<ULONG>(options_.accounts.size()));
  }
  // Only here is the client's answer checked.
  return status == SEC_I_COMPLETE_NEEDED ? table_->CompleteAuthToken(&context_, output) : status;
}

Blob WinprPeer::channel_bindings() const {
  SEC_CHANNEL_BINDINGS header{};
  header.cbApplicationDataLength = static_cast<UINT32>(options_.bindings.size());
  header.dwApplicationDataOffset = sizeof header;
  Blob all(sizeof header + options_.bindings.size());
  std::memcpy(all.data(), &header, sizeof header);
  std::ranges::copy(options_.bindings, all.begin() + sizeof header);
  return all;
}

Answer WinprPeer::step(const Blob& token) {
  Blob copy = token, bindings = channel_bindings();
  std::array<std::uint8_t, 4096> reply{};
  SecBuffer in[2] = {{static_cast<ULONG>(copy.size()), SECBUFFER_TOKEN, copy.data()},
                     {static_cast<ULONG>(bindings.size()), SECBUFFER_CHANNEL_BINDINGS, bindings.data()}};
  SecBuffer out{static_cast<ULONG>(reply.size()), SECBUFFER_TOKEN, reply.data()};
  SecBufferDesc input{SECBUFFER_VERSION, options_.bindings.empty() ? 1U : 2U, in}, output{SECBUFFER_VERSION, 1, &out};
  const SECURITY_STATUS status = call(token.empty() ? nullptr : &input, &output);
  if (status < 0) return fail(static_cast<std::uint32_t>(status), GetSecurityStatusString(status));
  const bool first = !started_;
  started_ = true;
  const bool done = options_.server ? !first : !first || status == SEC_E_OK;
  const Blob bytes(reply.begin(), reply.begin() + (options_.server && !first ? 0 : out.cbBuffer));
  return {done ? "done" : "more", {to_hex(bytes)}};
}

// WinPR 2 has no MakeSignature; its EncryptMessage in a context without confidentiality signs and does not encrypt.
Answer WinprPeer::sign(const Blob& data) {
  Blob copy = data, signature(16);
  SecBuffer buffers[2] = {{16, SECBUFFER_TOKEN, signature.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  SECURITY_STATUS status = table_->MakeSignature(&context_, 0, &message, sent_);
  if (status == SEC_E_UNSUPPORTED_FUNCTION && !options_.wants("seal")) {
    status = table_->EncryptMessage(&context_, 0, &message, sent_);
  }
  if (status != SEC_E_OK) return fail(static_cast<std::uint32_t>(status));
  ++sent_;
  return ok({to_hex(signature)});
}

Answer WinprPeer::verify(const Blob& signature, const Blob& data) {
  Blob copy = data, token = signature;
  SecBuffer buffers[2] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ULONG qop = 0;
  SECURITY_STATUS status = table_->VerifySignature(&context_, &message, received_, &qop);
  if (status == SEC_E_UNSUPPORTED_FUNCTION && !options_.wants("seal")) {
    status = table_->DecryptMessage(&context_, &message, received_, &qop);
  }
  if (status != SEC_E_OK) return fail(static_cast<std::uint32_t>(status));
  ++received_;
  return ok();
}

Answer WinprPeer::seal(const Blob& data) {
  Blob copy = data, signature(16);
  SecBuffer buffers[2] = {{16, SECBUFFER_TOKEN, signature.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  const SECURITY_STATUS status = table_->EncryptMessage(&context_, 0, &message, sent_);
  if (status != SEC_E_OK) return fail(static_cast<std::uint32_t>(status));
  ++sent_;
  return ok({to_hex(signature), to_hex(copy)});
}

Answer WinprPeer::unseal(const Blob& signature, const Blob& cipher) {
  Blob copy = cipher, token = signature;
  SecBuffer buffers[2] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ULONG qop = 0;
  const SECURITY_STATUS status = table_->DecryptMessage(&context_, &message, received_, &qop);
  if (status != SEC_E_OK) return fail(static_cast<std::uint32_t>(status));
  ++received_;
  return ok({to_hex(copy)});
}

Answer WinprPeer::query(const std::string& what) {
  if (what == "user") {
    SecPkgContext_AuthIdentity identity{};
    const SECURITY_STATUS status = table_->QueryContextAttributesW(&context_, SECPKG_ATTR_AUTH_IDENTITY, &identity);
    if (status != SEC_E_OK) return fail(static_cast<std::uint32_t>(status));
    return ok({std::string(identity.Domain) + "\\" + identity.User});
  }
  return fail(static_cast<std::uint32_t>(SEC_E_UNSUPPORTED_FUNCTION), "no such request: " + what);
}

Answer WinprPeer::reset() {
  if (started_) table_->DeleteSecurityContext(&context_);
  started_ = false;
  context_ = {};
  sent_ = received_ = 0;
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  WinprPeer peer(parse_options({argv, static_cast<std::size_t>(argc)}));
  if (const SECURITY_STATUS status = peer.acquire(); status != SEC_E_OK) {
    std::cout << "fail " << fail(static_cast<std::uint32_t>(status)).values[0] << " WinPR gives no credential"
              << std::endl;
    return 1;
  }
  std::cout << "ready" << std::endl;
  serve(peer);
  return 0;
}
