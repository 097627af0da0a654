// How callers hand over memory, and how long contexts live: tokens allocated here or put into the caller's own memory,
// buffers too small, export and import, contexts that outlive their credential.
#include <gtest/gtest.h>

#include <memory>

#include "ntlm_pair.hpp"

namespace {

using namespace capi;
using Role = End::Role;

// A step with the output buffer in the test's hands.
struct Step {
  SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
  ULONG attributes = 0;
  CtxtHandle context{};

  SECURITY_STATUS initiate(Credential& credential, bool first, const Blob& token, ULONG flags) {
    Blob copy = token;
    SecBuffer in[2] = {{static_cast<ULONG>(copy.size()), SECBUFFER_TOKEN | SECBUFFER_READONLY, copy.data()},
                       {0, SECBUFFER_EMPTY, nullptr}};
    SecBufferDesc input{SECBUFFER_VERSION, 2, in}, output{SECBUFFER_VERSION, 1, &out};
    return InitializeSecurityContextW(credential.get(), first ? nullptr : &context, nullptr, flags, 0,
                                      SECURITY_NATIVE_DREP, first ? nullptr : &input, 0, &context, &output, &attributes,
                                      nullptr);
  }
};

class Contexts : public testing::Test {
 protected:
  Credential alice_{&kAlice};
  Credential accounts_{nullptr};
};

TEST_F(Contexts, TokensAreAllocatedWhereAsked) {
  Step step;
  ASSERT_EQ(step.initiate(alice_, true, {}, ISC_REQ_ALLOCATE_MEMORY), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(step.out.cbBuffer, 40U);
  EXPECT_TRUE(step.attributes & ISC_RET_ALLOCATED_MEMORY);
  const auto* token = static_cast<std::uint8_t*>(step.out.pvBuffer);
  End server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(server.step(Blob(token, token + step.out.cbBuffer)), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(FreeContextBuffer(step.out.pvBuffer), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(step.out.pvBuffer), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(DeleteSecurityContext(&step.context), SEC_E_OK);
}

TEST_F(Contexts, AFirstTokenThatDoesNotFitMakesNoContext) {
  Blob memory(100, 0xEE);
  for (const ULONG room : {0U, 1U, 39U}) {
    Step step;
    step.out = {room, SECBUFFER_TOKEN, memory.data()};
    EXPECT_EQ(step.initiate(alice_, true, {}, 0), SEC_E_BUFFER_TOO_SMALL);
    EXPECT_EQ(step.out.cbBuffer, 40U);
    EXPECT_EQ(memory, Blob(100, 0xEE));
    EXPECT_EQ(step.context.dwLower, 0U);
  }
  CtxtHandle made{};
  EXPECT_EQ(
      InitializeSecurityContextW(alice_.get(), nullptr, nullptr, 0, 0, 0, nullptr, 0, &made, nullptr, nullptr, nullptr),
      SEC_E_BUFFER_TOO_SMALL);
}

TEST_F(Contexts, ALaterTokenThatDoesNotFitIsHandedOverByTheNextCall) {
  Step step;
  Blob memory(2888);
  step.out = {2888, SECBUFFER_TOKEN, memory.data()};
  ASSERT_EQ(step.initiate(alice_, true, {}, kClientSeal), SEC_I_CONTINUE_NEEDED);
  End server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(server.step(Blob(memory.begin(), memory.begin() + step.out.cbBuffer)), SEC_I_CONTINUE_NEEDED);
  step.out = {10, SECBUFFER_TOKEN, memory.data()};
  EXPECT_EQ(step.initiate(alice_, false, server.out, kClientSeal), SEC_E_BUFFER_TOO_SMALL);
  const ULONG size = step.out.cbBuffer;
  EXPECT_GT(size, 100U);
  step.out = {size - 1, SECBUFFER_TOKEN, memory.data()};
  EXPECT_EQ(step.initiate(alice_, false, server.out, kClientSeal), SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(step.out.cbBuffer, size);
  step.out = {size, SECBUFFER_TOKEN, memory.data()};
  EXPECT_EQ(step.initiate(alice_, false, server.out, kClientSeal), SEC_E_OK);
  EXPECT_EQ(server.step(Blob(memory.begin(), memory.begin() + size)), SEC_E_OK);
  EXPECT_EQ(DeleteSecurityContext(&step.context), SEC_E_OK);
}

TEST_F(Contexts, AFailedFirstCallWritesNoHandle) {
  CtxtHandle made{0x1111, 0x2222};
  Blob nonsense(32, 0x33), memory(2888);
  SecBuffer in{32, SECBUFFER_TOKEN, nonsense.data()}, out{2888, SECBUFFER_TOKEN, memory.data()};
  SecBufferDesc input{SECBUFFER_VERSION, 1, &in}, output{SECBUFFER_VERSION, 1, &out};
  EXPECT_EQ(AcceptSecurityContext(accounts_.get(), nullptr, &input, 0, 0, &made, &output, nullptr, nullptr),
            SEC_E_INVALID_TOKEN);
  EXPECT_EQ(made.dwLower, 0x1111U);
  EXPECT_EQ(made.dwUpper, 0x2222U);
  EXPECT_EQ(out.cbBuffer, 0U);
}

TEST_F(Contexts, OutliveTheirCredentials) {
  auto alice = std::make_unique<Credential>(&kAlice), accounts = std::make_unique<Credential>(nullptr);
  End client(Role::kClient, *alice, kClientSeal), server(Role::kServer, *accounts, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  alice.reset();
  accounts.reset();
  const Message message = client.seal({bytes("after the credentials")});
  EXPECT_EQ(server.unseal(message.token, message.data).data[0], bytes("after the credentials"));
  EXPECT_EQ(server.text(SECPKG_ATTR_NAMES), u"EXAMPLE\\alice");
}

TEST_F(Contexts, GoOnWithoutTheirCredentialsInTheMiddleOfALogOn) {
  auto alice = std::make_unique<Credential>(&kAlice);
  Step step;
  Blob memory(2888);
  step.out = {2888, SECBUFFER_TOKEN, memory.data()};
  ASSERT_EQ(step.initiate(*alice, true, {}, 0), SEC_I_CONTINUE_NEEDED);
  alice.reset();
  End server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(server.step(Blob(memory.begin(), memory.begin() + step.out.cbBuffer)), SEC_I_CONTINUE_NEEDED);
  SecBuffer in{static_cast<ULONG>(server.out.size()), SECBUFFER_TOKEN, server.out.data()};
  SecBufferDesc input{SECBUFFER_VERSION, 1, &in}, output{SECBUFFER_VERSION, 1, &step.out};
  step.out = {2888, SECBUFFER_TOKEN, memory.data()};
  // phCredential and phNewContext may be NULL in later calls.
  EXPECT_EQ(InitializeSecurityContextW(nullptr, &step.context, nullptr, 0, 0, 0, &input, 0, nullptr, &output, nullptr,
                                       nullptr),
            SEC_E_OK);
  EXPECT_EQ(server.step(Blob(memory.begin(), memory.begin() + step.out.cbBuffer)), SEC_E_OK);
  EXPECT_EQ(DeleteSecurityContext(&step.context), SEC_E_OK);
}

TEST_F(Contexts, FixTheAttributesOfTheirCredential) {
  End server(Role::kServer, accounts_, kServerAny);
  EXPECT_LT(server.step(Blob(16, 0)), 0);
  OPENSSPI_NTLM_POLICY policy{OPENSSPI_NTLM_REQUIRE_MIC, 3};
  EXPECT_EQ(SetCredentialsAttributesW(accounts_.get(), OPENSSPI_CRED_ATTR_NTLM_POLICY, &policy, sizeof policy),
            SEC_E_OUT_OF_SEQUENCE);
}

// ---- Export and import.

CtxtHandle exported(End& end, ULONG flags) {
  SecBuffer packed{};
  void* token = &packed;
  EXPECT_EQ(ExportSecurityContext(end.get(), flags, &packed, &token), SEC_E_OK);
  EXPECT_EQ(token, nullptr);
  std::u16string package = u"NTLM";
  CtxtHandle copy{};
  EXPECT_EQ(ImportSecurityContextW(package.data(), &packed, nullptr, &copy), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(packed.pvBuffer), SEC_E_OK);
  return copy;
}

SECURITY_STATUS decrypt(CtxtHandle& context, Message message, Blob& plain) {
  SecBuffer buffers[2] = {{16, SECBUFFER_TOKEN, message.token.data()},
                          {static_cast<ULONG>(message.data[0].size()), SECBUFFER_DATA, message.data[0].data()}};
  SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
  const SECURITY_STATUS status = DecryptMessage(&context, &list, 0, nullptr);
  plain = message.data[0];
  return status;
}

TEST_F(Contexts, GoOnInACopy) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  const Message before = client.seal({bytes("before")});
  ASSERT_EQ(server.unseal(before.token, before.data).status, SEC_E_OK);
  CtxtHandle copy = exported(server, SECPKG_CONTEXT_EXPORT_DELETE_OLD);
  EXPECT_EQ(server.unseal(before.token, before.data).status, SEC_E_NO_CONTEXT) << "it was given up";
  Blob plain;
  EXPECT_EQ(decrypt(copy, before, plain), SEC_E_OUT_OF_SEQUENCE) << "the numbers go on";
  EXPECT_EQ(decrypt(copy, client.seal({bytes("after")}), plain), SEC_E_OK);
  EXPECT_EQ(plain, bytes("after"));
  SecPkgContext_NamesW names{};
  ASSERT_EQ(QueryContextAttributesW(&copy, SECPKG_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_EQ(std::u16string(names.sUserName), u"EXAMPLE\\alice");
  FreeContextBuffer(names.sUserName);
  EXPECT_EQ(DeleteSecurityContext(&copy), SEC_E_OK);
}

TEST_F(Contexts, BeginAnewInACopyThatIsReset) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  const Message first = client.seal({bytes("first")});
  ASSERT_EQ(server.unseal(first.token, first.data).status, SEC_E_OK);
  CtxtHandle copy = exported(server, SECPKG_CONTEXT_EXPORT_RESET_NEW);
  Blob plain;
  EXPECT_EQ(decrypt(copy, first, plain), SEC_E_OK);
  EXPECT_EQ(plain, bytes("first"));
  EXPECT_EQ(DeleteSecurityContext(&copy), SEC_E_OK);
  const Message second = client.seal({bytes("second")});
  EXPECT_EQ(server.unseal(second.token, second.data).status, SEC_E_OK) << "the old one goes on";
}

TEST_F(Contexts, AreNotExportedBeforeTheyAreEstablished) {
  End client(Role::kClient, alice_, 0);
  ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  SecBuffer packed{};
  EXPECT_EQ(ExportSecurityContext(client.get(), 0, &packed, nullptr), SEC_E_NO_CONTEXT);
  EXPECT_EQ(packed.pvBuffer, nullptr);
}

TEST_F(Contexts, TakeNoStepAfterAnImport) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  CtxtHandle copy = exported(client, 0), made{};
  EXPECT_EQ(InitializeSecurityContextW(nullptr, &copy, nullptr, 0, 0, 0, nullptr, 0, &made, nullptr, nullptr, nullptr),
            SEC_E_OUT_OF_SEQUENCE);
  EXPECT_EQ(DeleteSecurityContext(&copy), SEC_E_OK);
}

// ---- Attributes that allocate.

TEST_F(Contexts, WhatAQueryAllocatesIsFreedOnce) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  OpenSspiContext_Identity identity{};
  ASSERT_EQ(QueryContextAttributesW(server.get(), OPENSSPI_ATTR_IDENTITY, &identity), SEC_E_OK);
  EXPECT_EQ(std::u16string(identity.Identity->Account), u"alice");
  EXPECT_EQ(std::u16string(identity.Identity->Domain), u"EXAMPLE");
  EXPECT_EQ(std::u16string(identity.Identity->Source), u"callback");
  EXPECT_EQ(identity.Identity->Flags, 0U);
  EXPECT_EQ(FreeContextBuffer(identity.Identity), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(identity.Identity), SEC_E_INVALID_PARAMETER);
  SecPkgContext_NegotiationInfoW info{};
  ASSERT_EQ(QueryContextAttributesW(client.get(), SECPKG_ATTR_NEGOTIATION_INFO, &info), SEC_E_OK);
  EXPECT_EQ(info.NegotiationState, static_cast<ULONG>(SECPKG_NEGOTIATION_COMPLETE));
  EXPECT_EQ(std::u16string(info.PackageInfo->Name), u"NTLM");
  EXPECT_EQ(FreeContextBuffer(info.PackageInfo), SEC_E_OK);
}

}  // namespace
