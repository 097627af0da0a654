// The package Kerberos through the C interface, with the tickets and the keytab of the environment. Argument: the
// service's name, which decides the encryption type.
#include <array>

#include "bench_peer.hpp"
#include "counted_allocations.hpp"
#include "sspi_subject.hpp"

namespace {

using namespace bench;

constexpr ULONG kClientRequest = ISC_REQ_CONNECTION | ISC_REQ_MUTUAL_AUTH | ISC_REQ_INTEGRITY |
                                 ISC_REQ_CONFIDENTIALITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;

class Opensspi : public SspiSubject {
 public:
  explicit Opensspi(const std::string& target);
  std::optional<std::uint64_t> allocations() const override { return allocation_count.load(); }

 private:
  Pair establish() override;

  std::u16string target_;
  CredHandle client_{}, server_{};
};

Opensspi::Opensspi(const std::string& target) : target_(target.begin(), target.end()) {
  std::u16string package = u"Kerberos";
  for (const auto& [use, credential] : {std::pair{SECPKG_CRED_OUTBOUND, &client_}, {SECPKG_CRED_INBOUND, &server_}}) {
    const SECURITY_STATUS status = AcquireCredentialsHandleW(nullptr, package.data(), static_cast<ULONG>(use), nullptr,
                                                             nullptr, nullptr, nullptr, credential, nullptr);
    expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  }
  begin();
}

Opensspi::Pair Opensspi::establish() {
  Pair pair{};
  std::array<std::uint8_t, 8192> to_server, to_client;
  SecBuffer up{to_server.size(), SECBUFFER_TOKEN, to_server.data()};
  SecBuffer down{to_client.size(), SECBUFFER_TOKEN, to_client.data()};
  SecBufferDesc up_list{SECBUFFER_VERSION, 1, &up}, down_list{SECBUFFER_VERSION, 1, &down};
  ULONG attributes = 0;
  SECURITY_STATUS status = InitializeSecurityContextW(&client_, nullptr, target_.data(), kClientRequest, 0, 0, nullptr,
                                                      0, &pair.client, &up_list, &attributes, nullptr);
  expect(status == SEC_I_CONTINUE_NEEDED, "AP-REQ", status);
  status = AcceptSecurityContext(&server_, nullptr, &up_list, 0, 0, &pair.server, &down_list, &attributes, nullptr);
  expect(status == SEC_E_OK, "AP-REP", status);
  up.cbBuffer = to_server.size();
  status = InitializeSecurityContextW(&client_, &pair.client, target_.data(), kClientRequest, 0, 0, &down_list, 0,
                                      &pair.client, &up_list, &attributes, nullptr);
  expect(status == SEC_E_OK && (attributes & ISC_RET_MUTUAL_AUTH) != 0, "the log-on", status);
  return pair;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) die("usage: kerberos_opensspi SERVICE/HOST", 0);
  Opensspi subject(arguments[1]);
  return serve(subject);
}
