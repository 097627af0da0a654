// The trace and the reasons of failures hold no secret: passwords, hashes, responses, encrypted keys, session keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "ntlm_pair.hpp"
#include "raw_ntlm.hpp"

namespace {

using namespace capi;
using Role = End::Role;

std::string hex(const Blob& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Everything that the trace and the failures of this thread say.
class Listener {
 public:
  Listener() { OpenSspiSetTrace(&Listener::take, this); }
  ~Listener() { OpenSspiSetTrace(nullptr, nullptr); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void take_failure() {
    OPENSSPI_FAILURE failure{};
    failure.cbSize = sizeof failure;
    ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
    for (const SEC_WCHAR* at = failure.Text; *at != 0; ++at) heard_ += static_cast<char>(*at);
  }
  const std::string& heard() const { return heard_; }

 private:
  static void take(void* self, const char* line) { static_cast<Listener*>(self)->heard_ += std::string(line) + "\n"; }
  std::string heard_;
};

struct Secrets {
  std::vector<std::pair<std::string, std::string>> all;

  void text(const char* name, const std::string& value) {
    all.emplace_back(name, value);
    Blob utf16;
    for (const char c : value) utf16.insert(utf16.end(), {static_cast<std::uint8_t>(c), 0});
    bytes(name, utf16);
    bytes(name, Blob(value.begin(), value.end()));
  }
  void bytes(const char* name, const Blob& value) {
    ASSERT_GE(value.size(), 8U) << name;
    all.emplace_back(name, hex(value));
    all.emplace_back(name, std::string(value.begin(), value.end()));
    // A half of it would be too much too.
    all.emplace_back(name, hex(value).substr(0, 16));
  }
  void expect_none_in(const std::string& heard) const {
    for (const auto& [name, value] : all) {
      EXPECT_EQ(lower(heard).find(lower(value)), std::string::npos) << name << " was told: " << value;
    }
  }
};

const Blob kAliceHash = {0xfc, 0x52, 0x5c, 0x96, 0x83, 0xe8, 0xfe, 0x06,
                         0x70, 0x95, 0xba, 0x2d, 0xdc, 0x97, 0x18, 0x89};

Secrets secrets_of(const Blob& authenticate, const Blob& session_key) {
  Secrets secrets;
  secrets.text("the password", "Passw0rd!");
  secrets.bytes("the NT hash", kAliceHash);
  const Blob response = raw::field(authenticate, 20), encrypted = raw::field(authenticate, 52);
  secrets.bytes("the proof", Blob(response.begin(), response.begin() + 16));
  secrets.bytes("the client's challenge", Blob(response.begin() + 32, response.begin() + 40));
  if (!encrypted.empty()) secrets.bytes("the encrypted key", encrypted);
  secrets.bytes("the MIC", Blob(authenticate.begin() + 72, authenticate.begin() + 88));
  if (!session_key.empty()) secrets.bytes("the session key", session_key);
  return secrets;
}

TEST(SecretsInTheTrace, NoneOfALogOnAndItsMessages) {
  Listener listener;
  Credential alice(&kAlice), accounts(nullptr);
  End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  const Blob authenticate = client.out;
  Message message = client.seal({bytes("confidential content")});
  message.token[5] ^= 1;
  EXPECT_LT(server.unseal(message.token, message.data).status, 0);
  listener.take_failure();
  SecBuffer packed{};
  ASSERT_EQ(ExportSecurityContext(server.get(), 0, &packed, nullptr), SEC_E_OK);
  FreeContextBuffer(packed.pvBuffer);
  Secrets secrets = secrets_of(authenticate, client.session_key());
  secrets.text("a message", "confidential content");
  secrets.expect_none_in(listener.heard());
  EXPECT_NE(listener.heard().find("AUTHENTICATE_MESSAGE"), std::string::npos) << "the trace was on";
}

TEST(SecretsInTheTrace, NoneOfARefusedLogOn) {
  Listener listener;
  const Identity wrong{u"alice", u"EXAMPLE", u"Wrong-Passw0rd-17"};
  Credential alice(&wrong), accounts(nullptr);
  End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_LOGON_DENIED);
  listener.take_failure();
  Secrets secrets = secrets_of(client.out, client.session_key());
  secrets.text("the wrong password", "Wrong-Passw0rd-17");
  secrets.expect_none_in(listener.heard());
}

TEST(SecretsInTheTrace, NoneOfAForgedMic) {
  Listener listener;
  Credential alice(&kAlice), accounts(nullptr);
  End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(server.step(client.out), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(client.step(server.out), SEC_E_OK);
  Blob forged = client.out;
  forged[80] ^= 1;
  ASSERT_EQ(server.step(forged), SEC_E_LOGON_DENIED);
  listener.take_failure();
  secrets_of(client.out, client.session_key()).expect_none_in(listener.heard());
}

// Whoever shows a reason on a terminal, or writes it into a log, is not obeyed for the peer by either.
TEST(ReasonsOfFailures, HoldNoControlCharactersOfThePeers) {
  const Identity odd{u"x\nalice: accepted\x1b[2J\x7f", u"EXAMPLE\r", u"Passw0rd!"};
  Credential client_credential(&odd), accounts(nullptr);
  End client(Role::kClient, client_credential, kClientSeal), server(Role::kServer, accounts, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_LOGON_DENIED);
  Listener listener;
  listener.take_failure();
  EXPECT_NE(listener.heard().find("x\\x0aalice: accepted\\x1b[2J\\x7f"), std::string::npos) << listener.heard();
  EXPECT_EQ(listener.heard().find_first_of("\n\r\x1b\x7f"), std::string::npos);
}

TEST(SecretsInTheTrace, NoneOfCredentialsThatAreRefused) {
  Listener listener;
  std::u16string ntlm = u"NTLM", user = u"alice", hash = u"fc525c9683e8fe067095ba2ddc97188";  // a digit short
  const auto units = [](std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); };
  SEC_WINNT_AUTH_IDENTITY_W identity{units(user),
                                     5,
                                     nullptr,
                                     0,
                                     units(hash),
                                     static_cast<ULONG>(hash.size()),
                                     SEC_WINNT_AUTH_IDENTITY_UNICODE | OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH};
  CredHandle handle{};
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, ntlm.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity, nullptr, nullptr,
                                      &handle, nullptr),
            SEC_E_UNKNOWN_CREDENTIALS);
  listener.take_failure();
  std::string password = "secret\xC3";
  identity = {units(user), 5, nullptr, 0, reinterpret_cast<USHORT*>(password.data()), 7, SEC_WINNT_AUTH_IDENTITY_ANSI};
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, ntlm.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity, nullptr, nullptr,
                                      &handle, nullptr),
            SEC_E_UNKNOWN_CREDENTIALS);
  listener.take_failure();
  EXPECT_EQ(lower(listener.heard()).find("fc525c96"), std::string::npos);
  EXPECT_EQ(lower(listener.heard()).find("secret"), std::string::npos);
  EXPECT_FALSE(listener.heard().empty());
}

}  // namespace
