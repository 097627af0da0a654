// What programs written for Windows name: the A functions, identities as one block, functions without meaning here.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "opensspi/extra.h"
#include "opensspi/sspi_ansi.h"
#include "opensspi/sspi_more.h"

namespace {

// ---- The A functions. ----

char* writable(const char* text) { return const_cast<char*>(text); }

struct AnsiCredential {
  CredHandle handle{};
  explicit AnsiCredential(ULONG use, const char* user = nullptr) {
    SEC_WINNT_AUTH_IDENTITY_A identity{};
    const auto put = [](const char* text, unsigned char*& at, ULONG& length) {
      at = reinterpret_cast<unsigned char*>(writable(text));
      length = static_cast<ULONG>(std::strlen(text));
    };
    if (user != nullptr) put(user, identity.User, identity.UserLength);
    put("EXAMPLE", identity.Domain, identity.DomainLength);
    put("Passw0rd!", identity.Password, identity.PasswordLength);
    identity.Flags = SEC_WINNT_AUTH_IDENTITY_ANSI;
    EXPECT_EQ(AcquireCredentialsHandleA(nullptr, writable(NTLMSP_NAME_A), use, nullptr,
                                        user != nullptr ? &identity : nullptr, nullptr, nullptr, &handle, nullptr),
              SEC_E_OK);
  }
  ~AnsiCredential() { FreeCredentialsHandle(&handle); }
};

TEST(AnsiFunctions, NameThePackagesAsTheWideOnesDo) {
  ULONG count = 0, wide_count = 0;
  PSecPkgInfoA infos = nullptr;
  PSecPkgInfoW wide = nullptr;
  ASSERT_EQ(EnumerateSecurityPackagesA(&count, &infos), SEC_E_OK);
  ASSERT_EQ(EnumerateSecurityPackagesW(&wide_count, &wide), SEC_E_OK);
  ASSERT_EQ(count, wide_count);
  for (ULONG i = 0; i < count; ++i) {
    const std::u16string_view name(wide[i].Name), comment(wide[i].Comment);
    EXPECT_EQ(std::u16string(infos[i].Name, infos[i].Name + std::strlen(infos[i].Name)), name);
    EXPECT_EQ(std::u16string(infos[i].Comment, infos[i].Comment + std::strlen(infos[i].Comment)), comment);
    EXPECT_EQ(infos[i].fCapabilities, wide[i].fCapabilities);
    EXPECT_EQ(infos[i].cbMaxToken, wide[i].cbMaxToken);
    EXPECT_EQ(infos[i].wRPCID, wide[i].wRPCID);
    EXPECT_EQ(infos[i].wVersion, 1);
  }
  EXPECT_EQ(FreeContextBuffer(infos), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(wide), SEC_E_OK);

  PSecPkgInfoA one = nullptr;
  ASSERT_EQ(QuerySecurityPackageInfoA(writable("ntlm"), &one), SEC_E_OK);
  EXPECT_STREQ(one->Name, "NTLM");
  EXPECT_EQ(FreeContextBuffer(one), SEC_E_OK);
  EXPECT_EQ(QuerySecurityPackageInfoA(writable("WDigest"), &one), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_EQ(QuerySecurityPackageInfoA(nullptr, &one), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(QuerySecurityPackageInfoA(writable("NTLM"), nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(EnumerateSecurityPackagesA(nullptr, &one), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(EnumerateSecurityPackagesA(&count, nullptr), SEC_E_INVALID_PARAMETER);
}

TEST(AnsiFunctions, RefuseTextsThatAreNoUtf8) {
  PSecPkgInfoA info = nullptr;
  EXPECT_EQ(QuerySecurityPackageInfoA(writable("\xFF"), &info), SEC_E_INVALID_PARAMETER);
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(std::u16string(failure.Check), u"pszPackageName");
  CredHandle handle{};
  EXPECT_EQ(AcquireCredentialsHandleA(nullptr, writable("\xC3"), SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr,
                                      nullptr, &handle, nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(AcquireCredentialsHandleA(writable("\xC3"), writable("NTLM"), SECPKG_CRED_OUTBOUND, nullptr, nullptr,
                                      nullptr, nullptr, &handle, nullptr),
            SEC_E_INVALID_PARAMETER);
  AnsiCredential client(SECPKG_CRED_OUTBOUND);
  CtxtHandle context{};
  EXPECT_EQ(InitializeSecurityContextA(&client.handle, nullptr, writable("\xE4"), 0, 0, 0, nullptr, 0, &context,
                                       nullptr, nullptr, nullptr),
            SEC_E_INVALID_PARAMETER);
}

TEST(AnsiFunctions, TellTheNameOfACredentialInUtf8) {
  const AnsiCredential client(SECPKG_CRED_OUTBOUND, "J\xC3\xBCrgen");
  SecPkgCredentials_NamesA names{};
  CredHandle handle = client.handle;
  ASSERT_EQ(QueryCredentialsAttributesA(&handle, SECPKG_CRED_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_STREQ(names.sUserName, "EXAMPLE\\J\xC3\xBCrgen");
  EXPECT_EQ(FreeContextBuffer(names.sUserName), SEC_E_OK);
  EXPECT_EQ(QueryCredentialsAttributesExA(&handle, SECPKG_CRED_ATTR_NAMES, &names, sizeof names - 1),
            SEC_E_BUFFER_TOO_SMALL);
  ASSERT_EQ(QueryCredentialsAttributesExA(&handle, SECPKG_CRED_ATTR_NAMES, &names, sizeof names), SEC_E_OK);
  EXPECT_EQ(FreeContextBuffer(names.sUserName), SEC_E_OK);
}

SECURITY_STATUS one_step(PSecurityFunctionTableA table, bool server, PCredHandle credential, PCtxtHandle context,
                         bool first, SecBuffer& in, SecBuffer& out) {
  SecBufferDesc input{SECBUFFER_VERSION, 1, &in}, output{SECBUFFER_VERSION, 1, &out};
  out = {0, SECBUFFER_TOKEN, nullptr};
  ULONG attributes = 0;
  const PCtxtHandle old = first ? nullptr : context;
  const SECURITY_STATUS status =
      server
          ? table->AcceptSecurityContext(credential, old, &input, ASC_REQ_ALLOCATE_MEMORY, SECURITY_NATIVE_DREP,
                                         context, &output, &attributes, nullptr)
          : table->InitializeSecurityContextA(
                credential, old, writable("HTTP/server"), ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_INTEGRITY, 0,
                SECURITY_NATIVE_DREP, in.cbBuffer == 0 ? nullptr : &input, 0, context, &output, &attributes, nullptr);
  if (in.pvBuffer != nullptr) table->FreeContextBuffer(in.pvBuffer);
  in = {0, SECBUFFER_TOKEN, nullptr};
  return status;
}

void expect_attributes(PSecurityFunctionTableA table, PCtxtHandle context) {
  SecPkgContext_NamesA names{};
  ASSERT_EQ(table->QueryContextAttributesA(context, SECPKG_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_NE(std::strchr(names.sUserName, '\\'), nullptr);
  table->FreeContextBuffer(names.sUserName);
  SecPkgContext_PackageInfoA package{};
  ASSERT_EQ(table->QueryContextAttributesA(context, SECPKG_ATTR_PACKAGE_INFO, &package), SEC_E_OK);
  EXPECT_STREQ(package.PackageInfo->Name, "NTLM");
  table->FreeContextBuffer(package.PackageInfo);
  SecPkgContext_KeyInfoA key{};
  ASSERT_EQ(table->QueryContextAttributesA(context, SECPKG_ATTR_KEY_INFO, &key), SEC_E_OK);
  EXPECT_STREQ(key.sEncryptAlgorithmName, "RC4");
  table->FreeContextBuffer(key.sSignatureAlgorithmName);
  table->FreeContextBuffer(key.sEncryptAlgorithmName);
  SecPkgContext_Sizes sizes{};
  ASSERT_EQ(table->QueryContextAttributesExA(context, SECPKG_ATTR_SIZES, &sizes, sizeof sizes), SEC_E_OK);
  EXPECT_EQ(sizes.cbMaxSignature, 16U);
  EXPECT_EQ(table->QueryContextAttributesA(context, SECPKG_ATTR_ACCESS_TOKEN, &names), SEC_E_UNSUPPORTED_FUNCTION);
}

TEST(AnsiFunctions, LogOnThroughTheirTable) {
  const PSecurityFunctionTableA table = InitSecurityInterfaceA();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->dwVersion, InitSecurityInterfaceW()->dwVersion);
  AnsiCredential client(SECPKG_CRED_OUTBOUND), server(SECPKG_CRED_INBOUND);
  CtxtHandle client_context{}, server_context{};
  SecBuffer to_server{}, to_client{};
  EXPECT_EQ(one_step(table, false, &client.handle, &client_context, true, to_client, to_server), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(one_step(table, true, &server.handle, &server_context, true, to_server, to_client), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(one_step(table, false, &client.handle, &client_context, false, to_client, to_server), SEC_E_OK);
  EXPECT_EQ(one_step(table, true, &server.handle, &server_context, false, to_server, to_client), SEC_E_OK);
  expect_attributes(table, &server_context);

  SecBuffer packed{};
  ASSERT_EQ(table->ExportSecurityContext(&client_context, 0, &packed, nullptr), SEC_E_OK);
  CtxtHandle copy{};
  EXPECT_EQ(table->ImportSecurityContextA(writable("NTLM"), &packed, nullptr, &copy), SEC_E_OK);
  table->FreeContextBuffer(packed.pvBuffer);
  for (PCtxtHandle context : {&client_context, &server_context, &copy}) {
    EXPECT_EQ(table->DeleteSecurityContext(context), SEC_E_OK);
  }
}

// ---- Functions without meaning. ----

TEST(FunctionsWithoutMeaning, AnswerThatTheyAreNotSupported) {
  CtxtHandle context{};
  CredHandle credential{};
  void* token = nullptr;
  EXPECT_EQ(ImpersonateSecurityContext(&context), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(RevertSecurityContext(&context), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(QuerySecurityContextToken(&context, &token), SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(AddCredentialsW(&credential, nullptr, nullptr, 0, nullptr, nullptr, nullptr, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(AddCredentialsA(&credential, nullptr, nullptr, 0, nullptr, nullptr, nullptr, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(ChangeAccountPasswordW(nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(ChangeAccountPasswordA(nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, nullptr),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ(QueryContextAttributesExW(&context, SECPKG_ATTR_SIZES, &token, 1), SEC_E_BUFFER_TOO_SMALL);
  EXPECT_EQ(QueryCredentialsAttributesExW(&credential, SECPKG_CRED_ATTR_NAMES, &token, sizeof token),
            SEC_E_INVALID_HANDLE);
}

// ---- Identities as one block. ----

TEST(AuthIdentity, OfTextsIsTakenApartAgain) {
  PSEC_WINNT_AUTH_IDENTITY_OPAQUE identity = nullptr, copy = nullptr;
  ASSERT_EQ(SspiEncodeStringsAsAuthIdentity(u"alice", u"EXAMPLE", u"Passw0rd!", &identity), SEC_E_OK);
  EXPECT_EQ(SspiValidateAuthIdentity(identity), SEC_E_OK);
  ASSERT_EQ(SspiCopyAuthIdentity(identity, &copy), SEC_E_OK);
  SspiFreeAuthIdentity(identity);
  const SEC_WCHAR *user = nullptr, *domain = nullptr, *password = nullptr;
  ASSERT_EQ(SspiEncodeAuthIdentityAsStrings(copy, &user, &domain, &password), SEC_E_OK);
  EXPECT_EQ(std::u16string(user), u"alice");
  EXPECT_EQ(std::u16string(domain), u"EXAMPLE");
  EXPECT_EQ(std::u16string(password), u"Passw0rd!");
  for (const SEC_WCHAR* text : {user, domain, password}) SspiLocalFree(const_cast<SEC_WCHAR*>(text));

  CredHandle credential{};
  char16_t package[] = u"NTLM";
  ASSERT_EQ(AcquireCredentialsHandleW(nullptr, package, SECPKG_CRED_OUTBOUND, nullptr, copy, nullptr, nullptr,
                                      &credential, nullptr),
            SEC_E_OK);
  SecPkgCredentials_NamesW names{};
  ASSERT_EQ(QueryCredentialsAttributesW(&credential, SECPKG_CRED_ATTR_NAMES, &names), SEC_E_OK);
  EXPECT_EQ(std::u16string(names.sUserName), u"EXAMPLE\\alice");
  FreeContextBuffer(names.sUserName);
  FreeCredentialsHandle(&credential);
  SspiFreeAuthIdentity(copy);
}

TEST(AuthIdentity, KeepsWhatWasNotGivenApartFromWhatIsEmpty) {
  PSEC_WINNT_AUTH_IDENTITY_OPAQUE identity = nullptr;
  ASSERT_EQ(SspiEncodeStringsAsAuthIdentity(u"alice@EXAMPLE", nullptr, u"", &identity), SEC_E_OK);
  const SEC_WCHAR *user = nullptr, *domain = u"unchanged", *password = nullptr;
  ASSERT_EQ(SspiEncodeAuthIdentityAsStrings(identity, &user, &domain, &password), SEC_E_OK);
  EXPECT_EQ(domain, nullptr);
  ASSERT_NE(password, nullptr);
  EXPECT_EQ(password[0], 0);
  SspiLocalFree(const_cast<SEC_WCHAR*>(user));
  SspiLocalFree(const_cast<SEC_WCHAR*>(password));
  EXPECT_EQ(SspiEncodeAuthIdentityAsStrings(identity, nullptr, nullptr, nullptr), SEC_E_OK);
  SspiFreeAuthIdentity(identity);
  SspiFreeAuthIdentity(nullptr);
  EXPECT_EQ(SspiEncodeStringsAsAuthIdentity(u"a", u"b", u"c", nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(SspiCopyAuthIdentity(identity, nullptr), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(SspiValidateAuthIdentity(nullptr), SEC_E_UNKNOWN_CREDENTIALS);
  EXPECT_EQ(SspiEncodeAuthIdentityAsStrings(nullptr, &user, nullptr, nullptr), SEC_E_UNKNOWN_CREDENTIALS);
}

TEST(AuthIdentity, IsWipedWithItsTexts) {
  char16_t password[] = u"secret";
  char ansi[] = "secret";
  SEC_WINNT_AUTH_IDENTITY_W wide{};
  wide.Password = reinterpret_cast<USHORT*>(password);
  wide.PasswordLength = 6;
  wide.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  SspiZeroAuthIdentity(&wide);
  EXPECT_EQ(std::u16string(password, 6), std::u16string(6, u'\0'));
  EXPECT_EQ(wide.Password, nullptr);
  EXPECT_EQ(wide.Flags, 0U);
  SEC_WINNT_AUTH_IDENTITY_A narrow{};
  narrow.Password = reinterpret_cast<unsigned char*>(ansi);
  narrow.PasswordLength = 6;
  narrow.Flags = SEC_WINNT_AUTH_IDENTITY_ANSI;
  SspiZeroAuthIdentity(&narrow);
  EXPECT_EQ(std::string(ansi, 6), std::string(6, '\0'));
  SspiZeroAuthIdentity(nullptr);
}

// A wrong length of the extended form is told, not taken for the plain form whose first field is a pointer.
TEST(AuthIdentity, OfTheExtendedFormThatIsNotRightIsRefused) {
  SEC_WINNT_AUTH_IDENTITY_EXW identity{};
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;
  for (const ULONG length : {0U, 1U, 48U, 71U, 73U, 4095U}) {
    identity.Length = length;
    EXPECT_EQ(SspiValidateAuthIdentity(&identity), SEC_E_UNKNOWN_CREDENTIALS) << length;
  }
  identity.Length = sizeof identity;
  EXPECT_EQ(SspiValidateAuthIdentity(&identity), SEC_E_OK);
  identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION_2;
  EXPECT_EQ(SspiValidateAuthIdentity(&identity), SEC_E_UNKNOWN_CREDENTIALS);
}

}  // namespace
