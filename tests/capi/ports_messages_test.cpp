// What programs written for Windows do with buffers: how curl and the samples of the SDK call the interface.
#include <gtest/gtest.h>

#include <cstring>

#include "ntlm_pair.hpp"
#include "tls_pair.hpp"

namespace {

// ---- Schannel's output buffer. ----

constexpr ULONG kTlsRequest = ISC_REQ_SEQUENCE_DETECT | ISC_REQ_REPLAY_DETECT | ISC_REQ_CONFIDENTIALITY |
                              ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_STREAM | ISC_REQ_EXTENDED_ERROR;

class TlsPorts : public testing::Test {
 protected:
  char16_t target_[15] = u"server.example";
  tls::House house_;
  tls::Credential client_{{.roots = house_.roots.get()}};
  tls::Credential server_{{.server = true, .certificates = {house_.server.get()}}};
};

TEST_F(TlsPorts, AnEmptyOutputBufferBecomesTheToken) {
  CtxtHandle context{};
  SecBuffer out{0, SECBUFFER_EMPTY, nullptr};
  SecBufferDesc output{SECBUFFER_VERSION, 1, &out};
  ULONG attributes = 0;
  ASSERT_EQ(InitializeSecurityContextW(client_.handle(), nullptr, target_, kTlsRequest, 0, 0, nullptr, 0, &context,
                                       &output, &attributes, nullptr),
            SEC_I_CONTINUE_NEEDED)
      << tls::why();
  EXPECT_EQ(out.BufferType, static_cast<ULONG>(SECBUFFER_TOKEN));
  EXPECT_GT(out.cbBuffer, 100U);
  EXPECT_EQ(FreeContextBuffer(out.pvBuffer), SEC_E_OK);
  EXPECT_EQ(DeleteSecurityContext(&context), SEC_E_OK);
}

TEST_F(TlsPorts, AnEmptyOutputBufferOfTheCallersOwnMemoryServesToo) {
  tls::Bytes memory(4096, 0xEE);
  for (const ULONG room : {4096U, 16U}) {
    CtxtHandle context{};
    SecBuffer out{room, SECBUFFER_EMPTY, memory.data()};
    SecBufferDesc output{SECBUFFER_VERSION, 1, &out};
    const SECURITY_STATUS status = InitializeSecurityContextW(client_.handle(), nullptr, target_, 0, 0, 0, nullptr, 0,
                                                              &context, &output, nullptr, nullptr);
    EXPECT_EQ(status, room == 16 ? SEC_E_BUFFER_TOO_SMALL : SEC_I_CONTINUE_NEEDED);
    EXPECT_EQ(out.BufferType, static_cast<ULONG>(SECBUFFER_TOKEN));
    EXPECT_GT(out.cbBuffer, 100U);
    if (status == SEC_I_CONTINUE_NEEDED) DeleteSecurityContext(&context);
  }
}

TEST_F(TlsPorts, ATokenBufferIsTakenBeforeAnEmptyOne) {
  CtxtHandle context{};
  SecBuffer out[3] = {{0, SECBUFFER_EMPTY, nullptr}, {0, SECBUFFER_ALERT, nullptr}, {0, SECBUFFER_TOKEN, nullptr}};
  SecBufferDesc output{SECBUFFER_VERSION, 3, out};
  ASSERT_EQ(InitializeSecurityContextW(client_.handle(), nullptr, target_, kTlsRequest, 0, 0, nullptr, 0, &context,
                                       &output, nullptr, nullptr),
            SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(out[0].BufferType, static_cast<ULONG>(SECBUFFER_EMPTY));
  EXPECT_EQ(out[0].pvBuffer, nullptr);
  EXPECT_EQ(out[1].pvBuffer, nullptr);
  EXPECT_NE(out[2].pvBuffer, nullptr);
  FreeContextBuffer(out[2].pvBuffer);
  DeleteSecurityContext(&context);
}

TEST_F(TlsPorts, AnAlertComesWithExtendedErrorInTheFlags) {
  CtxtHandle context{};
  tls::Bytes old_protocol = {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1};  // a ClientHello of TLS 1.0
  old_protocol.resize(5 + 45);
  old_protocol[44] = 2;   // of cipher suites: one
  old_protocol[46] = 47;  // TLS_RSA_WITH_AES_128_CBC_SHA
  old_protocol[47] = 1;   // of compressions: none
  SecBuffer in[2] = {{static_cast<ULONG>(old_protocol.size()), SECBUFFER_TOKEN, old_protocol.data()},
                     {0, SECBUFFER_EMPTY, nullptr}};
  SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc input{SECBUFFER_VERSION, 2, in}, output{SECBUFFER_VERSION, 1, &out};
  ULONG attributes = 0;
  const SECURITY_STATUS status =
      AcceptSecurityContext(server_.handle(), nullptr, &input, ASC_REQ_ALLOCATE_MEMORY | ASC_REQ_EXTENDED_ERROR, 0,
                            &context, &output, &attributes, nullptr);
  EXPECT_LT(status, 0);
  ASSERT_EQ(out.cbBuffer, 7U) << tls::why();
  EXPECT_EQ(static_cast<std::uint8_t*>(out.pvBuffer)[0], 21);  // an alert
  EXPECT_TRUE(attributes & ASC_RET_EXTENDED_ERROR);
  EXPECT_TRUE(attributes & ASC_RET_ALLOCATED_MEMORY);
  EXPECT_EQ(FreeContextBuffer(out.pvBuffer), SEC_E_OK);
}

TEST_F(TlsPorts, AnIncompleteMessageLeavesTheOutputAsItWas) {
  tls::End client(false, client_.handle()), server(true, server_.handle());
  const tls::Outcome hello = client.start();
  tls::Bytes answer = server.step(hello.token).token;
  tls::Bytes memory(8192, 0xEE);
  SecBuffer in[2] = {{3, SECBUFFER_TOKEN, answer.data()}, {0, SECBUFFER_EMPTY, nullptr}};
  SecBuffer out{8192, SECBUFFER_TOKEN, memory.data()};
  SecBufferDesc input{SECBUFFER_VERSION, 2, in}, output{SECBUFFER_VERSION, 1, &out};
  EXPECT_EQ(InitializeSecurityContextW(client_.handle(), client.handle(), nullptr, 0, 0, 0, &input, 0, nullptr, &output,
                                       nullptr, nullptr),
            SEC_E_INCOMPLETE_MESSAGE);
  EXPECT_EQ(in[1].BufferType, static_cast<ULONG>(SECBUFFER_MISSING));
  EXPECT_EQ(in[1].cbBuffer, 2U);
  EXPECT_EQ(out.cbBuffer, 8192U);
  EXPECT_EQ(memory, tls::Bytes(8192, 0xEE));
  // The same buffers with the whole of it.
  in[0].cbBuffer = static_cast<ULONG>(answer.size());
  in[1] = {0, SECBUFFER_EMPTY, nullptr};
  EXPECT_EQ(InitializeSecurityContextW(client_.handle(), client.handle(), nullptr, 0, 0, 0, &input, 0, nullptr, &output,
                                       nullptr, nullptr),
            SEC_E_OK)
      << tls::why();
  EXPECT_GT(out.cbBuffer, 0U);
}

// ---- A message of NTLM in one piece, as SASL's GSSAPI and LDAP have it. ----

class StreamOfNtlm : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(capi::log_on(client_, server_), SEC_E_OK); }

  capi::Blob sealed(const std::string& text) {
    capi::Message message = client_.seal({capi::bytes(text)});
    EXPECT_EQ(message.status, SEC_E_OK);
    capi::Blob all = message.token;
    all.insert(all.end(), message.data[0].begin(), message.data[0].end());
    return all;
  }
  SECURITY_STATUS decrypt(capi::Blob& message) {
    buffers_[0] = {static_cast<ULONG>(message.size()), SECBUFFER_STREAM, message.data()};
    buffers_[1] = {0, SECBUFFER_DATA, nullptr};
    SecBufferDesc list{SECBUFFER_VERSION, 2, buffers_};
    return DecryptMessage(server_.get(), &list, 0, nullptr);
  }

  capi::Credential alice_{&capi::kAlice}, accounts_{nullptr};
  capi::End client_{capi::End::Role::kClient, alice_, capi::kClientSeal};
  capi::End server_{capi::End::Role::kServer, accounts_, capi::kServerAny};
  SecBuffer buffers_[2]{};
};

TEST_F(StreamOfNtlm, IsDecryptedInPlaceAndDataPointsThere) {
  for (const std::string text : {"one", "", "three"}) {
    capi::Blob message = sealed(text);
    ASSERT_EQ(decrypt(message), SEC_E_OK);
    EXPECT_EQ(buffers_[1].cbBuffer, text.size());
    EXPECT_EQ(buffers_[1].pvBuffer, message.data() + 16);
    EXPECT_EQ(std::string(message.begin() + 16, message.end()), text);
  }
}

TEST_F(StreamOfNtlm, ThatIsAlteredLeavesZerosAndNoData) {
  const capi::Blob good = sealed("text");
  for (std::size_t i = 0; i < good.size(); ++i) {
    capi::Blob message = good;
    message[i] ^= 1;
    EXPECT_LT(decrypt(message), 0) << i;
    EXPECT_EQ(buffers_[1].pvBuffer, nullptr);
    EXPECT_EQ(buffers_[1].cbBuffer, 0U);
    EXPECT_EQ(capi::Blob(message.begin() + 16, message.end()), capi::Blob(4));
  }
  capi::Blob message = good;
  EXPECT_EQ(decrypt(message), SEC_E_OK);
}

TEST_F(StreamOfNtlm, ShorterThanASignatureOrWithoutDataIsRefused) {
  capi::Blob message = sealed("text");
  for (const std::size_t size : {0U, 1U, 15U}) {
    capi::Blob cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(decrypt(cut), SEC_E_INVALID_TOKEN);
  }
  SecBuffer alone{static_cast<ULONG>(message.size()), SECBUFFER_STREAM, message.data()};
  SecBufferDesc list{SECBUFFER_VERSION, 1, &alone};
  EXPECT_EQ(DecryptMessage(server_.get(), &list, 0, nullptr), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(decrypt(message), SEC_E_OK);
}

}  // namespace
