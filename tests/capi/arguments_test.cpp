// Every function of the interface with every combination of arguments that a caller can get wrong: a status, never a
// crash, and nothing of the caller's touched beyond what the status says.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>

#include "ntlm_pair.hpp"
#include "opensspi/dpapi.h"

namespace {

using namespace capi;
using Role = End::Role;

// ---- What is given for a handle and for a list of buffers.

struct HandleCase {
  const char* name;
  PCtxtHandle handle;
  bool good;
};

// Lists of buffers, each wrong or odd in its own way. The memory behind them is the fixture's.
class Descriptors {
 public:
  Descriptors() {
    for (SecBuffer& buffer : many_) buffer = {0, SECBUFFER_EMPTY, nullptr};
    add("NULL", nullptr);
    add("of another version", &(lists_[0] = {1, 1, one_.data()}));
    add("of the newest version", &(lists_[1] = {0xFFFFFFFF, 1, one_.data()}));
    add("without buffers", &(lists_[2] = {SECBUFFER_VERSION, 0, nullptr}));
    add("with a count and no buffers", &(lists_[3] = {SECBUFFER_VERSION, 3, nullptr}));
    add("with a huge count", &(lists_[4] = {SECBUFFER_VERSION, 0xFFFFFFFF, one_.data()}));
    add("with a count that would wrap", &(lists_[5] = {SECBUFFER_VERSION, 0x10000001, one_.data()}));
    add("of an empty buffer", &(lists_[6] = {SECBUFFER_VERSION, 1, many_.data()}));
    add("of 4096 empty buffers", &(lists_[7] = {SECBUFFER_VERSION, 4096, many_.data()}));
    add("of an unknown type", one({16, 0x0FFFFFF0, bytes_.data()}, 0));
    add("of a TOKEN without memory", one({16, SECBUFFER_TOKEN, nullptr}, 1));
    add("of a huge TOKEN without memory", one({0xFFFFFFFF, SECBUFFER_TOKEN, nullptr}, 2));
    add("of a TOKEN of size 0", one({0, SECBUFFER_TOKEN, bytes_.data()}, 3));
    add("of nonsense in a TOKEN", one({16, SECBUFFER_TOKEN, bytes_.data()}, 4));
    add("of DATA without a TOKEN", one({16, SECBUFFER_DATA, bytes_.data()}, 5));
    add("of DATA without memory", one({16, SECBUFFER_DATA, nullptr}, 6));
    add("of short CHANNEL_BINDINGS", one({8, SECBUFFER_CHANNEL_BINDINGS, bytes_.data()}, 7));
    add("of CHANNEL_BINDINGS that point outside", one({sizeof bindings_, SECBUFFER_CHANNEL_BINDINGS, &bindings_}, 8));
    bindings_.cbApplicationDataLength = 0xFFFFFFFF;
    bindings_.dwApplicationDataOffset = 0xFFFFFFFF;
  }
  struct Case {
    const char* name;
    PSecBufferDesc list;
  };
  const std::vector<Case>& cases() const { return cases_; }
  // Undoes what a call wrote into the buffers.
  void restore() { singles_ = as_given_; }

 private:
  void add(const char* name, PSecBufferDesc list) { cases_.push_back({name, list}); }
  PSecBufferDesc one(SecBuffer buffer, std::size_t at) {
    singles_[at] = as_given_[at] = buffer;
    return &(single_lists_[at] = {SECBUFFER_VERSION, 1, &singles_[at]});
  }

  std::vector<Case> cases_;
  std::array<SecBufferDesc, 8> lists_{};
  std::array<SecBuffer, 1> one_{};
  std::array<SecBuffer, 4096> many_{};
  std::array<SecBuffer, 9> singles_{}, as_given_{};
  std::array<SecBufferDesc, 9> single_lists_{};
  std::array<std::uint8_t, 64> bytes_{};
  SEC_CHANNEL_BINDINGS bindings_{};
};

class Arguments : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(log_on(client_, server_), SEC_E_OK);
    End gone(Role::kClient, alice_, 0);
    ASSERT_EQ(gone.step({}), SEC_I_CONTINUE_NEEDED);
    stale_ = *gone.get();
    forged_ = *client_.get();
    forged_.dwUpper ^= 1;
    handles_ = {{"NULL", nullptr, false},     {"zero", &zero_, false},     {"all ones", &ones_, false},
                {"stale", &stale_, false},    {"forged", &forged_, false}, {"a credential's", alice_.get(), false},
                {"good", client_.get(), true}};
  }
  void TearDown() override {
    // Whatever was tried, the good context still serves.
    const Message message = server_.sign(bytes("still there"));
    ASSERT_EQ(message.status, SEC_E_OK);
  }

  // Calls with every handle and list; a bad handle is told as such whatever else is wrong.
  using Call = std::function<SECURITY_STATUS(PCtxtHandle, PSecBufferDesc)>;
  void each(const char* function, const Call& call, bool lists = true) {
    for (const HandleCase& handle : handles_) {
      Descriptors descriptors;
      for (const auto& list : descriptors.cases()) {
        if (!lists && list.list != nullptr) continue;
        const SECURITY_STATUS status = call(handle.handle, list.list);
        if (handle.good) {
          EXPECT_NE(status, SEC_E_INTERNAL_ERROR) << function << " with a list " << list.name;
        } else {
          EXPECT_EQ(status, SEC_E_INVALID_HANDLE) << function << ", handle " << handle.name << ", list " << list.name;
        }
      }
    }
  }

  Credential alice_{&kAlice};
  Credential accounts_{nullptr};
  End client_{Role::kClient, alice_, kClientSeal};
  End server_{Role::kServer, accounts_, kServerAny};
  CtxtHandle zero_{}, ones_{~ULONG_PTR{0}, ~ULONG_PTR{0}}, stale_{}, forged_{};
  std::vector<HandleCase> handles_;
};

TEST_F(Arguments, MessageFunctions) {
  // Each list lacks a TOKEN, DATA, or memory: none of them is a message.
  const auto refused = [](SECURITY_STATUS status) {
    EXPECT_LT(status, 0);
    return status;
  };
  each("MakeSignature", [&](auto h, auto list) { return refused(MakeSignature(h, 0, list, 0)); });
  each("MakeSignature", [&](auto h, auto list) { return refused(MakeSignature(h, 0xFFFFFFFF, list, 0xFFFFFFFF)); });
  each("VerifySignature", [&](auto h, auto list) { return refused(VerifySignature(h, list, 0, nullptr)); });
  each("EncryptMessage", [&](auto h, auto list) { return refused(EncryptMessage(h, 0, list, 0)); });
  ULONG qop = 7;
  each("DecryptMessage", [&](auto h, auto list) { return refused(DecryptMessage(h, list, 0, &qop)); });
  EXPECT_EQ(qop, 7U);
}

TEST_F(Arguments, ControlFunctions) {
  each("CompleteAuthToken", [](auto h, auto list) { return CompleteAuthToken(h, list); });
  each("ApplyControlToken", [](auto h, auto list) { return ApplyControlToken(h, list); });
}

TEST_F(Arguments, QueriesAndSettings) {
  alignas(16) std::uint8_t memory[256];
  each("QueryContextAttributesW", [&](auto h, auto) { return QueryContextAttributesW(h, 0xFFFFFFFF, memory); }, false);
  each("SetContextAttributesW", [&](auto h, auto) { return SetContextAttributesW(h, 0, memory, 4); }, false);
  for (ULONG id = 0; id < 300; ++id) {
    EXPECT_EQ(QueryContextAttributesW(client_.get(), id, nullptr), SEC_E_INVALID_PARAMETER) << id;
    EXPECT_LT(SetContextAttributesW(client_.get(), id, nullptr, 0), 0) << id;
    EXPECT_LT(SetContextAttributesW(client_.get(), id, nullptr, 0xFFFFFFFF), 0) << id;
    EXPECT_LT(SetContextAttributesW(client_.get(), id, memory, 0), 0) << id;
  }
  EXPECT_EQ(QueryContextAttributesW(client_.get(), SECPKG_ATTR_STREAM_SIZES, memory), SEC_E_UNSUPPORTED_FUNCTION);
}

TEST_F(Arguments, ExtendedQueriesMindTheSize) {
  const auto* table = InitSecurityInterfaceW();
  alignas(16) std::uint8_t memory[256];
  for (const ULONG size : {0U, 1U, 15U}) {
    EXPECT_EQ(table->QueryContextAttributesExW(client_.get(), SECPKG_ATTR_SIZES, memory, size), SEC_E_BUFFER_TOO_SMALL);
  }
  EXPECT_EQ(table->QueryContextAttributesExW(client_.get(), SECPKG_ATTR_SIZES, memory, 16), SEC_E_OK);
  EXPECT_EQ(table->QueryContextAttributesExW(nullptr, SECPKG_ATTR_SIZES, memory, 16), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(table->QueryCredentialsAttributesExW(alice_.get(), SECPKG_CRED_ATTR_NAMES, memory, 4),
            SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(table->QueryCredentialsAttributesExW(nullptr, SECPKG_CRED_ATTR_NAMES, memory, 8), SEC_E_INVALID_HANDLE);
}

TEST_F(Arguments, ExportAndImport) {
  each("ExportSecurityContext", [](auto h, auto) { return ExportSecurityContext(h, 0, nullptr, nullptr); }, false);
  EXPECT_EQ(ExportSecurityContext(client_.get(), 0, nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  SecBuffer packed{};
  EXPECT_EQ(ExportSecurityContext(client_.get(), 0x80, &packed, nullptr), SEC_E_UNSUPPORTED_FUNCTION);
  std::u16string ntlm = u"NTLM", none = u"None";
  Blob nonsense(100, 0x5A);
  CtxtHandle made{};
  packed = {100, SECBUFFER_EMPTY, nonsense.data()};
  EXPECT_EQ(ImportSecurityContextW(nullptr, &packed, nullptr, &made), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ImportSecurityContextW(ntlm.data(), nullptr, nullptr, &made), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ImportSecurityContextW(ntlm.data(), &packed, nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(ImportSecurityContextW(none.data(), &packed, nullptr, &made), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(ImportSecurityContextW(ntlm.data(), &packed, nullptr, &made), SEC_E_INVALID_TOKEN);
  packed = {100, SECBUFFER_EMPTY, nullptr};
  EXPECT_EQ(ImportSecurityContextW(ntlm.data(), &packed, nullptr, &made), SEC_E_INVALID_TOKEN);
  EXPECT_EQ(made.dwLower, 0U);
}

// Every handle in every place, with every list as input and as output.
TEST_F(Arguments, Steps) {
  // No output list has room for a token, so that not even a good first call makes a context.
  const std::vector<HandleCase> credentials = {{"NULL", nullptr, false},
                                               {"zero", &zero_, false},
                                               {"a context's", client_.get(), false},
                                               {"good", alice_.get(), true},
                                               {"the other role's", accounts_.get(), false}};
  for (const HandleCase& credential : credentials) {
    for (const HandleCase& context : handles_) {
      Descriptors in, out;
      for (const auto& input : in.cases()) {
        for (const auto& output : out.cases()) {
          in.restore();
          out.restore();
          CtxtHandle made{};
          ULONG attributes = 0;
          TimeStamp expiry{};
          const SECURITY_STATUS status =
              InitializeSecurityContextW(credential.handle, context.handle, nullptr, 0, 0, 0, input.list, 0, &made,
                                         output.list, &attributes, &expiry);
          EXPECT_LT(status, 0) << credential.name << ", " << context.name << ", in " << input.name << ", out "
                               << output.name;
          EXPECT_EQ(made.dwLower | made.dwUpper, 0U);
          in.restore();
          out.restore();
          EXPECT_LT(AcceptSecurityContext(credential.handle, context.handle, input.list, 0xFFFFFFFF & ~0x100U, 0,
                                          nullptr, output.list, nullptr, nullptr),
                    0);
        }
      }
    }
  }
}

TEST_F(Arguments, AnAcceptorsContextIsNoInitiators) {
  CtxtHandle made{};
  EXPECT_EQ(InitializeSecurityContextW(alice_.get(), server_.get(), nullptr, 0, 0, 0, nullptr, 0, &made, nullptr,
                                       nullptr, nullptr),
            SEC_E_INVALID_HANDLE);
  EXPECT_EQ(AcceptSecurityContext(accounts_.get(), client_.get(), nullptr, 0, 0, &made, nullptr, nullptr, nullptr),
            SEC_E_INVALID_HANDLE);
}

TEST_F(Arguments, Deletion) {
  for (const HandleCase& handle : handles_) {
    if (handle.good) continue;
    EXPECT_EQ(DeleteSecurityContext(handle.handle), SEC_E_INVALID_HANDLE) << handle.name;
  }
  EXPECT_EQ(FreeCredentialsHandle(nullptr), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(FreeCredentialsHandle(&zero_), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(FreeCredentialsHandle(client_.get()), SEC_E_INVALID_HANDLE);
}

// ---- Credentials.

SECURITY_STATUS acquire(SEC_WCHAR* package, ULONG use, void* identity, PCredHandle handle) {
  return AcquireCredentialsHandleW(nullptr, package, use, nullptr, identity, nullptr, nullptr, handle, nullptr);
}

TEST(CredentialArguments, NullsAndUnknownNames) {
  std::u16string ntlm = u"NTLM", none = u"Nothing", empty, lower = u"ntlm";
  CredHandle handle{};
  EXPECT_EQ(acquire(nullptr, SECPKG_CRED_INBOUND, nullptr, &handle), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(acquire(none.data(), SECPKG_CRED_INBOUND, nullptr, &handle), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(acquire(empty.data(), SECPKG_CRED_INBOUND, nullptr, &handle), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(acquire(ntlm.data(), SECPKG_CRED_INBOUND, nullptr, nullptr), SEC_E_INVALID_PARAMETER);
  for (const ULONG use : {0U, 4U, 0x80000000U})
    EXPECT_EQ(acquire(ntlm.data(), use, nullptr, &handle), SEC_E_INVALID_PARAMETER) << use;
  EXPECT_EQ(handle.dwLower | handle.dwUpper, 0U);
  ASSERT_EQ(acquire(lower.data(), SECPKG_CRED_BOTH, nullptr, &handle), SEC_E_OK);
  EXPECT_EQ(FreeCredentialsHandle(&handle), SEC_E_OK);
  EXPECT_EQ(FreeCredentialsHandle(&handle), SEC_E_INVALID_HANDLE);
}

TEST(CredentialArguments, Identities) {
  std::u16string ntlm = u"NTLM";
  std::u16string text = u"alice";
  auto* units = reinterpret_cast<USHORT*>(text.data());
  struct Case {
    const char* name;
    SEC_WINNT_AUTH_IDENTITY_W identity;
    SECURITY_STATUS status;
  };
  const Case cases[] = {
      {"no flags", {units, 5, nullptr, 0, units, 5, 0}, SEC_E_UNKNOWN_CREDENTIALS},
      {"both character sets", {units, 5, nullptr, 0, units, 5, 3}, SEC_E_UNKNOWN_CREDENTIALS},
      {"marshalled", {units, 5, nullptr, 0, units, 5, 6}, SEC_E_UNKNOWN_CREDENTIALS},
      {"a huge user", {units, 0xFFFFFFFF, nullptr, 0, units, 5, 2}, SEC_E_UNKNOWN_CREDENTIALS},
      {"a huge domain", {units, 5, units, 0x7FFFFFFF, units, 5, 2}, SEC_E_UNKNOWN_CREDENTIALS},
      {"a huge password", {units, 5, nullptr, 0, units, 0x80000000, 2}, SEC_E_UNKNOWN_CREDENTIALS},
      {"a password and no user", {nullptr, 0, nullptr, 0, units, 5, 2}, SEC_E_UNKNOWN_CREDENTIALS},
      {"no domain", {units, 5, nullptr, 0, units, 5, 2}, SEC_E_OK},
      {"no password", {units, 5, nullptr, 0, nullptr, 0, 2}, SEC_E_OK},
      {"lengths without texts", {units, 5, nullptr, 9, nullptr, 9, 2}, SEC_E_OK},
      {"nobody", {nullptr, 0, nullptr, 0, nullptr, 0, 2}, SEC_E_OK},
      {"a hash that is none",
       {units, 5, nullptr, 0, units, 5, 2 | OPENSSPI_WINNT_AUTH_IDENTITY_NTHASH},
       SEC_E_UNKNOWN_CREDENTIALS},
  };
  for (const Case& c : cases) {
    SEC_WINNT_AUTH_IDENTITY_W identity = c.identity;
    CredHandle handle{};
    EXPECT_EQ(acquire(ntlm.data(), SECPKG_CRED_OUTBOUND, &identity, &handle), c.status) << c.name;
    if (c.status == SEC_E_OK) FreeCredentialsHandle(&handle);
  }
  std::string ill_formed = "al\xC3";
  SEC_WINNT_AUTH_IDENTITY_W ansi{
      reinterpret_cast<USHORT*>(ill_formed.data()), 3, nullptr, 0, nullptr, 0, SEC_WINNT_AUTH_IDENTITY_ANSI};
  CredHandle handle{};
  EXPECT_EQ(acquire(ntlm.data(), SECPKG_CRED_OUTBOUND, &ansi, &handle), SEC_E_UNKNOWN_CREDENTIALS);
}

TEST(CredentialArguments, Attributes) {
  Credential server(nullptr), client(&kAlice);
  SecPkgCredentials_NamesW names{};
  EXPECT_EQ(QueryCredentialsAttributesW(nullptr, SECPKG_CRED_ATTR_NAMES, &names), SEC_E_INVALID_HANDLE);
  EXPECT_EQ(QueryCredentialsAttributesW(client.get(), SECPKG_CRED_ATTR_NAMES, nullptr), SEC_E_INVALID_PARAMETER);
  for (ULONG id = 2; id < 50; ++id)
    EXPECT_EQ(QueryCredentialsAttributesW(client.get(), id, &names), SEC_E_UNSUPPORTED_FUNCTION);
  ASSERT_EQ(QueryCredentialsAttributesW(client.get(), SECPKG_CRED_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_EQ(std::u16string(names.sUserName), u"EXAMPLE\\alice");
  EXPECT_EQ(FreeContextBuffer(names.sUserName), SEC_E_OK);

  OPENSSPI_NTLM_POLICY policy{0, 3};
  EXPECT_EQ(SetCredentialsAttributesW(nullptr, OPENSSPI_CRED_ATTR_NTLM_POLICY, &policy, sizeof policy),
            SEC_E_INVALID_HANDLE);
  EXPECT_EQ(SetCredentialsAttributesW(server.get(), OPENSSPI_CRED_ATTR_NTLM_POLICY, nullptr, sizeof policy),
            SEC_E_INVALID_PARAMETER);
  for (const ULONG size : {0U, 1U, 7U, 9U, 0xFFFFFFFFU}) {
    EXPECT_EQ(SetCredentialsAttributesW(server.get(), OPENSSPI_CRED_ATTR_NTLM_POLICY, &policy, size),
              SEC_E_INVALID_PARAMETER);
    EXPECT_EQ(SetCredentialsAttributesW(server.get(), OPENSSPI_CRED_ATTR_ACCOUNTS, &policy, size),
              SEC_E_INVALID_PARAMETER);
  }
  EXPECT_EQ(SetCredentialsAttributesW(server.get(), 0x12345678, &policy, sizeof policy), SEC_E_UNSUPPORTED_FUNCTION);
}

// ---- Packages, memory, what Linux adds.

TEST(OtherArguments, Packages) {
  ULONG count = 0;
  PSecPkgInfoW list = nullptr;
  EXPECT_EQ(EnumerateSecurityPackagesW(nullptr, &list), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(EnumerateSecurityPackagesW(&count, nullptr), SEC_E_INVALID_PARAMETER);
  std::u16string ntlm = u"NTLM", none = u"\xD800";
  EXPECT_EQ(QuerySecurityPackageInfoW(nullptr, &list), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QuerySecurityPackageInfoW(ntlm.data(), nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QuerySecurityPackageInfoW(none.data(), &list), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(list, nullptr);
}

TEST(OtherArguments, MemoryThatIsNotOurs) {
  EXPECT_EQ(FreeContextBuffer(nullptr), SEC_E_OK);
  int on_stack = 0;
  EXPECT_EQ(FreeContextBuffer(&on_stack), SEC_E_INVALID_PARAMETER);
  const auto heap = std::make_unique<Blob>(100, 0xC5);
  EXPECT_EQ(FreeContextBuffer(heap->data()), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(*heap, Blob(100, 0xC5));
  PSecPkgInfoW info = nullptr;
  std::u16string ntlm = u"NTLM";
  ASSERT_EQ(QuerySecurityPackageInfoW(ntlm.data(), &info), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(info->Name), SEC_E_INVALID_PARAMETER) << "a part of the block";
  EXPECT_EQ(FreeContextBuffer(info), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(info), SEC_E_INVALID_PARAMETER) << "freed twice";
}

TEST(OtherArguments, LastFailure) {
  EXPECT_EQ(OpenSspiGetLastFailureW(nullptr), SEC_E_INVALID_PARAMETER);
  OPENSSPI_FAILURE failure{};
  EXPECT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_INVALID_PARAMETER);
  failure.cbSize = sizeof failure - 1;
  EXPECT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(DeleteSecurityContext(nullptr), SEC_E_INVALID_HANDLE);
  failure.cbSize = sizeof failure;
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(failure.Status, SEC_E_INVALID_HANDLE);
  EXPECT_NE(std::u16string(failure.Text), u"");
  EXPECT_EQ(FreeContextBuffer(nullptr), SEC_E_OK);
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(failure.Status, SEC_E_INVALID_HANDLE) << "a success changes nothing";
}

TEST(OtherArguments, ProtectedMemory) {
  std::uint8_t memory[48] = {1, 2, 3};
  EXPECT_FALSE(CryptProtectMemory(nullptr, 16, CRYPTPROTECTMEMORY_SAME_PROCESS));
  EXPECT_FALSE(CryptProtectMemory(memory, 15, CRYPTPROTECTMEMORY_SAME_PROCESS));
  EXPECT_FALSE(CryptProtectMemory(memory, 16, 99));
  EXPECT_FALSE(CryptUnprotectMemory(nullptr, 16, CRYPTPROTECTMEMORY_SAME_PROCESS));
  EXPECT_TRUE(CryptProtectMemory(memory, 48, CRYPTPROTECTMEMORY_SAME_PROCESS));
  EXPECT_TRUE(CryptUnprotectMemory(memory, 48, CRYPTPROTECTMEMORY_SAME_PROCESS));
  EXPECT_EQ(memory[2], 3);
}

TEST(OtherArguments, EntriesWithoutAMeaningHere) {
  const auto* table = InitSecurityInterfaceW();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->ImpersonateSecurityContext(nullptr), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(table->RevertSecurityContext(nullptr), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(table->QuerySecurityContextToken(nullptr, nullptr), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(table->AddCredentialsW(nullptr, nullptr, nullptr, 0, nullptr, nullptr, nullptr, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(table->ChangeAccountPasswordW(nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
}

}  // namespace
