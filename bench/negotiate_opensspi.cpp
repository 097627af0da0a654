// opensspi's Negotiate through its C interface. Without an argument NTLM inside of SPNEGO, four tokens with both MICs
// behind the server's hint. "direct": NTLM as it is, which is what a client sends that nobody spoke SPNEGO to.
// "kerberos SERVICE/HOST": Kerberos inside of SPNEGO, two tokens, with the tickets and the keytab of the environment.
#include <array>
#include <cstring>
#include <string>

#include "opensspi/extra.h"
#include "sspi_subject.hpp"

namespace {

using namespace bench;

enum class Kind { spnego, direct, kerberos };

constexpr ULONG kServerRequest = ASC_REQ_CONNECTION;

constexpr ULONG client_request(Kind kind) {
  const ULONG request = ISC_REQ_CONNECTION | ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;
  if (kind != Kind::kerberos) return request;
  return request | ISC_REQ_MUTUAL_AUTH | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;
}
constexpr int tokens_of(Kind kind) { return kind == Kind::spnego ? 4 : kind == Kind::direct ? 3 : 2; }

SECURITY_STATUS look_up(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  std::memcpy(account->NtHash, kNtHash, sizeof kNtHash);
  return SEC_E_OK;
}

// The memory of one end's last token.
struct Token {
  std::array<std::uint8_t, 8192> memory;
  SecBuffer buffer{0, SECBUFFER_TOKEN, memory.data()};
  SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};

  SecBufferDesc* to_fill() {
    buffer.cbBuffer = static_cast<ULONG>(memory.size());
    return &list;
  }
};

class Negotiate : public SspiSubject {
 public:
  Negotiate(Kind kind, const std::string& target);

 private:
  struct Growing : Pair {
    bool client_begun = false, server_begun = false;
  };
  Pair establish() override;
  SECURITY_STATUS initiate(Growing& pair, Token& input, Token& output);
  SECURITY_STATUS accept(Growing& pair, Token& input, Token& output);

  void acquire(SEC_WINNT_AUTH_IDENTITY_EXW identity, ULONG use, CredHandle* credential) const;

  const Kind kind_;
  std::u16string target_;
  CredHandle client_{}, server_{};
};

void Negotiate::acquire(SEC_WINNT_AUTH_IDENTITY_EXW identity, ULONG use, CredHandle* credential) const {
  std::u16string package = u"Negotiate", inside = kind_ == Kind::kerberos ? u"Kerberos" : u"NTLM";
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  identity.Length = sizeof identity;
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  identity.PackageList = reinterpret_cast<USHORT*>(inside.data());
  identity.PackageListLength = static_cast<ULONG>(inside.size());
  const SECURITY_STATUS status = AcquireCredentialsHandleW(nullptr, package.data(), use, nullptr, &identity, nullptr,
                                                           nullptr, credential, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
}

Negotiate::Negotiate(Kind kind, const std::string& target) : kind_(kind), target_(target.begin(), target.end()) {
  std::u16string user = u"alice", domain = u"EXAMPLE", password = u"Passw0rd!";
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  SEC_WINNT_AUTH_IDENTITY_EXW alice{};
  alice.User = units(user);
  alice.UserLength = static_cast<ULONG>(user.size());
  alice.Domain = units(domain);
  alice.DomainLength = static_cast<ULONG>(domain.size());
  alice.Password = units(password);
  alice.PasswordLength = static_cast<ULONG>(password.size());
  acquire(kind == Kind::kerberos ? SEC_WINNT_AUTH_IDENTITY_EXW{} : alice, SECPKG_CRED_OUTBOUND, &client_);
  acquire({}, SECPKG_CRED_INBOUND, &server_);
  if (kind != Kind::kerberos) {
    OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
    const SECURITY_STATUS status =
        SetCredentialsAttributesW(&server_, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts);
    expect(status == SEC_E_OK, "SetCredentialsAttributesW", status);
  }
  begin();
}

SECURITY_STATUS Negotiate::initiate(Growing& pair, Token& input, Token& output) {
  ULONG attributes = 0;
  const SECURITY_STATUS status = InitializeSecurityContextW(
      &client_, pair.client_begun ? &pair.client : nullptr, target_.data(), client_request(kind_), 0, 0,
      input.buffer.cbBuffer == 0 ? nullptr : &input.list, 0, &pair.client, output.to_fill(), &attributes, nullptr);
  expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "InitializeSecurityContextW", status);
  expect(status != SEC_E_OK || (attributes & ISC_RET_CONFIDENTIALITY) != 0, "sealing", status);
  pair.client_begun = true;
  return status;
}

SECURITY_STATUS Negotiate::accept(Growing& pair, Token& input, Token& output) {
  ULONG attributes = 0;
  const SECURITY_STATUS status =
      AcceptSecurityContext(&server_, pair.server_begun ? &pair.server : nullptr, &input.list, kServerRequest, 0,
                            &pair.server, output.to_fill(), &attributes, nullptr);
  expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "AcceptSecurityContext", status);
  pair.server_begun = true;
  return status;
}

Negotiate::Pair Negotiate::establish() {
  Growing pair;
  Token up, down;
  if (kind_ == Kind::spnego) accept(pair, up, down);  // with no token yet: the hint
  bool client_done = false, server_done = false;
  int tokens = 0;
  while (!client_done || !server_done) {
    client_done = initiate(pair, down, up) == SEC_E_OK;
    if (up.buffer.cbBuffer == 0) break;
    expect(up.memory[0] == (kind_ == Kind::direct ? 'N'
                            : tokens == 0         ? 0x60
                                                  : 0xA1),
           "the kind of token", up.memory[0]);
    server_done = accept(pair, up, down) == SEC_E_OK;
    tokens += down.buffer.cbBuffer == 0 ? 1 : 2;
  }
  expect(client_done && server_done && tokens == tokens_of(kind_), "the log-on", tokens);
  return pair;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  const Kind kind = mode == "direct" ? Kind::direct : mode == "kerberos" ? Kind::kerberos : Kind::spnego;
  Negotiate subject(kind, count > 2 ? arguments[2] : "HTTP/localhost");
  return serve(subject);
}
