// opensspi/sspi.hpp: the C++ face of the interface, from outside as a user has it.
#include "opensspi/sspi.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using opensspi::Bytes;
using opensspi::ByteVector;
using opensspi::Context;
using opensspi::Credential;
using opensspi::MutableBytes;
using opensspi::Requirements;
using opensspi::Role;
using opensspi::Use;

constexpr ULONG kSeal = ISC_REQ_CONFIDENTIALITY | ISC_REQ_INTEGRITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT;

Credential acquire(Use use) {
  auto credential = Credential::acquire(u"NTLM", use);
  EXPECT_TRUE(credential.has_value()) << credential.error().text;
  return std::move(*credential);
}

ByteVector bytes(std::string_view text) { return {text.begin(), text.end()}; }

struct Pair {
  Context client, server;
};

Pair connect(Requirements client_wants = {.flags = kSeal}, Requirements server_wants = {}) {
  const Credential outbound = acquire(Use::outbound), inbound = acquire(Use::inbound);
  Pair pair{Context(Role::client, outbound.handle(), std::move(client_wants)),
            Context(Role::server, inbound.handle(), std::move(server_wants))};
  ByteVector token;
  for (int leg = 0; leg < 3; ++leg) {
    auto step = (leg == 1 ? pair.server : pair.client).step(token);
    EXPECT_TRUE(step.has_value()) << step.error().text;
    token.assign(step->token.bytes().begin(), step->token.bytes().end());
  }
  const auto last = pair.server.step(token);
  EXPECT_TRUE(last.has_value() && last->status == SEC_E_OK);
  return pair;
}

TEST(SspiHpp, names_statuses_as_windows_does) {
  EXPECT_EQ(opensspi::status_name(SEC_E_INVALID_TOKEN), "SEC_E_INVALID_TOKEN");
  EXPECT_EQ(opensspi::status_message(SEC_E_LOGON_DENIED), "The logon attempt failed");
  EXPECT_EQ(opensspi::status_name(12345), "");
  EXPECT_EQ(opensspi::status_message(12345), "Unknown status 12345");
}

TEST(SspiHpp, converts_text_with_pairs_and_lone_surrogates) {
  EXPECT_EQ(opensspi::to_utf8(u"aä例"), "a\xC3\xA4\xE4\xBE\x8B");
  EXPECT_EQ(opensspi::to_utf8(std::u16string{0xD83D, 0xDD11}), "\xF0\x9F\x94\x91");
  EXPECT_EQ(opensspi::to_utf8(std::u16string{0xD83D, u'x'}), "\xEF\xBF\xBDx");
}

TEST(SspiHpp, lists_packages) {
  const auto packages = opensspi::packages();
  ASSERT_TRUE(packages.has_value());
  EXPECT_TRUE(std::ranges::any_of(*packages, [](const auto& package) { return package.name == u"NTLM"; }));
}

TEST(SspiHpp, says_why_a_credential_cannot_be_had) {
  const auto credential = Credential::acquire(u"Nonesuch", Use::both);
  ASSERT_FALSE(credential.has_value());
  EXPECT_EQ(credential.error().status, SEC_E_SECPKG_NOT_FOUND);
  EXPECT_FALSE(credential.error().text.empty());
  EXPECT_EQ(credential.error().message(), "The requested security package does not exist");
}

TEST(SspiHpp, credentials_are_freed_once_and_can_be_given_away) {
  Credential first = acquire(Use::both);
  CredHandle handle = first.handle();
  Credential second(std::move(first));
  EXPECT_EQ(second.handle().dwUpper, handle.dwUpper);
  second = acquire(Use::both);  // frees the first
  EXPECT_EQ(FreeCredentialsHandle(&handle), SEC_E_INVALID_HANDLE);
  CredHandle given = second.release();
  EXPECT_EQ(FreeCredentialsHandle(&given), SEC_E_OK);
  EXPECT_GT(acquire(Use::both).expiry_ticks(), 0);
}

TEST(SspiHpp, sets_accounts_and_policy_before_the_first_context) {
  Credential credential = acquire(Use::inbound);
  EXPECT_TRUE(credential.set_ntlm_policy({OPENSSPI_NTLM_REQUIRE_MIC, 3}).has_value());
  EXPECT_TRUE(credential.set_accounts(u"self").has_value());
  const auto refused = credential.set_accounts(u"nonsense:/path");
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(refused.error().text.empty());
}

TEST(SspiHpp, encrypts_and_decrypts_in_the_callers_buffers) {
  Pair pair = connect();
  ByteVector data = bytes("a message"), token(pair.client.sizes()->cbSecurityTrailer);
  const auto used = pair.client.encrypt(token, data, {});
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(used->data_bytes, 9U);
  EXPECT_NE(data, bytes("a message"));
  const auto left = pair.server.decrypt(MutableBytes(token).first(used->token_bytes), data, {});
  ASSERT_TRUE(left.has_value()) << left.error().text;
  EXPECT_EQ((*left)[1].pvBuffer, data.data());
  EXPECT_EQ(data, bytes("a message"));
}

TEST(SspiHpp, refuses_a_changed_message_and_goes_on) {
  Pair pair = connect();
  const ByteVector data = bytes("signed");
  ByteVector signature(pair.server.sizes()->cbMaxSignature);
  const auto length = pair.server.sign(data, signature);
  ASSERT_TRUE(length.has_value());
  signature.resize(*length);
  const auto refused = pair.client.verify(bytes("Signed"), signature);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, SEC_E_MESSAGE_ALTERED);
  EXPECT_EQ(refused.error().package, "NTLM");
  EXPECT_EQ(pair.client.verify(data, signature), ULONG{0});
}

TEST(SspiHpp, answers_queries) {
  Pair pair = connect({.target = u"http/server", .flags = kSeal});
  EXPECT_EQ(pair.client.user_name().value_or(u"?"), pair.server.user_name().value_or(u"!"));
  EXPECT_EQ(pair.server.package()->name, u"NTLM");
  EXPECT_EQ(pair.server.client_target(), u"http/server");
  EXPECT_EQ(pair.server.account()->source, u"self");
  EXPECT_EQ(pair.server.session_key()->size_bytes, 16U);
  EXPECT_EQ(pair.server.key_info()->key_bits, 128U);
  EXPECT_EQ(*pair.client.flags() & ISC_RET_CONFIDENTIALITY, ULONG{ISC_RET_CONFIDENTIALITY});
  EXPECT_GT(pair.server.expiry_ticks().value_or(0), 0);
  EXPECT_EQ(pair.server.stream_sizes().error().status, SEC_E_UNSUPPORTED_FUNCTION);
}

TEST(SspiHpp, binds_to_a_channel) {
  connect({.flags = kSeal, .channel_bindings = bytes("tls-unique:one")}, {.channel_bindings = bytes("tls-unique:one")});
  const Credential both = acquire(Use::both);
  Context client(Role::client, both.handle(), {.channel_bindings = bytes("tls-unique:one")});
  Context server(Role::server, both.handle(), {.channel_bindings = bytes("tls-unique:two")});
  const auto challenge = server.step(client.step({})->token.bytes());
  const auto last = server.step(client.step(challenge->token.bytes())->token.bytes());
  ASSERT_FALSE(last.has_value());
  EXPECT_EQ(last.error().status, SEC_E_BAD_BINDINGS);
}

TEST(SspiHpp, a_context_that_failed_or_was_closed_stays_so) {
  const Credential credential = acquire(Use::both);
  Context server(Role::server, credential.handle(), {});
  EXPECT_EQ(server.step(bytes("garbage")).error().status, SEC_E_INVALID_TOKEN);
  EXPECT_FALSE(server.started());
  Pair pair = connect();
  pair.client.close();
  EXPECT_EQ(pair.client.sizes().error().status, SEC_E_INVALID_HANDLE);
}

}  // namespace
