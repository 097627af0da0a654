// What other implementations of NTLM were seen to get wrong with messages; each test shows that this one does not.
#include <gtest/gtest.h>

#include <algorithm>

#include "ntlm_pair.hpp"

namespace {

using namespace capi;
using Role = End::Role;

class PeersMistakesInMessages : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(log_on(client_, server_), SEC_E_OK); }

  void expect_usable() {
    for (int i = 0; i < 3; ++i) {
      const Message up = client_.seal({bytes("up")}), down = server_.seal({bytes("down")});
      EXPECT_EQ(server_.unseal(up.token, up.data).data[0], bytes("up"));
      EXPECT_EQ(client_.unseal(down.token, down.data).data[0], bytes("down"));
      const Message note = client_.sign(bytes("note"));
      EXPECT_EQ(server_.verify(note.token, bytes("note")), SEC_E_OK);
    }
  }

  Credential alice_{&kAlice};
  Credential accounts_{nullptr};
  End client_{Role::kClient, alice_, kClientSeal};
  End server_{Role::kServer, accounts_, kServerAny};
};

Blob changed(Blob data, std::size_t at) {
  data[at] ^= 1;
  return data;
}

// gss-ntlmssp and WinPR lose the context for good by a replayed, reordered or forged message.
TEST_F(PeersMistakesInMessages, ReplayReorderAndForgeryCostNothing) {
  const Message first = client_.seal({bytes("first")}), second = client_.seal({bytes("second")});
  EXPECT_EQ(server_.unseal(second.token, second.data).status, SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(server_.unseal(first.token, {changed(first.data[0], 0)}).status, SEC_E_MESSAGE_ALTERED);
  for (std::size_t at = 4; at < 12; ++at) {
    EXPECT_EQ(server_.unseal(changed(first.token, at), first.data).status, SEC_E_MESSAGE_ALTERED) << at;
  }
  EXPECT_EQ(server_.unseal(first.token, first.data).data[0], bytes("first"));
  EXPECT_EQ(server_.unseal(first.token, first.data).status, SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(server_.unseal(second.token, second.data).data[0], bytes("second"));
  expect_usable();
}

TEST_F(PeersMistakesInMessages, SignaturesToo) {
  const Message first = client_.sign(bytes("first")), second = client_.sign(bytes("second"));
  EXPECT_EQ(server_.verify(second.token, bytes("second")), SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(server_.verify(first.token, bytes("First")), SEC_E_MESSAGE_ALTERED);
  EXPECT_EQ(server_.verify(first.token, bytes("first")), SEC_E_OK);
  EXPECT_EQ(server_.verify(first.token, bytes("first")), SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(server_.verify(second.token, bytes("second")), SEC_E_OK);
  expect_usable();
}

TEST_F(PeersMistakesInMessages, OwnMessageComesBack) {
  const Message message = client_.seal({bytes("reflected")});
  EXPECT_EQ(client_.unseal(message.token, message.data).status, SEC_E_MESSAGE_ALTERED);
  EXPECT_EQ(server_.unseal(message.token, message.data).status, SEC_E_OK);
  expect_usable();
}

TEST_F(PeersMistakesInMessages, FailedDecryptionLeavesZeros) {
  const Message message = client_.seal({bytes("secret of some length")});
  const Message failed = server_.unseal(changed(message.token, 5), message.data);
  EXPECT_EQ(failed.status, SEC_E_MESSAGE_ALTERED);
  EXPECT_EQ(failed.data[0], Blob(message.data[0].size(), 0));
}

// gss-ntlmssp refuses messages of length zero.
TEST_F(PeersMistakesInMessages, EmptyMessages) {
  const Message sealed = client_.seal({Blob{}});
  ASSERT_EQ(sealed.status, SEC_E_OK);
  EXPECT_EQ(server_.unseal(sealed.token, sealed.data).status, SEC_E_OK);
  const Message note = server_.sign(Blob{});
  ASSERT_EQ(note.status, SEC_E_OK);
  EXPECT_EQ(client_.verify(note.token, Blob{}), SEC_E_OK);
  expect_usable();
}

// gss-ntlmssp ignores conf_req=0: what the caller wants in the clear is encrypted. NTLM's token cannot say that a
// message is in the clear, so that asking for it is refused and the data stay as they are; MakeSignature does what is
// wanted.
TEST_F(PeersMistakesInMessages, WrapWithoutEncryption) {
  const Message message = client_.seal({bytes("in the clear")}, 0, SECQOP_WRAP_NO_ENCRYPT);
  EXPECT_EQ(message.data[0], bytes("in the clear"));
  if (message.status == SEC_E_OK) {
    EXPECT_EQ(server_.verify(message.token, bytes("in the clear")), SEC_E_OK);
  } else {
    EXPECT_EQ(message.status, SEC_E_QOP_NOT_SUPPORTED);
  }
  expect_usable();
}

// gss-ntlmssp reads past a short token.
TEST_F(PeersMistakesInMessages, ShortSignatures) {
  const Message sealed = client_.seal({bytes("data")});
  for (std::size_t size = 0; size < 16; ++size) {
    // A heap block of exactly this size: memory checkers see what is read beyond it.
    const Blob cut(sealed.token.begin(), sealed.token.begin() + static_cast<std::ptrdiff_t>(size));
    const SECURITY_STATUS status = server_.unseal(cut, sealed.data).status;
    EXPECT_TRUE(status == SEC_E_MESSAGE_ALTERED || status == SEC_E_INVALID_TOKEN) << size;
  }
  EXPECT_EQ(server_.unseal(sealed.token, sealed.data).status, SEC_E_OK);
  expect_usable();
}

// WinPR overruns a TOKEN buffer of 4 bytes by 12.
TEST_F(PeersMistakesInMessages, SmallTokenBuffer) {
  for (ULONG size = 0; size < 16; ++size) {
    for (const bool seal : {false, true}) {
      Blob memory(64, 0xC5), data = bytes("some data");
      SecBuffer buffers[2] = {{size, SECBUFFER_TOKEN, memory.data() + 16},
                              {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}};
      SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
      const SECURITY_STATUS status =
          seal ? EncryptMessage(client_.get(), 0, &list, 0) : MakeSignature(client_.get(), 0, &list, 0);
      EXPECT_EQ(status, SEC_E_BUFFER_TOO_SMALL) << size;
      EXPECT_EQ(buffers[0].cbBuffer, 16U);
      EXPECT_EQ(memory, Blob(64, 0xC5)) << size;
      EXPECT_EQ(data, bytes("some data"));
    }
  }
  expect_usable();
}

// WinPR takes MessageSeqNo as given.
TEST_F(PeersMistakesInMessages, MessageSeqNoIsIgnored) {
  const Message first = client_.seal({bytes("first")}, 1), second = client_.seal({bytes("second")}, 77);
  EXPECT_EQ(server_.unseal(first.token, first.data, 0).data[0], bytes("first"));
  EXPECT_EQ(server_.unseal(second.token, second.data, 4000000000U).data[0], bytes("second"));
  const Message note = client_.sign(bytes("note"), 5);
  EXPECT_EQ(server_.verify(note.token, bytes("note"), 9), SEC_E_OK);
  expect_usable();
}

// WinPR leaves the first of two DATA buffers in the clear, with success.
TEST_F(PeersMistakesInMessages, AllDataBuffersAreEncrypted) {
  const std::vector<Blob> plain = {bytes("the first buffer"), bytes("the second, longer buffer"), bytes("the third")};
  const Message message = client_.seal(plain);
  ASSERT_EQ(message.status, SEC_E_OK);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_NE(message.data[i], plain[i]) << i;
  const Message opened = server_.unseal(message.token, message.data);
  EXPECT_EQ(opened.status, SEC_E_OK);
  EXPECT_EQ(opened.data, plain);
  // One message is one stream of bytes, however the receiver cuts it.
  const Message again = client_.seal(plain);
  Blob joined;
  for (const Blob& part : again.data) joined.insert(joined.end(), part.begin(), part.end());
  EXPECT_EQ(server_.unseal(again.token, {joined}).status, SEC_E_OK);
}

TEST_F(PeersMistakesInMessages, ReadOnlyBuffersAreSignedAndStayInTheClear) {
  for (const ULONG attribute : {SECBUFFER_READONLY, static_cast<ULONG>(SECBUFFER_READONLY_WITH_CHECKSUM)}) {
    Blob token(16), header = bytes("header"), body = bytes("body of the message");
    SecBuffer buffers[3] = {{16, SECBUFFER_TOKEN, token.data()},
                            {static_cast<ULONG>(header.size()), SECBUFFER_DATA | attribute, header.data()},
                            {static_cast<ULONG>(body.size()), SECBUFFER_DATA, body.data()}};
    SecBufferDesc list{SECBUFFER_VERSION, 3, buffers};
    ASSERT_EQ(EncryptMessage(client_.get(), 0, &list, 0), SEC_E_OK);
    EXPECT_EQ(header, bytes("header"));
    EXPECT_NE(body, bytes("body of the message"));
    const Blob sealed = body;
    header[0] ^= 1;
    EXPECT_EQ(DecryptMessage(server_.get(), &list, 0, nullptr), SEC_E_MESSAGE_ALTERED);
    header[0] ^= 1;
    std::ranges::copy(sealed, body.begin());
    EXPECT_EQ(DecryptMessage(server_.get(), &list, 0, nullptr), SEC_E_OK);
    EXPECT_EQ(body, bytes("body of the message"));
  }
}

// WinPR's EncryptMessage without confidentiality returns the plain text and success.
TEST_F(PeersMistakesInMessages, NoEncryptionWithoutConfidentiality) {
  for (const ULONG request : {0U, static_cast<ULONG>(ISC_REQ_INTEGRITY)}) {
    End client(Role::kClient, alice_, request), server(Role::kServer, accounts_, kServerAny);
    ASSERT_EQ(log_on(client, server), SEC_E_OK);
    const Message message = client.seal({bytes("secret")});
    EXPECT_EQ(message.status, SEC_E_UNSUPPORTED_FUNCTION);
    EXPECT_EQ(message.data[0], bytes("secret"));
    EXPECT_EQ(server.unseal(Blob(16), {bytes("secret")}).status, SEC_E_UNSUPPORTED_FUNCTION);
  }
}

// Without SIGN there is a dummy signature, and nothing else passes.
TEST_F(PeersMistakesInMessages, DummySignature) {
  End client(Role::kClient, alice_, 0), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  Blob dummy(16, 0);
  dummy[0] = 1;
  EXPECT_EQ(client.sign(bytes("data")).token, dummy);
  EXPECT_EQ(server.verify(dummy, bytes("data")), SEC_E_OK);
  EXPECT_EQ(server.verify(changed(dummy, 7), bytes("data")), SEC_E_MESSAGE_ALTERED);
}

// sspi-rs exports ExportSecurityContext and ImportSecurityContext without an implementation.
TEST_F(PeersMistakesInMessages, ExportAndImport) {
  const Message before = client_.seal({bytes("before")});
  ASSERT_EQ(server_.unseal(before.token, before.data).status, SEC_E_OK);
  SecBuffer packed{};
  void* token = nullptr;
  ASSERT_EQ(ExportSecurityContext(server_.get(), SECPKG_CONTEXT_EXPORT_DELETE_OLD, &packed, &token), SEC_E_OK);
  CtxtHandle copy{};
  std::u16string package = u"NTLM";
  ASSERT_EQ(ImportSecurityContextW(package.data(), &packed, nullptr, &copy), SEC_E_OK);
  FreeContextBuffer(packed.pvBuffer);
  Message after = client_.seal({bytes("after")});
  SecBuffer buffers[2] = {{16, SECBUFFER_TOKEN, after.token.data()},
                          {static_cast<ULONG>(after.data[0].size()), SECBUFFER_DATA, after.data[0].data()}};
  SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
  EXPECT_EQ(DecryptMessage(&copy, &list, 0, nullptr), SEC_E_OK);
  EXPECT_EQ(after.data[0], bytes("after"));
  EXPECT_EQ(DeleteSecurityContext(&copy), SEC_E_OK);
}

}  // namespace
