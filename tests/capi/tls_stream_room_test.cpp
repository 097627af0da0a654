// OpenSspiDecryptStream with less room than there is input: every whole record whose plain text fits, and no more.
#include <gtest/gtest.h>

#include "tls_pair.hpp"

namespace {

using namespace tls;

struct Suite {
  const char* name;
  const char16_t* policy;  // for both ends
  bool exact;              // the length of the records tells that of the plain text
};

class TlsStreamRoom : public testing::TestWithParam<Suite> {};
INSTANTIATE_TEST_SUITE_P(Tls, TlsStreamRoom,
                         testing::Values(Suite{"Tls13Gcm", u"TLS_AES_128_GCM_SHA256", true},
                                         Suite{"Tls13ChaCha", u"TLS_CHACHA20_POLY1305_SHA256", true},
                                         Suite{"Tls12Ccm", u"ECDHE-ECDSA-AES128-CCM", false},
                                         Suite{"Tls12Gcm", u"ECDHE-ECDSA-AES256-GCM-SHA384", true},
                                         Suite{"Tls12Cbc", u"ECDHE-ECDSA-AES128-SHA", false}),
                         [](const auto& suite) { return suite.param.name; });

SECURITY_STATUS decrypt(End& end, const Bytes& records, std::size_t room, std::size_t& used, std::string& text) {
  text.assign(room, '\0');
  used = records.size();
  const SECURITY_STATUS status = OpenSspiDecryptStream(end.handle(), records.data(), &used, text.data(), &room);
  text.resize(room);
  return status;
}

TEST_P(TlsStreamRoom, TakesWhatFits) {
  const House own;
  Credential client_credential({.roots = own.roots.get()});
  Credential server_credential({.server = true, .certificates = {own.server.get()}});
  OPENSSPI_TLS_POLICY policy{};
  policy.CipherSuites = GetParam().policy;
  for (Credential* credential : {&client_credential, &server_credential}) {
    ASSERT_EQ(SetCredentialsAttributesW(credential->handle(), OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy),
              SEC_E_OK)
        << why();
  }
  End client(false, client_credential.handle()), server(true, server_credential.handle());
  ASSERT_TRUE(shake(client, server).good()) << why();

  std::string data;
  for (std::size_t i = 0; i < 4 * 16384; ++i) data.push_back(static_cast<char>(i % 251));
  const Bytes records = client.encrypt_stream(data);
  const std::size_t record = records.size() / 4;

  // A byte less than four records hold: three are taken, and the fourth is as it was.
  std::size_t used = 0;
  std::string text;
  ASSERT_EQ(decrypt(server, records, data.size() - 1, used, text), SEC_E_OK) << why();
  EXPECT_EQ(used, 3 * record);
  EXPECT_EQ(text, data.substr(0, 3 * 16384));
  const Bytes rest(records.begin() + static_cast<std::ptrdiff_t>(used), records.end());
  ASSERT_EQ(decrypt(server, rest, 100, used, text), SEC_E_OK) << why();
  EXPECT_EQ(used, 0U);
  EXPECT_EQ(text, "");
  if (GetParam().exact) {
    ASSERT_EQ(decrypt(server, rest, 16384, used, text), SEC_E_OK) << why();
    EXPECT_EQ(used, record);
    EXPECT_EQ(text, data.substr(3 * 16384));
  } else {
    ASSERT_EQ(decrypt(server, rest, rest.size(), used, text), SEC_E_OK) << why();
    EXPECT_EQ(text, data.substr(3 * 16384));
  }
  // No plain text at all needs no room: the end is seen.
  const Outcome end = client.shut_down();
  EXPECT_EQ(decrypt(server, end.token, end.token.size(), used, text), SEC_I_CONTEXT_EXPIRED);
}

}  // namespace
