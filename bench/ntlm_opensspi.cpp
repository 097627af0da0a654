// opensspi through its C interface: connection contexts with KEY_EXCH, extended session security, SIGN and SEAL.
#include <array>
#include <cstring>

#include "bench_peer.hpp"
#include "counted_allocations.hpp"
#include "opensspi/extra.h"
#include "sspi_subject.hpp"

namespace {

using namespace bench;

constexpr ULONG kClientRequest = ISC_REQ_CONNECTION | ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;
constexpr ULONG kServerRequest = ASC_REQ_CONNECTION;

SECURITY_STATUS look_up(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  std::memcpy(account->NtHash, kNtHash, sizeof kNtHash);
  return SEC_E_OK;
}

class Opensspi : public SspiSubject {
 public:
  Opensspi();
  std::optional<std::uint64_t> allocations() const override { return allocation_count.load(); }

 private:
  Pair establish() override;

  CredHandle client_{}, server_{};
};

Opensspi::Opensspi() {
  std::u16string user = u"alice", domain = u"EXAMPLE", password = u"Passw0rd!", package = u"NTLM";
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  SEC_WINNT_AUTH_IDENTITY_W identity{units(user),
                                     static_cast<ULONG>(user.size()),
                                     units(domain),
                                     static_cast<ULONG>(domain.size()),
                                     units(password),
                                     static_cast<ULONG>(password.size()),
                                     SEC_WINNT_AUTH_IDENTITY_UNICODE};
  SECURITY_STATUS status = AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity,
                                                     nullptr, nullptr, &client_, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  status = AcquireCredentialsHandleW(nullptr, package.data(), SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr, nullptr,
                                     &server_, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
  status = SetCredentialsAttributesW(&server_, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts);
  expect(status == SEC_E_OK, "SetCredentialsAttributesW", status);
  begin();
}

Opensspi::Pair Opensspi::establish() {
  Pair pair{};
  std::array<std::uint8_t, 2888> to_server, to_client;
  std::array<SecBuffer, 2> tokens;
  SecBuffer &up = tokens[0], &down = tokens[1];
  SecBufferDesc up_list{SECBUFFER_VERSION, 1, &up}, down_list{SECBUFFER_VERSION, 1, &down};
  const auto rewind = [](SecBuffer& token, auto& memory) {
    token = {static_cast<ULONG>(memory.size()), SECBUFFER_TOKEN, memory.data()};
  };
  ULONG attributes = 0;
  rewind(up, to_server);
  rewind(down, to_client);
  SECURITY_STATUS status = InitializeSecurityContextW(&client_, nullptr, nullptr, kClientRequest, 0, 0, nullptr, 0,
                                                      &pair.client, &up_list, &attributes, nullptr);
  expect(status == SEC_I_CONTINUE_NEEDED, "NEGOTIATE", status);
  status = AcceptSecurityContext(&server_, nullptr, &up_list, kServerRequest, 0, &pair.server, &down_list, &attributes,
                                 nullptr);
  expect(status == SEC_I_CONTINUE_NEEDED, "CHALLENGE", status);
  rewind(up, to_server);
  status = InitializeSecurityContextW(&client_, &pair.client, nullptr, kClientRequest, 0, 0, &down_list, 0,
                                      &pair.client, &up_list, &attributes, nullptr);
  expect(status == SEC_E_OK, "AUTHENTICATE", status);
  rewind(down, to_client);
  status = AcceptSecurityContext(&server_, &pair.server, &up_list, kServerRequest, 0, &pair.server, &down_list,
                                 &attributes, nullptr);
  expect(status == SEC_E_OK && (attributes & ASC_RET_CONFIDENTIALITY) != 0, "the log-on", status);
  return pair;
}

}  // namespace

int main() {
  Opensspi subject;
  return serve(subject);
}
