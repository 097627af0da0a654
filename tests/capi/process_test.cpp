// What a process reads once: FIPS mode, a package that is disabled, a configuration that is wrong, the file of the
// trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "child.hpp"
#include "ntlm_pair.hpp"

namespace {

using namespace capi;
using Role = End::Role;
using testing::HasSubstr;

std::vector<std::u16string> package_names() {
  ULONG count = 0;
  PSecPkgInfoW list = nullptr;
  EXPECT_EQ(EnumerateSecurityPackagesW(&count, &list), SEC_E_OK);
  std::vector<std::u16string> names;
  for (ULONG i = 0; i < count; ++i) names.emplace_back(list[i].Name);
  FreeContextBuffer(list);
  return names;
}

std::string last_failure() {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  EXPECT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  std::string text;
  for (const SEC_WCHAR* at = failure.Text; *at != 0; ++at) text.push_back(static_cast<char>(*at));
  return text;
}

void expect_child(const char* name, std::vector<std::string> environment) {
  const Ended ended = run_test(name, std::move(environment));
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("[  PASSED  ] 1 test.")) << "the test was not found";
}

// The bodies, each in its own process.

void expect_no_ntlm(const char* reason) {
  EXPECT_THAT(package_names(), testing::Not(testing::Contains(std::u16string(u"NTLM"))));
  std::u16string ntlm = u"NTLM";
  CredHandle handle{};
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, ntlm.data(), SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr, nullptr,
                                      &handle, nullptr),
            SEC_E_SECPKG_NOT_FOUND);
  EXPECT_THAT(last_failure(), HasSubstr(reason));
  PSecPkgInfoW info = nullptr;
  EXPECT_EQ(QuerySecurityPackageInfoW(ntlm.data(), &info), SEC_E_SECPKG_NOT_FOUND);
  EXPECT_THAT(last_failure(), HasSubstr(reason));
}

TEST(Child, DISABLED_Fips) { expect_no_ntlm("FIPS"); }
TEST(Child, DISABLED_Switched) { expect_no_ntlm("disables"); }

TEST(Child, DISABLED_BadConfiguration) {
  std::u16string ntlm = u"NTLM";
  CredHandle handle{};
  EXPECT_EQ(AcquireCredentialsHandleW(nullptr, ntlm.data(), SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr, nullptr,
                                      &handle, nullptr),
            SEC_E_INVALID_PARAMETER);
  EXPECT_THAT(last_failure(), HasSubstr("OPENSSPI_FIPS"));
  ULONG count = 0;
  PSecPkgInfoW list = nullptr;
  EXPECT_EQ(EnumerateSecurityPackagesW(&count, &list), SEC_E_INVALID_PARAMETER);
}

TEST(Child, DISABLED_LogOn) {
  Credential alice(&kAlice), accounts(nullptr);
  End client(Role::kClient, alice, kClientSeal), server(Role::kServer, accounts, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
}

TEST(Process, InFipsModeHasNoNtlmAndSaysWhy) { expect_child("Child.DISABLED_Fips", {"OPENSSPI_FIPS=1"}); }
TEST(Process, WithNtlmDisabledHasNoneAndSaysWhy) {
  expect_child("Child.DISABLED_Switched", {"OPENSSPI_NTLM_DISABLED=1"});
}
TEST(Process, WithABadVariableSaysWhich) { expect_child("Child.DISABLED_BadConfiguration", {"OPENSSPI_FIPS=perhaps"}); }

// ---- The file of the trace.

class TraceFile : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/trace";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string content() const {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string directory_ = (std::filesystem::temp_directory_path() / "opensspi.XXXXXX").string(), path_;
};

TEST_F(TraceFile, IsForItsOwnerAndTellsTheLogOn) {
  expect_child("Child.DISABLED_LogOn", {"OPENSSPI_TRACE=" + path_});
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  for (const char* part : {"NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE", "alice", "KEY_EXCH"}) {
    EXPECT_THAT(content(), HasSubstr(part));
  }
}

TEST_F(TraceFile, IsNotWrittenThroughALink) {
  const std::string target = directory_ + "/target";
  std::ofstream(target) << "precious";
  ASSERT_EQ(symlink(target.c_str(), path_.c_str()), 0);
  expect_child("Child.DISABLED_LogOn", {"OPENSSPI_TRACE=" + path_});
  EXPECT_EQ(content(), "precious");
}

}  // namespace
