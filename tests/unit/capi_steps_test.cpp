// InitializeSecurityContextW and AcceptSecurityContext over the fake packages: what they make of a step.
#include <gtest/gtest.h>

#include "capi/entries.hpp"
#include "opensspi/extra.h"
#include "support/fake_package.hpp"
#include "support/ntlm_world.hpp"

namespace opensspi::testing {
namespace {

class CapiSteps : public ::testing::Test {
 protected:
  void SetUp() override {
    credential_ = capi::credentials().insert(
        std::make_unique<capi::CredentialEntry>(capi::CredentialEntry{package_.acquire({}).value()}));
  }
  void TearDown() override {
    EXPECT_EQ(FreeCredentialsHandle(&credential_), SEC_E_OK);
    const bool made = context_.dwLower != 0;
    EXPECT_EQ(DeleteSecurityContext(&context_), made ? SEC_E_OK : SEC_E_INVALID_HANDLE);
  }

  // One step of the acceptor: input {TOKEN, EMPTY}, output a TOKEN of `room` bytes.
  SECURITY_STATUS accept(const std::string& token, ULONG room = 100, ULONG flags = 0) {
    input_ = as_bytes(token);
    output_.assign(room, 0xEE);
    in_[0] = {static_cast<ULONG>(input_.size()), SECBUFFER_TOKEN, input_.data()};
    in_[1] = {0, SECBUFFER_EMPTY, nullptr};
    out_ = {room, SECBUFFER_TOKEN, room == 0 ? nullptr : output_.data()};
    SecBufferDesc in{SECBUFFER_VERSION, 2, in_}, out{SECBUFFER_VERSION, 1, &out_};
    const bool first = context_.dwLower == 0;
    return AcceptSecurityContext(first ? &credential_ : nullptr, first ? nullptr : &context_, &in, flags, 0, &context_,
                                 &out, &attributes_, nullptr);
  }
  std::string output() const { return {static_cast<const char*>(out_.pvBuffer), out_.cbBuffer}; }

  FakePackage package_;
  CredHandle credential_{};
  CtxtHandle context_{};
  ByteVector input_, output_;
  SecBuffer in_[2] = {}, out_{};
  ULONG attributes_ = 0;
};

TEST_F(CapiSteps, LegsGoThrough) {
  package_.behaviour.legs = 5;
  package_.behaviour.attributes = ASC_RET_STREAM;
  EXPECT_EQ(accept("leg 1"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(output(), "leg 2");
  EXPECT_EQ(accept("leg 3"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(output(), "leg 4");
  EXPECT_EQ(accept("leg 5"), SEC_E_OK);
  EXPECT_EQ(out_.cbBuffer, 0U);
  EXPECT_EQ(attributes_, static_cast<ULONG>(ASC_RET_STREAM));
}

TEST_F(CapiSteps, MemoryIsAllocatedOnlyForATokenThatIsThere) {
  EXPECT_EQ(accept("leg 1", 0, ASC_REQ_ALLOCATE_MEMORY), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(output(), "leg 2");
  EXPECT_NE(attributes_ & ASC_RET_ALLOCATED_MEMORY, 0U);
  EXPECT_EQ(FreeContextBuffer(out_.pvBuffer), SEC_E_OK);
  EXPECT_EQ(accept("leg 3", 0, ASC_REQ_ALLOCATE_MEMORY), SEC_E_OK);
  EXPECT_EQ(out_.cbBuffer, 0U);
  EXPECT_EQ(out_.pvBuffer, nullptr);
}

TEST_F(CapiSteps, MissingBytesAreToldAndNoContextIsMadeForThem) {
  package_.behaviour.stream = true;
  EXPECT_EQ(accept("\x05leg"), SEC_E_INCOMPLETE_MESSAGE);
  EXPECT_EQ(context_.dwLower, 0U);
  EXPECT_EQ(context_.dwUpper, 0U);
  EXPECT_EQ(in_[1].BufferType, static_cast<ULONG>(SECBUFFER_MISSING));
  EXPECT_EQ(in_[1].cbBuffer, 2U);
  EXPECT_EQ(accept("\x05leg 1"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(in_[1].BufferType, static_cast<ULONG>(SECBUFFER_EMPTY));
  EXPECT_EQ(accept("\x05l"), SEC_E_INCOMPLETE_MESSAGE);
  EXPECT_EQ(in_[1].cbBuffer, 4U);
  EXPECT_EQ(accept("\x05leg 3"), SEC_E_OK);
}

TEST_F(CapiSteps, ExtraBytesAreTheEndOfTheInput) {
  package_.behaviour.stream = true;
  EXPECT_EQ(accept("\x05leg 1and more"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(in_[1].BufferType, static_cast<ULONG>(SECBUFFER_EXTRA));
  EXPECT_EQ(in_[1].cbBuffer, 8U);
  EXPECT_EQ(in_[1].pvBuffer, static_cast<void*>(input_.data() + 6));
}

TEST_F(CapiSteps, ATokenThatDoesNotFitIsHandedOverByTheNextCall) {
  package_.behaviour.legs = 5;
  EXPECT_EQ(accept("leg 1"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(accept("leg 3", 4), SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(out_.cbBuffer, 5U);
  EXPECT_EQ(output_, ByteVector(4, 0xEE));
  EXPECT_EQ(package_.behaviour.steps, 2U);
  EXPECT_EQ(accept("leg 3", 0), SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(accept("leg 3", 5), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(output(), "leg 4");
  EXPECT_EQ(package_.behaviour.steps, 2U) << "the step had happened already";
  EXPECT_EQ(accept("leg 5"), SEC_E_OK);
}

// The step's own input is gone by then: what was left of it must not be looked for in another.
TEST_F(CapiSteps, WhatWasLeftOverIsNeverOutsideOfTheInputOfTheNextCall) {
  package_.behaviour.legs = 5;
  package_.behaviour.stream = true;
  for (const std::string& next : {std::string(), std::string("and"), std::string("and more, and more")}) {
    if (context_.dwLower != 0) {
      ASSERT_EQ(DeleteSecurityContext(&context_), SEC_E_OK);
      context_ = {};
    }
    ASSERT_EQ(accept("\x05leg 1"), SEC_I_CONTINUE_NEEDED);
    ASSERT_EQ(accept("\x05leg 3and more", 4), SEC_E_BUFFER_TOO_SMALL);
    EXPECT_EQ(in_[1].BufferType, static_cast<ULONG>(SECBUFFER_EXTRA));
    EXPECT_EQ(in_[1].cbBuffer, 8U);
    ASSERT_EQ(accept(next), SEC_I_CONTINUE_NEEDED);
    const bool told = in_[1].BufferType == SECBUFFER_EXTRA;
    EXPECT_EQ(told, !next.empty());
    EXPECT_EQ(in_[1].cbBuffer, std::min<std::size_t>(8, next.size()));
    EXPECT_EQ(in_[1].pvBuffer, told ? input_.data() + (input_.size() - in_[1].cbBuffer) : nullptr);
  }
}

TEST_F(CapiSteps, AFirstTokenThatDoesNotFitMakesNoContext) {
  EXPECT_EQ(accept("leg 1", 4), SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(out_.cbBuffer, 5U);
  EXPECT_EQ(context_.dwLower, 0U);
  EXPECT_EQ(accept("leg 1", 5), SEC_I_CONTINUE_NEEDED);
}

TEST_F(CapiSteps, AFailingStepHandsOverWhatItOwesThePeer) {
  package_.behaviour.error_output = "alert";
  EXPECT_EQ(accept("nonsense"), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(output(), "alert");
  EXPECT_EQ(context_.dwLower, 0U);
  EXPECT_EQ(accept("nonsense", 0, ASC_REQ_ALLOCATE_MEMORY), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(output(), "alert");
  EXPECT_EQ(FreeContextBuffer(out_.pvBuffer), SEC_E_OK);
}

// Nobody may send what was never written.
TEST_F(CapiSteps, AFailingStepLeavesNoLengthOfATokenThatIsNotThere) {
  EXPECT_EQ(accept("nonsense"), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(out_.cbBuffer, 0U);
  package_.behaviour.error_output = "alert";
  EXPECT_EQ(accept("nonsense", 4), SEC_E_INVALID_TOKEN) << "the failure is what the caller must see";
  EXPECT_EQ(out_.cbBuffer, 0U);
  EXPECT_EQ(accept("leg 1"), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(accept("nonsense", 4), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(out_.cbBuffer, 0U);
}

TEST_F(CapiSteps, TheFailureIsTold) {
  EXPECT_EQ(accept("nonsense"), SEC_E_INVALID_TOKEN);
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(failure.Status, SEC_E_INVALID_TOKEN);
  EXPECT_EQ(std::u16string(failure.Package), u"Fake");
  EXPECT_EQ(std::u16string(failure.Check), u"fake token");
  EXPECT_EQ(std::u16string(failure.Text), u"it is not leg 1");
}

}  // namespace
}  // namespace opensspi::testing
