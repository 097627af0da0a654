// Our end, through the C interface alone.
#include <algorithm>
#include <memory>

#include "line_peer.hpp"
#include "opensspi/extra.h"
#include "opensspi/sspi.h"

namespace {

using namespace interop;

// The tests' names and passwords are ASCII.
std::u16string widen(const std::string& text) { return {text.begin(), text.end()}; }

std::string narrow(const SEC_WCHAR* text) {
  std::string out;
  for (; text != nullptr && *text != 0; ++text) out += *text < 0x80 ? static_cast<char>(*text) : '?';
  return out;
}

Answer failed(SECURITY_STATUS status) {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  OpenSspiGetLastFailureW(&failure);
  return fail(static_cast<std::uint32_t>(status), narrow(failure.Check) + ": " + narrow(failure.Text));
}

class OpensspiPeer : public LinePeer {
 public:
  explicit OpensspiPeer(Options options) : options_(std::move(options)) {}
  ~OpensspiPeer() override {
    drop();
    if (SecIsValidHandle(&credential_)) FreeCredentialsHandle(&credential_);
  }

  SECURITY_STATUS acquire();

  Answer step(const Blob& token) override;
  Answer sign(const Blob& data) override;
  Answer verify(const Blob& signature, const Blob& data) override;
  Answer seal(const Blob& data) override;
  Answer unseal(const Blob& signature, const Blob& cipher) override;
  Answer query(const std::string& what) override;
  Answer reset() override {
    drop();
    return ok();
  }

 private:
  SecPkgContext_Sizes sizes();
  Answer pack_and_unpack();
  ULONG client_request() const;
  ULONG server_request() const;
  SECURITY_STATUS call(PSecBufferDesc input, PSecBufferDesc output);
  Answer identity();
  void drop() {
    if (started_) DeleteSecurityContext(&context_);
    started_ = false;
  }

  Options options_;
  CredHandle credential_{~ULONG_PTR{0}, ~ULONG_PTR{0}};
  CtxtHandle context_{};
  bool started_ = false;
  ULONG attributes_ = 0;
};

SECURITY_STATUS OpensspiPeer::acquire() {
  std::u16string user = widen(options_.user), domain = widen(options_.domain), password = widen(options_.password);
  std::u16string list = widen(options_.package_list);
  SEC_WINNT_AUTH_IDENTITY_EXW identity{};
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  identity.Length = sizeof identity;
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  const bool explicit_user = !options_.server && !user.empty();
  if (explicit_user) {
    identity.User = units(user);
    identity.UserLength = static_cast<ULONG>(user.size());
    identity.Domain = units(domain);
    identity.DomainLength = static_cast<ULONG>(domain.size());
    identity.Password = units(password);
    identity.PasswordLength = static_cast<ULONG>(password.size());
  }
  identity.PackageList = units(list);
  identity.PackageListLength = static_cast<ULONG>(list.size());
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  std::u16string package = widen(options_.package);
  const SECURITY_STATUS status = AcquireCredentialsHandleW(
      nullptr, package.data(), options_.server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, nullptr,
      explicit_user || !list.empty() ? &identity : nullptr, nullptr, nullptr, &credential_, nullptr);
  if (status != SEC_E_OK) return status;
  OPENSSPI_NTLM_POLICY policy{0, 3};
  if (options_.wants("weak")) policy.Flags |= OPENSSPI_NTLM_ALLOW_WEAK;
  if (options_.wants("require-mic")) policy.Flags |= OPENSSPI_NTLM_REQUIRE_MIC;
  if (policy.Flags != 0) {
    const SECURITY_STATUS set =
        SetCredentialsAttributesW(&credential_, OPENSSPI_CRED_ATTR_NTLM_POLICY, &policy, sizeof policy);
    if (set != SEC_E_OK) return set;
  }
  if (options_.accounts.empty()) return SEC_E_OK;
  const std::u16string source = widen(options_.accounts);
  OPENSSPI_ACCOUNTS accounts{source.c_str(), nullptr, nullptr};
  return SetCredentialsAttributesW(&credential_, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts);
}

ULONG OpensspiPeer::client_request() const {
  ULONG request = ISC_REQ_CONNECTION | ISC_REQ_ALLOCATE_MEMORY;
  if (options_.wants("sign")) request |= ISC_REQ_INTEGRITY;
  if (options_.wants("seal")) request |= ISC_REQ_CONFIDENTIALITY;
  if (options_.wants("identify")) request |= ISC_REQ_IDENTIFY;
  if (options_.wants("null")) request |= ISC_REQ_NULL_SESSION;
  if (options_.wants("mutual")) request |= ISC_REQ_MUTUAL_AUTH;
  if (options_.wants("delegate")) request |= ISC_REQ_DELEGATE;
  if (options_.wants("dce")) request |= ISC_REQ_USE_DCE_STYLE;
  if (options_.wants("datagram")) request |= ISC_REQ_DATAGRAM;
  if (options_.wants("no-integrity")) request |= ISC_REQ_NO_INTEGRITY;
  return request;
}

ULONG OpensspiPeer::server_request() const {
  ULONG request = ASC_REQ_CONNECTION | ASC_REQ_ALLOCATE_MEMORY;
  if (options_.wants("sign")) request |= ASC_REQ_INTEGRITY;
  if (options_.wants("seal")) request |= ASC_REQ_CONFIDENTIALITY;
  if (options_.wants("null")) request |= ASC_REQ_ALLOW_NULL_SESSION;
  if (options_.wants("datagram")) request |= ASC_REQ_DATAGRAM;
  return request;
}

SECURITY_STATUS OpensspiPeer::call(PSecBufferDesc input, PSecBufferDesc output) {
  const PCtxtHandle old = started_ ? &context_ : nullptr;
  TimeStamp expiry{};
  if (options_.server) {
    return AcceptSecurityContext(&credential_, old, input, server_request(), SECURITY_NATIVE_DREP, &context_, output,
                                 &attributes_, &expiry);
  }
  std::u16string target = widen(options_.target);
  return InitializeSecurityContextW(&credential_, old, target.empty() ? nullptr : target.data(), client_request(), 0,
                                    SECURITY_NATIVE_DREP, input, 0, &context_, output, &attributes_, &expiry);
}

Answer OpensspiPeer::step(const Blob& token) {
  Blob copy = token;
  Blob bindings(sizeof(SEC_CHANNEL_BINDINGS) + options_.bindings.size());
  auto* header = reinterpret_cast<SEC_CHANNEL_BINDINGS*>(bindings.data());
  header->cbApplicationDataLength = static_cast<ULONG>(options_.bindings.size());
  header->dwApplicationDataOffset = sizeof(SEC_CHANNEL_BINDINGS);
  std::ranges::copy(options_.bindings, bindings.begin() + sizeof(SEC_CHANNEL_BINDINGS));
  std::vector<SecBuffer> given;
  if (!copy.empty()) given.push_back({static_cast<ULONG>(copy.size()), SECBUFFER_TOKEN, copy.data()});
  if (!options_.bindings.empty()) {
    given.push_back({static_cast<ULONG>(bindings.size()), SECBUFFER_CHANNEL_BINDINGS, bindings.data()});
  }
  SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc input{SECBUFFER_VERSION, static_cast<ULONG>(given.size()), given.data()};
  SecBufferDesc output{SECBUFFER_VERSION, 1, &out};
  const SECURITY_STATUS status = call(given.empty() ? nullptr : &input, &output);
  if (status < 0) return failed(status);
  started_ = true;
  const Blob reply = out.pvBuffer == nullptr
                         ? Blob{}
                         : Blob(static_cast<BYTE*>(out.pvBuffer), static_cast<BYTE*>(out.pvBuffer) + out.cbBuffer);
  if (out.pvBuffer != nullptr) FreeContextBuffer(out.pvBuffer);
  return {status == SEC_E_OK ? "done" : "more", {to_hex(reply)}};
}

SecPkgContext_Sizes OpensspiPeer::sizes() {
  SecPkgContext_Sizes sizes{};
  QueryContextAttributesW(&context_, SECPKG_ATTR_SIZES, &sizes);  // else it is all zeros, and the message fails
  return sizes;
}

Answer OpensspiPeer::sign(const Blob& data) {
  Blob copy = data, signature(sizes().cbMaxSignature);
  SecBuffer buffers[2] = {{static_cast<ULONG>(signature.size()), SECBUFFER_TOKEN, signature.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA | SECBUFFER_READONLY, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  const SECURITY_STATUS status = MakeSignature(&context_, 0, &message, 0);
  if (status != SEC_E_OK) return failed(status);
  signature.resize(buffers[0].cbBuffer);
  return ok({to_hex(signature)});
}

Answer OpensspiPeer::verify(const Blob& signature, const Blob& data) {
  Blob copy = data, token = signature;
  SecBuffer buffers[2] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ULONG qop = 0;
  const SECURITY_STATUS status = VerifySignature(&context_, &message, 0, &qop);
  return status == SEC_E_OK ? ok() : failed(status);
}

Answer OpensspiPeer::seal(const Blob& data) {
  Blob copy = data, signature(sizes().cbSecurityTrailer);
  SecBuffer buffers[2] = {{static_cast<ULONG>(signature.size()), SECBUFFER_TOKEN, signature.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  const SECURITY_STATUS status = EncryptMessage(&context_, 0, &message, 0);
  if (status != SEC_E_OK) return failed(status);
  signature.resize(buffers[0].cbBuffer);
  return ok({to_hex(signature), to_hex(copy)});
}

Answer OpensspiPeer::unseal(const Blob& signature, const Blob& cipher) {
  Blob copy = cipher, token = signature;
  SecBuffer buffers[2] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
                          {static_cast<ULONG>(copy.size()), SECBUFFER_DATA, copy.data()}};
  if (signature.empty()) {
    buffers[0] = {static_cast<ULONG>(copy.size()), SECBUFFER_STREAM, copy.data()};
    buffers[1] = {0, SECBUFFER_DATA, nullptr};
  }
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  ULONG qop = 0;
  const SECURITY_STATUS status = DecryptMessage(&context_, &message, 0, &qop);
  if (status != SEC_E_OK) return failed(status);
  return ok({to_hex({static_cast<const std::uint8_t*>(buffers[1].pvBuffer), buffers[1].cbBuffer})});
}

// The context goes on as another process would have it: exported, and imported anew.
Answer OpensspiPeer::pack_and_unpack() {
  SecBuffer packed{};
  const SECURITY_STATUS exported = ExportSecurityContext(&context_, SECPKG_CONTEXT_EXPORT_DELETE_OLD, &packed, nullptr);
  if (exported != SEC_E_OK) return failed(exported);
  drop();
  std::u16string package = widen(options_.package);
  const SECURITY_STATUS imported = ImportSecurityContextW(package.data(), &packed, nullptr, &context_);
  started_ = imported == SEC_E_OK;
  FreeContextBuffer(packed.pvBuffer);
  return started_ ? ok() : failed(imported);
}

// DOMAIN\ACCOUNT, the account's own SID, and who vouched.
Answer OpensspiPeer::identity() {
  OpenSspiContext_Identity answer{};
  const SECURITY_STATUS status = QueryContextAttributesW(&context_, OPENSSPI_ATTR_IDENTITY, &answer);
  if (status != SEC_E_OK) return failed(status);
  const OPENSSPI_IDENTITY& who = *answer.Identity;
  const std::string sid = who.cSids == 0 ? "-" : narrow(who.Sids[0]);
  Answer told = ok({narrow(who.Domain) + "\\" + narrow(who.Account), sid, narrow(who.Source)});
  FreeContextBuffer(answer.Identity);
  return told;
}

Answer OpensspiPeer::query(const std::string& what) {
  if (what == "identity") return identity();
  if (what == "flags") {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08X", attributes_);
    return ok({digits});
  }
  if (what == "key") {
    SecPkgContext_SessionKey key{};
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, SECPKG_ATTR_SESSION_KEY, &key);
    if (status != SEC_E_OK) return failed(status);
    const std::string hex = to_hex({key.SessionKey, key.SessionKeyLength});
    FreeContextBuffer(key.SessionKey);
    return ok({hex});
  }
  if (what == "user" || what == "target") {
    // SecPkgContext_NamesW and SecPkgContext_ClientSpecifiedTarget are one pointer to text each.
    SEC_WCHAR* text = nullptr;
    const ULONG attribute = what == "user" ? SECPKG_ATTR_NAMES : SECPKG_ATTR_CLIENT_SPECIFIED_TARGET;
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, attribute, &text);
    if (status != SEC_E_OK) return failed(status);
    const std::string name = narrow(text);
    FreeContextBuffer(text);
    return ok({name});
  }
  if (what == "server") {
    SecPkgContext_NativeNamesW names{};
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, SECPKG_ATTR_NATIVE_NAMES, &names);
    if (status != SEC_E_OK) return failed(status);
    const std::string name = narrow(names.sServerName);
    FreeContextBuffer(names.sClientName);
    FreeContextBuffer(names.sServerName);
    return ok({name});
  }
  if (what == "delegated") {
    OpenSspiContext_DelegatedCredential got{};
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, OPENSSPI_ATTR_DELEGATED_CREDENTIAL, &got);
    if (status != SEC_E_OK) return failed(status);
    SecPkgCredentials_NamesW names{};
    const SECURITY_STATUS named = QueryCredentialsAttributesW(&got.Credential, SECPKG_CRED_ATTR_NAMES, &names);
    const std::string name = narrow(names.sUserName);
    FreeContextBuffer(names.sUserName);
    FreeCredentialsHandle(&got.Credential);
    return named == SEC_E_OK ? ok({name}) : failed(named);
  }
  if (what == "pack") return pack_and_unpack();
  if (what == "package") {
    SecPkgContext_NegotiationInfoW info{};
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, SECPKG_ATTR_NEGOTIATION_INFO, &info);
    if (status != SEC_E_OK) return failed(status);
    const std::string name = narrow(info.PackageInfo->Name);
    FreeContextBuffer(info.PackageInfo);
    return ok({name});
  }
  if (what == "fallback") {
    OpenSspiContext_Fallback fallback{};
    const SECURITY_STATUS status = QueryContextAttributesW(&context_, OPENSSPI_ATTR_FALLBACK, &fallback);
    if (status != SEC_E_OK) return failed(status);
    const std::string reason = narrow(fallback.Reason);
    FreeContextBuffer(fallback.Reason);
    return ok({reason});
  }
  return fail(0xFFFFFFFF, "no such request: " + what);
}

}  // namespace

int main(int argc, char** argv) {
  OpensspiPeer peer(parse_options({argv, static_cast<std::size_t>(argc)}));
  if (const SECURITY_STATUS status = peer.acquire(); status != SEC_E_OK) {
    std::cout << "fail " << failed(status).values[0] << ' ' << failed(status).values[1] << std::endl;
    return 1;
  }
  std::cout << "ready" << std::endl;
  serve(peer);
  return 0;
}
