// opensspi's Negotiate with NTLM inside, through its C interface: in SPNEGO, four tokens with both MICs behind the
// server's hint; or, with the argument "direct", NTLM as it is, which is what a client sends that nobody spoke SPNEGO
// to.
#include <array>
#include <cstring>

#include "bench_peer.hpp"
#include "opensspi/extra.h"
#include "opensspi/sspi.h"

namespace {

using namespace bench;

constexpr ULONG kClientRequest = ISC_REQ_CONNECTION | ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;
constexpr ULONG kServerRequest = ASC_REQ_CONNECTION;

SECURITY_STATUS look_up(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  std::memcpy(account->NtHash, kNtHash, sizeof kNtHash);
  return SEC_E_OK;
}

// The memory of one end's last token.
struct Token {
  std::array<std::uint8_t, 2888> memory;
  SecBuffer buffer{0, SECBUFFER_TOKEN, memory.data()};
  SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};

  SecBufferDesc* to_fill() {
    buffer.cbBuffer = static_cast<ULONG>(memory.size());
    return &list;
  }
};

class Negotiate : public Subject {
 public:
  explicit Negotiate(bool direct);
  void handshake() override;
  void keep_pair() override { establish(); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override;
  void seal_pair(std::vector<std::uint8_t>& buffer) override;

 private:
  struct Pair {
    CtxtHandle client{}, server{};
    bool client_begun = false, server_begun = false;
  };
  Pair establish();
  SECURITY_STATUS initiate(Pair& pair, Token& input, Token& output);
  SECURITY_STATUS accept(Pair& pair, Token& input, Token& output);

  const bool direct_;
  CredHandle client_{}, server_{};
  Pair pair_;
};

Negotiate::Negotiate(bool direct) : direct_(direct) {
  std::u16string user = u"alice", domain = u"EXAMPLE", password = u"Passw0rd!", package = u"Negotiate";
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  SEC_WINNT_AUTH_IDENTITY_EXW identity{};
  std::u16string packages = u"NTLM";
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  identity.Length = sizeof identity;
  identity.User = units(user);
  identity.UserLength = static_cast<ULONG>(user.size());
  identity.Domain = units(domain);
  identity.DomainLength = static_cast<ULONG>(domain.size());
  identity.Password = units(password);
  identity.PasswordLength = static_cast<ULONG>(password.size());
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  identity.PackageList = units(packages);
  identity.PackageListLength = static_cast<ULONG>(packages.size());
  SECURITY_STATUS status = AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity,
                                                     nullptr, nullptr, &client_, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  SEC_WINNT_AUTH_IDENTITY_EXW nobody{};
  nobody.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  nobody.Length = sizeof nobody;
  nobody.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  nobody.PackageList = units(packages);
  nobody.PackageListLength = static_cast<ULONG>(packages.size());
  status = AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_INBOUND, nullptr, &nobody, nullptr, nullptr,
                                     &server_, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
  status = SetCredentialsAttributesW(&server_, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts);
  expect(status == SEC_E_OK, "SetCredentialsAttributesW", status);
  pair_ = establish();
}

SECURITY_STATUS Negotiate::initiate(Pair& pair, Token& input, Token& output) {
  ULONG attributes = 0;
  const SECURITY_STATUS status = InitializeSecurityContextW(
      &client_, pair.client_begun ? &pair.client : nullptr, nullptr, kClientRequest, 0, 0,
      input.buffer.cbBuffer == 0 ? nullptr : &input.list, 0, &pair.client, output.to_fill(), &attributes, nullptr);
  expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "InitializeSecurityContextW", status);
  expect(status != SEC_E_OK || (attributes & ISC_RET_CONFIDENTIALITY) != 0, "sealing", status);
  pair.client_begun = true;
  return status;
}

SECURITY_STATUS Negotiate::accept(Pair& pair, Token& input, Token& output) {
  ULONG attributes = 0;
  const SECURITY_STATUS status =
      AcceptSecurityContext(&server_, pair.server_begun ? &pair.server : nullptr, &input.list, kServerRequest, 0,
                            &pair.server, output.to_fill(), &attributes, nullptr);
  expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "AcceptSecurityContext", status);
  pair.server_begun = true;
  return status;
}

Negotiate::Pair Negotiate::establish() {
  Pair pair;
  Token up, down;
  if (!direct_) accept(pair, up, down);  // with no token yet: the hint
  bool client_done = false, server_done = false;
  int tokens = 0;
  while (!client_done || !server_done) {
    client_done = initiate(pair, down, up) == SEC_E_OK;
    if (up.buffer.cbBuffer == 0) break;
    expect(up.memory[0] == (direct_ ? 'N' : tokens == 0 ? 0x60 : 0xA1), "the kind of token", up.memory[0]);
    server_done = accept(pair, up, down) == SEC_E_OK;
    tokens += down.buffer.cbBuffer == 0 ? 1 : 2;
  }
  expect(client_done && server_done && tokens == (direct_ ? 3 : 4), "the log-on", tokens);
  return pair;
}

void Negotiate::handshake() {
  Pair pair = establish();
  DeleteSecurityContext(&pair.client);
  DeleteSecurityContext(&pair.server);
}

void Negotiate::sign_pair(std::vector<std::uint8_t>& buffer) {
  std::uint8_t signature[16];
  SecBuffer buffers[2] = {{sizeof signature, SECBUFFER_TOKEN, signature},
                          {static_cast<ULONG>(buffer.size()), SECBUFFER_DATA, buffer.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  SECURITY_STATUS status = MakeSignature(&pair_.client, 0, &message, 0);
  expect(status == SEC_E_OK, "MakeSignature", status);
  status = VerifySignature(&pair_.server, &message, 0, nullptr);
  expect(status == SEC_E_OK, "VerifySignature", status);
}

void Negotiate::seal_pair(std::vector<std::uint8_t>& buffer) {
  std::uint8_t signature[16];
  SecBuffer buffers[2] = {{sizeof signature, SECBUFFER_TOKEN, signature},
                          {static_cast<ULONG>(buffer.size()), SECBUFFER_DATA, buffer.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  SECURITY_STATUS status = EncryptMessage(&pair_.client, 0, &message, 0);
  expect(status == SEC_E_OK, "EncryptMessage", status);
  status = DecryptMessage(&pair_.server, &message, 0, nullptr);
  expect(status == SEC_E_OK, "DecryptMessage", status);
}

}  // namespace

int main(int argc, char** argv) {
  Negotiate subject(argc > 1 && std::strcmp(argv[1], "direct") == 0);
  return serve(subject);
}
