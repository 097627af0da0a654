// WinPR's SSPI (libwinpr2): KEY_EXCH, extended session security, SIGN and SEAL, by the package that BENCH_WINPR_PACKAGE
// names: NTLM, or Negotiate, which sends NTLM as it is. WinPR 2 has no MakeSignature: what is measured as signing is
// its EncryptMessage in a context without confidentiality, which does the same arithmetic.
#include <winpr/sspi.h>

#include <array>
#include <cstring>

#include "bench_peer.hpp"

namespace {

using namespace bench;

class Winpr : public Subject {
 public:
  Winpr();
  void handshake() override;
  void keep_pair() override { establish(true); }
  void sign_pair(std::vector<std::uint8_t>& buffer) override { exchange(signing_, buffer); }
  void seal_pair(std::vector<std::uint8_t>& buffer) override { exchange(sealing_, buffer); }

 private:
  struct Pair {
    CtxtHandle client, server;
    ULONG number;
  };
  Pair establish(bool seal);
  void exchange(Pair& pair, std::vector<std::uint8_t>& buffer);

  PSecurityFunctionTableW table_ = InitSecurityInterfaceExW(SSPI_INTERFACE_WINPR);
  CredHandle client_{}, server_{};
  Pair signing_{}, sealing_{};
};

Winpr::Winpr() {
  std::u16string user = u"alice", domain = u"EXAMPLE", password = u"Passw0rd!", package = BENCH_WINPR_PACKAGE;
  const auto units = [](std::u16string& text) { return reinterpret_cast<UINT16*>(text.data()); };
  SEC_WINNT_AUTH_IDENTITY_W identity{units(user),
                                     static_cast<UINT32>(user.size()),
                                     units(domain),
                                     static_cast<UINT32>(domain.size()),
                                     units(password),
                                     static_cast<UINT32>(password.size()),
                                     SEC_WINNT_AUTH_IDENTITY_UNICODE};
  SECURITY_STATUS status =
      table_->AcquireCredentialsHandleW(nullptr, reinterpret_cast<WCHAR*>(package.data()), SECPKG_CRED_OUTBOUND,
                                        nullptr, &identity, nullptr, nullptr, &client_, nullptr);
  expect(status == SEC_E_OK, "WinPR AcquireCredentialsHandle", status);
  status = table_->AcquireCredentialsHandleW(nullptr, reinterpret_cast<WCHAR*>(package.data()), SECPKG_CRED_INBOUND,
                                             nullptr, nullptr, nullptr, nullptr, &server_, nullptr);
  expect(status == SEC_E_OK, "WinPR AcquireCredentialsHandle", status);
  signing_ = establish(false);
  sealing_ = establish(true);
}

Winpr::Pair Winpr::establish(bool seal) {
  Pair pair{};
  std::array<std::uint8_t, 2888> to_server, to_client;
  SecBuffer up{}, down{};
  SecBufferDesc up_list{SECBUFFER_VERSION, 1, &up}, down_list{SECBUFFER_VERSION, 1, &down};
  const auto rewind = [](SecBuffer& token, auto& memory) {
    token = {static_cast<ULONG>(memory.size()), SECBUFFER_TOKEN, memory.data()};
  };
  const ULONG request = ISC_REQ_CONNECTION | ISC_REQ_INTEGRITY | (seal ? ISC_REQ_CONFIDENTIALITY : 0U);
  const ULONG accept = ASC_REQ_CONNECTION | (seal ? ASC_REQ_CONFIDENTIALITY : 0U);
  ULONG attributes = 0;
  TimeStamp expiry{};
  rewind(up, to_server);
  rewind(down, to_client);
  SECURITY_STATUS status = table_->InitializeSecurityContextW(&client_, nullptr, nullptr, request, 0, 0, nullptr, 0,
                                                              &pair.client, &up_list, &attributes, &expiry);
  expect(status >= 0, "WinPR's first token", status);
  status = table_->AcceptSecurityContext(&server_, nullptr, &up_list, accept, 0, &pair.server, &down_list, &attributes,
                                         &expiry);
  expect(status >= 0, "WinPR's second token", status);
  SecPkgContext_AuthNtlmHash hash{};
  hash.Version = 1;
  std::memcpy(hash.NtlmHash, kNtHash, sizeof kNtHash);
  status = table_->SetContextAttributesW(&pair.server, SECPKG_ATTR_AUTH_NTLM_HASH, &hash, sizeof hash);
  expect(status == SEC_E_OK, "WinPR SetContextAttributes", status);
  rewind(up, to_server);
  status = table_->InitializeSecurityContextW(&client_, &pair.client, nullptr, request, 0, 0, &down_list, 0,
                                              &pair.client, &up_list, &attributes, &expiry);
  expect(status >= 0, "WinPR's third token", status);
  rewind(down, to_client);
  status = table_->AcceptSecurityContext(&server_, &pair.server, &up_list, accept, 0, &pair.server, &down_list,
                                         &attributes, &expiry);
  expect(status >= 0, "WinPR log-on", status);
  if (status == SEC_I_COMPLETE_NEEDED) status = table_->CompleteAuthToken(&pair.server, &down_list);
  expect(status == SEC_E_OK, "WinPR CompleteAuthToken", status);
  return pair;
}

void Winpr::handshake() {
  Pair pair = establish(true);
  table_->DeleteSecurityContext(&pair.client);
  table_->DeleteSecurityContext(&pair.server);
}

void Winpr::exchange(Pair& pair, std::vector<std::uint8_t>& buffer) {
  std::uint8_t signature[16];
  SecBuffer buffers[2] = {{sizeof signature, SECBUFFER_TOKEN, signature},
                          {static_cast<ULONG>(buffer.size()), SECBUFFER_DATA, buffer.data()}};
  SecBufferDesc message{SECBUFFER_VERSION, 2, buffers};
  SECURITY_STATUS status = table_->EncryptMessage(&pair.client, 0, &message, pair.number);
  expect(status == SEC_E_OK, "WinPR EncryptMessage", status);
  ULONG qop = 0;
  status = table_->DecryptMessage(&pair.server, &message, pair.number, &qop);
  expect(status == SEC_E_OK, "WinPR DecryptMessage", status);
  ++pair.number;
}

}  // namespace

int main() {
  Winpr subject;
  return serve(subject);
}
