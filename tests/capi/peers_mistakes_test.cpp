// What other implementations of NTLM were seen to get wrong in a handshake; each test shows that this one does not.
#include <gtest/gtest.h>

#include "ntlm_pair.hpp"
#include "raw_ntlm.hpp"

namespace {

using namespace capi;
using Role = End::Role;

constexpr std::uint32_t kStrong = raw::kUsual | raw::kSign | raw::kSeal | raw::k128 | raw::kKeyExch;

class PeersMistakes : public testing::Test {
 protected:
  Credential alice_{&kAlice};
  Credential bob_{&kBob};
  Credential accounts_{nullptr};
};

// The third token of a client made of bytes, given to `server`.
SECURITY_STATUS raw_log_on(End& server, std::uint32_t negotiate_flags, const raw::Answer& answer,
                           std::size_t negotiate_size = 40) {
  const Blob negotiate = raw::negotiate(negotiate_flags, negotiate_size);
  const SECURITY_STATUS status = server.step(negotiate);
  if (status < 0) return status;
  return server.step(raw::authenticate(negotiate, server.out, answer).message);
}

// ---- gss-ntlmssp: no MIC, so that the removal of the 128-bit flag goes unnoticed.
// ------------------------------------

TEST_F(PeersMistakes, LossOf128BitsInNegotiateIsNoticed) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  Blob token = client.out;
  raw::write32(token, 12, raw::read32(token, 12) & ~raw::k128);
  const SECURITY_STATUS answered = server.step(token);
  if (answered >= 0) {
    EXPECT_EQ(client.step(server.out), SEC_E_UNSUPPORTED_FUNCTION);
  } else {
    EXPECT_EQ(answered, SEC_E_UNSUPPORTED_FUNCTION);
  }
}

TEST_F(PeersMistakes, LossOf128BitsInChallengeIsNoticed) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(server.step(client.out), SEC_I_CONTINUE_NEEDED);
  Blob token = server.out;
  raw::write32(token, 20, raw::read32(token, 20) & ~raw::k128);
  EXPECT_EQ(client.step(token), SEC_E_UNSUPPORTED_FUNCTION);
}

TEST_F(PeersMistakes, LossOfAnyProtectionInAuthenticateIsNoticedWithoutMic) {
  for (const std::uint32_t lost : {raw::k128, raw::kEss, raw::kSign, raw::kSeal, raw::kKeyExch}) {
    End server(Role::kServer, accounts_, kServerAny);
    const Blob negotiate = raw::negotiate(kStrong);
    ASSERT_EQ(server.step(negotiate), SEC_I_CONTINUE_NEEDED);
    raw::Answer answer;
    answer.flags = raw::read32(server.out, 20) & ~lost;
    EXPECT_LT(server.step(raw::authenticate(negotiate, server.out, answer).message), 0) << std::hex << lost;
  }
}

TEST_F(PeersMistakes, ClientSendsMicWhereTheServerGivesTheTime) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  const Blob negotiate = client.out;
  ASSERT_EQ(server.step(client.out), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(client.step(server.out), SEC_E_OK);
  Blob zeroed = client.out;
  const Blob mic(zeroed.begin() + 72, zeroed.begin() + 88);
  std::fill_n(zeroed.begin() + 72, 16, std::uint8_t{0});
  EXPECT_EQ(raw::hmac_md5(client.session_key(), raw::joined({negotiate, server.out, zeroed})), mic);
}

// ---- gss-ntlmssp: a crash on an empty TargetName; sspi-rs: unknown AV ids are fatal.
// ----------------------------------

TEST_F(PeersMistakes, EmptyTargetNameIsAccepted) {
  End client(Role::kClient, alice_, kClientSeal);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  const Blob challenge = raw::challenge(kStrong | raw::kTargetInfo, "", raw::target_info());
  ASSERT_EQ(client.step(challenge), SEC_E_OK);
  EXPECT_EQ(raw::exported_key_of(challenge, client.out), client.session_key());
}

TEST_F(PeersMistakes, UnknownAvIdIsCopiedThrough) {
  End client(Role::kClient, alice_, kClientSeal);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  const Blob value = bytes("opaque");
  const Blob info = raw::target_info({raw::av_pair(0x1234, value)});
  ASSERT_EQ(client.step(raw::challenge(kStrong | raw::kTargetInfo, "PEER", info)), SEC_E_OK);
  const Blob response = raw::field(client.out, 20);
  EXPECT_EQ(raw::av_find(raw::Bytes(response).subspan(44), 0x1234), value);
}

// ---- gss-ntlmssp returns flags as asked; identify dropped; WinPR ignores DATAGRAM, IDENTIFY, NULL_SESSION.
// ------------

TEST_F(PeersMistakes, OnlyFlagsThatAreProvidedAreReturned) {
  const ULONG protection =
      ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT | ISC_RET_CONFIDENTIALITY | ISC_RET_INTEGRITY;
  End client(Role::kClient, alice_, ISC_REQ_MUTUAL_AUTH | ISC_REQ_DELEGATE | ISC_REQ_EXTENDED_ERROR | ISC_REQ_STREAM);
  End server(Role::kServer, accounts_,
             ASC_REQ_MUTUAL_AUTH | ASC_REQ_DELEGATE | ASC_REQ_CONFIDENTIALITY | ASC_REQ_SEQUENCE_DETECT);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  EXPECT_EQ(client.attributes & (protection | ISC_RET_MUTUAL_AUTH | ISC_RET_DELEGATE | ISC_RET_STREAM), 0U);
  EXPECT_EQ(server.attributes & (ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT | ASC_RET_CONFIDENTIALITY |
                                 ASC_RET_INTEGRITY | ASC_RET_MUTUAL_AUTH | ASC_RET_DELEGATE),
            0U);
}

TEST_F(PeersMistakes, WhatIsProvidedIsReturned) {
  End client(Role::kClient, alice_, ISC_REQ_CONFIDENTIALITY), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  const ULONG wanted = ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT | ISC_RET_CONFIDENTIALITY | ISC_RET_INTEGRITY;
  EXPECT_EQ(client.attributes & wanted, wanted);
  const ULONG served = ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT | ASC_RET_CONFIDENTIALITY | ASC_RET_INTEGRITY;
  EXPECT_EQ(server.attributes & served, served);
}

TEST_F(PeersMistakes, IdentifyReachesTheServer) {
  End client(Role::kClient, alice_, ISC_REQ_IDENTIFY), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  EXPECT_TRUE(client.attributes & ISC_RET_IDENTIFY);
  EXPECT_TRUE(server.attributes & ASC_RET_IDENTIFY);
}

TEST_F(PeersMistakes, AnonymousOnlyWhereTheServerAllowsIt) {
  End client(Role::kClient, alice_, ISC_REQ_NULL_SESSION), closed(Role::kServer, accounts_, kServerAny);
  EXPECT_EQ(log_on(client, closed), SEC_E_LOGON_DENIED);
  End again(Role::kClient, alice_, ISC_REQ_NULL_SESSION);
  End open(Role::kServer, accounts_, ASC_REQ_ALLOW_NULL_SESSION);
  ASSERT_EQ(log_on(again, open), SEC_E_OK);
  EXPECT_TRUE(again.attributes & ISC_RET_NULL_SESSION);
  EXPECT_TRUE(open.attributes & ASC_RET_NULL_SESSION);
  EXPECT_FALSE(open.attributes & (ASC_RET_INTEGRITY | ASC_RET_CONFIDENTIALITY));
}

TEST_F(PeersMistakes, DatagramBySequenceNumber) {
  End client(Role::kClient, alice_, kClientSeal | ISC_REQ_DATAGRAM);
  End server(Role::kServer, accounts_, ASC_REQ_DATAGRAM);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(server.step(client.out), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(client.step(server.out), SEC_E_OK);
  ASSERT_EQ(server.step(client.out), SEC_E_OK);
  EXPECT_TRUE(client.attributes & ISC_RET_DATAGRAM);
  EXPECT_TRUE(server.attributes & ASC_RET_DATAGRAM);
  // Whether a number came before is the application's to see.
  EXPECT_FALSE(client.attributes & (ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT));
  EXPECT_FALSE(server.attributes & (ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT));
  const Message first = client.seal({bytes("first")}, 7), second = client.seal({bytes("second")}, 8);
  ASSERT_EQ(first.status, SEC_E_OK);
  EXPECT_NE(first.data[0], bytes("first"));
  EXPECT_EQ(server.unseal(second.token, second.data, 8).data[0], bytes("second"));
  EXPECT_EQ(server.unseal(first.token, first.data, 7).data[0], bytes("first"));
  EXPECT_LT(server.unseal(first.token, first.data, 9).status, 0);
}

// ---- Channel bindings: gss-ntlmssp accepts their absence, WinPR ignores them.
// -----------------------------------------

TEST_F(PeersMistakes, ChannelBindings) {
  struct Case {
    const char *client, *server;
    ULONG request;
    SECURITY_STATUS status;
  };
  const Case cases[] = {{"tls-unique:1", "tls-unique:1", 0, SEC_E_OK},
                        {"tls-unique:2", "tls-unique:1", 0, SEC_E_BAD_BINDINGS},
                        {"", "tls-unique:1", 0, SEC_E_BAD_BINDINGS},
                        {"", "tls-unique:1", ASC_REQ_ALLOW_MISSING_BINDINGS, SEC_E_OK},
                        {"tls-unique:2", "tls-unique:1", ASC_REQ_ALLOW_MISSING_BINDINGS, SEC_E_BAD_BINDINGS},
                        {"tls-unique:1", "", 0, SEC_E_OK}};
  for (const Case& c : cases) {
    End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, c.request);
    client.bindings = c.client;
    server.bindings = c.server;
    EXPECT_EQ(log_on(client, server), c.status) << c.client << " at " << c.server << ", " << c.request;
  }
}

// ---- gss-ntlmssp rejects a type 1 message shorter than 40 bytes; it reads past a short token.
// --------------------------

TEST_F(PeersMistakes, ShortNegotiateIsAccepted) {
  for (const std::size_t size : {16U, 32U, 40U}) {
    End server(Role::kServer, accounts_, kServerAny);
    EXPECT_EQ(raw_log_on(server, raw::kUsual, {}, size), SEC_E_OK) << size;
    EXPECT_EQ(server.text(SECPKG_ATTR_NAMES), u"EXAMPLE\\alice");
  }
}

// Chromium: 32 bytes, and a MIC over them. cntlm: domain and workstation in NEGOTIATE_MESSAGE, in OEM text.
TEST_F(PeersMistakes, ShortNegotiateIsCoveredByTheMic) {
  raw::Answer answer;
  answer.claims_mic = answer.sends_mic = true;
  End server(Role::kServer, accounts_, kServerAny);
  EXPECT_EQ(raw_log_on(server, raw::kUsual, answer, 32), SEC_E_OK);
}

TEST_F(PeersMistakes, NegotiateWithNamesIsAccepted) {
  constexpr std::uint32_t kNamesSupplied = 0x3000;
  Blob negotiate = raw::negotiate(raw::kUsual | kNamesSupplied, 32);
  negotiate[16] = negotiate[18] = 7;  // DomainName: 7 bytes at 32
  raw::write32(negotiate, 20, 32);
  negotiate[24] = negotiate[26] = 3;  // Workstation: 3 bytes at 39
  raw::write32(negotiate, 28, 39);
  negotiate = raw::joined({negotiate, bytes("EXAMPLEPC1")});
  End server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(server.step(negotiate), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(server.step(raw::authenticate(negotiate, server.out, {}).message), SEC_E_OK);
}

TEST_F(PeersMistakes, EveryTruncatedTokenIsRefused) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  const Blob negotiate = client.out;
  ASSERT_EQ(server.step(negotiate), SEC_I_CONTINUE_NEEDED);
  const Blob challenge = server.out;
  for (std::size_t size = 1; size < 16; ++size) {
    End other(Role::kServer, accounts_, kServerAny);
    EXPECT_EQ(other.step({negotiate.begin(), negotiate.begin() + static_cast<std::ptrdiff_t>(size)}),
              SEC_E_INVALID_TOKEN);
  }
  for (std::size_t size = 1; size < challenge.size(); ++size) {
    End other(Role::kClient, alice_, kClientSeal);
    ASSERT_EQ(other.step({}), SEC_I_CONTINUE_NEEDED);
    EXPECT_LT(other.step({challenge.begin(), challenge.begin() + static_cast<std::ptrdiff_t>(size)}), 0) << size;
  }
  ASSERT_EQ(client.step(challenge), SEC_E_OK);
  for (std::size_t size = 1; size < client.out.size(); ++size) {
    End other(Role::kServer, accounts_, kServerAny);
    ASSERT_EQ(other.step(negotiate), SEC_I_CONTINUE_NEEDED);
    EXPECT_LT(other.step({client.out.begin(), client.out.begin() + static_cast<std::ptrdiff_t>(size)}), 0) << size;
  }
}

// ---- WinPR: 24 uninitialised bytes as LM response; one identity in a shared credential; a wrong password is
// MESSAGE_ALTERED; OEM and UNICODE together; 56-bit keys; no KEY_EXCH.
// ----------------------------------------------------

TEST_F(PeersMistakes, LmResponseIsZero) {
  for (int i = 0; i < 8; ++i) {
    End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
    ASSERT_EQ(log_on(client, server), SEC_E_OK);
    EXPECT_EQ(raw::field(client.out, 12), Blob(24, 0));
  }
}

TEST_F(PeersMistakes, TwoUsersOnOneServerCredential) {
  End alice(Role::kClient, alice_, kClientSeal), bob(Role::kClient, bob_, kClientSeal);
  End first(Role::kServer, accounts_, kServerAny), second(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(alice.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(bob.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(first.step(alice.out), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(second.step(bob.out), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(alice.step(first.out), SEC_E_OK);
  ASSERT_EQ(bob.step(second.out), SEC_E_OK);
  ASSERT_EQ(first.step(alice.out), SEC_E_OK);
  ASSERT_EQ(second.step(bob.out), SEC_E_OK);
  EXPECT_EQ(first.text(SECPKG_ATTR_NAMES), u"EXAMPLE\\alice");
  EXPECT_EQ(second.text(SECPKG_ATTR_NAMES), u"EXAMPLE\\bob");
  EXPECT_NE(first.session_key(), second.session_key());
}

TEST_F(PeersMistakes, AuthenticateOfAnotherContextIsRefused) {
  End alice(Role::kClient, alice_, kClientSeal), bob(Role::kClient, bob_, kClientSeal);
  End first(Role::kServer, accounts_, kServerAny), second(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(alice, first), SEC_E_OK);
  ASSERT_EQ(bob.step({}), SEC_I_CONTINUE_NEEDED);
  ASSERT_EQ(second.step(bob.out), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(second.step(alice.out), SEC_E_LOGON_DENIED);
  EXPECT_LT(first.step(alice.out), 0);
}

TEST_F(PeersMistakes, WrongPasswordAndUnknownUserAreLogonDenied) {
  for (const Identity& identity :
       {Identity{u"alice", u"EXAMPLE", u"wrong"}, Identity{u"mallory", u"EXAMPLE", u"Passw0rd!"},
        Identity{u"alice", u"EXAMPLE", u""}}) {
    Credential credential(&identity);
    End client(Role::kClient, credential, kClientSeal), server(Role::kServer, accounts_, kServerAny);
    EXPECT_EQ(log_on(client, server), SEC_E_LOGON_DENIED);
  }
}

TEST_F(PeersMistakes, ChallengeIsUnicodeOrOem) {
  for (const std::uint32_t asked : {raw::kUnicode | raw::kOem, +raw::kUnicode, +raw::kOem}) {
    End server(Role::kServer, accounts_, kServerAny);
    ASSERT_EQ(server.step(raw::negotiate((raw::kUsual & ~raw::kUnicode) | asked)), SEC_I_CONTINUE_NEEDED);
    const std::uint32_t wanted = asked & raw::kUnicode ? raw::kUnicode : raw::kOem;
    EXPECT_EQ(raw::read32(server.out, 20) & (raw::kUnicode | raw::kOem), wanted);
  }
  End server(Role::kServer, accounts_, kServerAny);
  EXPECT_EQ(server.step(raw::negotiate(raw::kUsual & ~raw::kUnicode)), SEC_E_INVALID_TOKEN);
}

// Messages from a client made of bytes reach `server`, whose keys therefore have the strength that `flags` say.
void expect_session(End& server, std::uint32_t asked) {
  const Blob negotiate = raw::negotiate(asked);
  ASSERT_EQ(server.step(negotiate), SEC_I_CONTINUE_NEEDED);
  const std::uint32_t flags = raw::read32(server.out, 20);
  const raw::Authenticated client = raw::authenticate(negotiate, server.out, {});
  ASSERT_EQ(server.step(client.message), SEC_E_OK);
  EXPECT_EQ(server.session_key(), client.exported_key);
  raw::Direction up(client.exported_key, flags, true);
  for (const char* text : {"first", "second message", "third"}) {
    Blob data = bytes(text);
    const Blob token = up.seal(data);
    const Message message = server.unseal(token, {data});
    EXPECT_EQ(message.status, SEC_E_OK);
    EXPECT_EQ(message.data[0], bytes(text));
    EXPECT_EQ(server.verify(up.sign(bytes(text)), bytes(text)), SEC_E_OK);
  }
}

TEST_F(PeersMistakes, HandshakeWithoutKeyExchange) {
  End server(Role::kServer, accounts_, kServerAny);
  expect_session(server, kStrong & ~raw::kKeyExch);
}

TEST_F(PeersMistakes, FullStrengthWithKeyExchange) {
  End server(Role::kServer, accounts_, kServerAny);
  expect_session(server, kStrong);
}

TEST_F(PeersMistakes, WeakKeysAreHonouredWhereAllowed) {
  Credential weak(nullptr, OPENSSPI_NTLM_ALLOW_WEAK);
  for (const std::uint32_t strength : {+raw::k56, 0U}) {
    for (const std::uint32_t exchange : {+raw::kKeyExch, 0U}) {
      End server(Role::kServer, weak, kServerAny);
      expect_session(server, (kStrong & ~(raw::k128 | raw::kKeyExch)) | strength | exchange);
    }
  }
}

TEST_F(PeersMistakes, WeakKeysAreRefusedByDefault) {
  End server(Role::kServer, accounts_, kServerAny);
  EXPECT_EQ(raw_log_on(server, (kStrong & ~raw::k128) | raw::k56, {}), SEC_E_UNSUPPORTED_FUNCTION);
}

TEST_F(PeersMistakes, ClientWithoutKeyExchange) {
  End client(Role::kClient, alice_, kClientSeal);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  const std::uint32_t flags = (kStrong & ~raw::kKeyExch) | raw::kTargetInfo;
  const Blob challenge = raw::challenge(flags, "PEER", raw::target_info());
  ASSERT_EQ(client.step(challenge), SEC_E_OK);
  EXPECT_TRUE(raw::field(client.out, 52).empty());
  const Blob key = raw::exported_key_of(challenge, client.out);
  ASSERT_EQ(key, client.session_key());
  raw::Direction down(key, flags, false);
  Blob data = bytes("from the server");
  const Blob token = down.seal(data);
  EXPECT_EQ(client.unseal(token, {data}).data[0], bytes("from the server"));
}

// ---- sspi-rs: the acceptor never compares NTProofStr and passes an absent MIC.
// -----------------------------------------

TEST_F(PeersMistakes, ProofIsCompared) {
  End server(Role::kServer, accounts_, kServerAny);
  raw::Answer answer;
  answer.damaged_proof = true;
  EXPECT_EQ(raw_log_on(server, kStrong, answer), SEC_E_LOGON_DENIED);
}

TEST_F(PeersMistakes, MicThatTheResponsePromisesMustBeThere) {
  raw::Answer answer;
  answer.claims_mic = true;
  End dropped(Role::kServer, accounts_, kServerAny);
  EXPECT_LT(raw_log_on(dropped, kStrong, answer), 0);
  answer.sends_mic = true;
  End sent(Role::kServer, accounts_, kServerAny);
  EXPECT_EQ(raw_log_on(sent, kStrong, answer), SEC_E_OK);
}

TEST_F(PeersMistakes, RequiredMicMustBeThere) {
  Credential strict(nullptr, OPENSSPI_NTLM_REQUIRE_MIC);
  End server(Role::kServer, strict, kServerAny);
  EXPECT_EQ(raw_log_on(server, kStrong, {}), SEC_E_LOGON_DENIED);
}

TEST_F(PeersMistakes, SecondMsvAvFlagsIsRefused) {
  raw::Answer answer;
  answer.claims_mic = true;
  answer.sends_mic = true;
  answer.more_pairs = {raw::av_pair(raw::kAvFlags, Blob{0, 0, 0, 0})};
  End server(Role::kServer, accounts_, kServerAny);
  EXPECT_LT(raw_log_on(server, kStrong, answer), 0);
}

// ---- WinPR: most context attributes are missing.
// -----------------------------------------------------------------------

TEST_F(PeersMistakes, ContextAttributesAnswer) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  client.target = u"HTTP/www.example.test";
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  SecPkgContext_Sizes sizes{};
  ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_SIZES, &sizes), SEC_E_OK);
  EXPECT_EQ(sizes.cbMaxSignature, 16U);
  EXPECT_EQ(sizes.cbSecurityTrailer, 16U);
  SecPkgContext_Flags flags{};
  ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_FLAGS, &flags), SEC_E_OK);
  EXPECT_EQ(flags.Flags & ASC_RET_CONFIDENTIALITY, static_cast<ULONG>(ASC_RET_CONFIDENTIALITY));
  SecPkgContext_Lifespan lifespan{};
  EXPECT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_LIFESPAN, &lifespan), SEC_E_OK);
  SecPkgContext_KeyInfoW key{};
  ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_KEY_INFO, &key), SEC_E_OK);
  EXPECT_EQ(key.KeySize, 128U);
  FreeContextBuffer(key.sSignatureAlgorithmName);
  FreeContextBuffer(key.sEncryptAlgorithmName);
  SecPkgContext_PackageInfoW package{};
  ASSERT_EQ(QueryContextAttributesW(server.get(), SECPKG_ATTR_PACKAGE_INFO, &package), SEC_E_OK);
  EXPECT_EQ(std::u16string(package.PackageInfo->Name), u"NTLM");
  FreeContextBuffer(package.PackageInfo);
  EXPECT_EQ(server.text(SECPKG_ATTR_CLIENT_SPECIFIED_TARGET), u"HTTP/www.example.test");
  EXPECT_EQ(client.session_key(), server.session_key());
  EXPECT_EQ(client.session_key().size(), 16U);
}

}  // namespace
