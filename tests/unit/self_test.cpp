#include "accounts/self.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "accounts/self_key.hpp"
#include "accounts/self_key_file.hpp"
#include "base/text.hpp"
#include "support/fixed_host.hpp"
#include "support/logon.hpp"
#include "support/temporary_directory.hpp"
#include "support/vectors.hpp"

namespace opensspi::accounts {
namespace {

using ::testing::HasSubstr;
using testing::read_file;
using testing::TemporaryDirectory;

std::string mode_of(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return "absent";
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", status.st_mode & 07777);
  return text.data();
}

class SelfKeyTest : public ::testing::Test {
 protected:
  // The reason of a refusal, always SEC_E_NO_CREDENTIALS; empty where a key was given.
  std::string refusal() const { return refusal(home_.path()); }
  static std::string refusal(const std::string& home) {
    const auto key = self_key(home, geteuid());
    if (key) return "";
    EXPECT_EQ(key.error().status, Status::no_credentials);
    return key.error().detail;
  }

  void make_directory(mode_t mode = 0700) const {
    std::filesystem::create_directory(directory_);
    ASSERT_EQ(chmod(directory_.c_str(), mode), 0);
  }

  // A key file that is right in everything that a test does not spoil.
  void make_key(std::size_t size = 32, mode_t mode = 0600) const {
    make_directory();
    home_.write(".opensspi/self.key", std::string(size, 'k'), mode);
  }

  TemporaryDirectory home_;
  std::string directory_ = home_.path(".opensspi");
  std::string file_ = home_.path(".opensspi/self.key");
};

TEST_F(SelfKeyTest, IsMadeOnceForItsUserAlone) {
  const mode_t old = umask(0);
  const auto first = self_key(home_.path(), geteuid());
  umask(old);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(mode_of(directory_), "0700");
  EXPECT_EQ(mode_of(file_), "0600");
  EXPECT_EQ(to_hex(bytes_of(read_file(file_))), to_hex(first->bytes()));
  const auto second = self_key(home_.path(), geteuid());
  ASSERT_TRUE(second);
  EXPECT_TRUE(equal_in_constant_time(first->bytes(), second->bytes()));
  const TemporaryDirectory other;
  EXPECT_FALSE(equal_in_constant_time(first->bytes(), self_key(other.path(), geteuid())->bytes()));
}

TEST_F(SelfKeyTest, IsMadeRightUnderAnyUmask) {
  const mode_t old = umask(0477);
  const std::string why = [&] {
    make_directory();
    return refusal();
  }();
  umask(old);
  EXPECT_EQ(why, "");
  EXPECT_EQ(mode_of(file_), "0600");
}

TEST_F(SelfKeyTest, EveryWayOfMakingItGivesOneKeyAndNoRest) {
  for (const KeyFileMaking first :
       {KeyFileMaking::unnamed_file, KeyFileMaking::rename_without_replacing, KeyFileMaking::link_and_unlink}) {
    std::filesystem::remove_all(directory_);
    make_directory();
    const Descriptor directory(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(make_self_key_file(directory, file_, first));
    const auto key = self_key(home_.path(), geteuid());
    ASSERT_TRUE(key) << key.error().detail;
    ASSERT_TRUE(make_self_key_file(directory, file_, first)) << "a file that is there is success";
    EXPECT_TRUE(equal_in_constant_time(key->bytes(), self_key(home_.path(), geteuid())->bytes()));
    const std::filesystem::directory_iterator entries(directory_);
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
  }
}

class SelfKeyRace : public SelfKeyTest, public ::testing::WithParamInterface<KeyFileMaking> {};

// Many processes that log on for the first time at once.
TEST_P(SelfKeyRace, AllGetTheSameKey) {
  make_directory();
  constexpr int kProcesses = 12;
  std::array<int, 2> start{};
  std::array<int, 2> keys{};
  ASSERT_EQ(pipe(start.data()), 0);
  ASSERT_EQ(pipe(keys.data()), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    char go = 0;
    close(start[1]);
    if (read(start[0], &go, 1) != 0) _exit(1);  // ends for all at once
    const Descriptor directory(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!make_self_key_file(directory, file_, GetParam())) _exit(2);
    const auto key = self_key(home_.path(), geteuid());
    if (!key) _exit(3);
    _exit(write(keys[1], key->bytes().data(), 32) == 32 ? 0 : 4);
  }
  close(start[0]);
  close(start[1]);
  std::set<std::array<std::uint8_t, 32>> seen;
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    std::array<std::uint8_t, 32> key{};
    if (status == 0) {
      ASSERT_EQ(read(keys[0], key.data(), key.size()), 32);
    }
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 1U);
  close(keys[0]);
  close(keys[1]);
}

INSTANTIATE_TEST_SUITE_P(Ways, SelfKeyRace,
                         ::testing::Values(KeyFileMaking::unnamed_file, KeyFileMaking::rename_without_replacing,
                                           KeyFileMaking::link_and_unlink));

TEST_F(SelfKeyTest, AHomeThatIsNoneIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("absolute"));
  EXPECT_THAT(refusal("relative"), HasSubstr("absolute"));
  EXPECT_THAT(refusal("/nonexistent/home"), HasSubstr("cannot be opened as a directory"));
  EXPECT_THAT(refusal(home_.write("file", "")), HasSubstr("cannot be opened as a directory"));
}

TEST_F(SelfKeyTest, AHomeThatOthersMayWriteIsRefused) {
  for (const mode_t mode : {0770U, 0707U, 01777U}) {
    ASSERT_EQ(chmod(home_.path().c_str(), mode), 0);
    EXPECT_THAT(refusal(), HasSubstr("must not be able to write")) << std::oct << mode;
  }
  ASSERT_EQ(chmod(home_.path().c_str(), 0700), 0);
  EXPECT_EQ(refusal(), "");
}

TEST_F(SelfKeyTest, AHomeOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(chown(home_.path().c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 65534"));
}

TEST_F(SelfKeyTest, ADirectoryThatOthersMayWriteIsRefused) {
  make_directory(0720);
  EXPECT_THAT(refusal(), HasSubstr("must not be able to write"));
  make_directory(0702);
  EXPECT_THAT(refusal(), HasSubstr("must not be able to write"));
}

TEST_F(SelfKeyTest, ADirectoryThatIsALinkIsRefused) {
  const TemporaryDirectory elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), directory_);
  EXPECT_NE(refusal(), "");
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
}

TEST_F(SelfKeyTest, ADirectoryOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  make_directory();
  ASSERT_EQ(chown(directory_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 65534"));
}

TEST_F(SelfKeyTest, ALinkInTheFilesPlaceIsRefused) {
  make_directory();
  const std::string target = home_.write("target", std::string(32, 'k'));
  std::filesystem::create_symlink(target, file_);
  EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
  std::filesystem::remove(file_);
  std::filesystem::create_symlink(home_.path("absent"), file_);
  EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
  EXPECT_FALSE(std::filesystem::exists(home_.path("absent")));
}

TEST_F(SelfKeyTest, AFileOfAnotherModeIsRefused) {
  for (const mode_t mode : {0644U, 0640U, 0660U, 0400U, 0700U, 04600U}) {
    make_key(32, mode);
    EXPECT_THAT(refusal(), HasSubstr("must be 0600")) << std::oct << mode;
  }
}

TEST_F(SelfKeyTest, AFileOfAnotherLengthIsRefused) {
  for (const std::size_t size : {0U, 31U, 33U, 4096U}) {
    make_key(size);
    EXPECT_THAT(refusal(), HasSubstr("must have 32")) << size;
  }
}

TEST_F(SelfKeyTest, AFileWithASecondLinkIsRefused) {
  make_key();
  std::filesystem::create_hard_link(file_, home_.path("second"));
  EXPECT_THAT(refusal(), HasSubstr("2 links"));
}

TEST_F(SelfKeyTest, AFileOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  make_key();
  ASSERT_EQ(chown(file_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 65534"));
}

TEST_F(SelfKeyTest, WhatIsNoRegularFileIsRefused) {
  make_directory();
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);  // must not block either
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST(SelfNtHash, DependsOnKeyMachineAndUser) {
  const SelfKey key;
  SelfKey other;
  other.writable()[31] = 1;
  const std::string machine(32, 'a');
  const std::set<std::string> hashes{
      to_hex(self_nt_hash(key, machine, 1000).bytes()), to_hex(self_nt_hash(other, machine, 1000).bytes()),
      to_hex(self_nt_hash(key, "", 1000).bytes()), to_hex(self_nt_hash(key, machine, 1001).bytes())};
  EXPECT_EQ(hashes.size(), 4U);
}

TEST(SelfNtHash, IsTheHmacOfItsDescription) {
  // printf 'opensspi self account v1\xe8\x03\x00\x00' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00...00 (32
  // bytes)
  EXPECT_EQ(to_hex(self_nt_hash(SelfKey(), "", 1000).bytes()), "c71d10f69f0efdab57e0dd60ee0d3cea");
}

TEST(MachineId, IsTakenOnlyWhole) {
  const TemporaryDirectory directory;
  const std::string id = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(machine_id(directory.write("id", id + "\n")), id);
  for (const char* wrong : {"", "uninitialized\n", "0123456789abcdef\n", "0123456789ABCDEF0123456789abcdef\n"}) {
    EXPECT_EQ(machine_id(directory.write("id", wrong)), "") << wrong;
  }
  EXPECT_EQ(machine_id(directory.path("absent")), "");
}

TEST(NotElevated, AnyDifferenceOfIdentitiesIsRefused) {
  const ProcessIdentity plain{false, 1000, 1000, 1000, 1000};
  EXPECT_TRUE(check_not_elevated(plain));
  for (const ProcessIdentity& elevated :
       {ProcessIdentity{true, 1000, 1000, 1000, 1000}, ProcessIdentity{false, 1000, 0, 1000, 1000},
        ProcessIdentity{false, 0, 1000, 1000, 1000}, ProcessIdentity{false, 1000, 1000, 1000, 50}}) {
    const auto checked = check_not_elevated(elevated);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().status, Status::no_credentials);
  }
  EXPECT_TRUE(check_not_elevated(ProcessIdentity::of_this_process()));
}

TEST_F(SelfKeyTest, TheAccountLogsOnToItsOwnSource) {
  const testing::FixedHost host;
  const auto account = self_account_in(home_.path(), "Alice", geteuid(), host);
  ASSERT_TRUE(account) << account.error().detail;
  EXPECT_EQ(account->domain, u"SERVER");
  auto again = self_account_in(home_.path(), "Alice", geteuid(), host);
  ASSERT_TRUE(again);
  const auto source = make_self_source(std::move(*again));
  EXPECT_EQ(source->name(), "self");
  const auto own = testing::ntlm_v2_logon(u"ALICE", u"server", account->nt_hash);
  const auto verdict = source->verify(own.request());
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(verdict->account, u"Alice");
  EXPECT_EQ(verdict->domain, u"SERVER");
}

TEST_F(SelfKeyTest, TheSourceVerifiesNoOtherAccount) {
  const testing::FixedHost host;
  auto account = self_account_in(home_.path(), "alice", geteuid(), host);
  ASSERT_TRUE(account);
  const Key16 hash = account->nt_hash.clone();
  const auto source = make_self_source(std::move(*account));
  for (const auto& logon :
       {testing::ntlm_v2_logon(u"alice", u"OTHER", hash), testing::ntlm_v2_logon(u"alice", u"", hash),
        testing::ntlm_v2_logon(u"bob", u"SERVER", hash), testing::ntlm_v2_logon(u"alice", u"SERVER", Key16())}) {
    const auto verdict = source->verify(logon.request());
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().status, Status::logon_denied);
  }
}

TEST_F(SelfKeyTest, AnotherHomesAccountIsAnother) {
  const testing::FixedHost host;
  const TemporaryDirectory other;
  auto account = self_account_in(home_.path(), "alice", geteuid(), host);
  const auto stranger = self_account_in(other.path(), "alice", geteuid(), host);
  ASSERT_TRUE(account && stranger);
  const auto source = make_self_source(std::move(*account));
  const auto logon = testing::ntlm_v2_logon(u"alice", u"SERVER", stranger->nt_hash);
  EXPECT_FALSE(source->verify(logon.request()));
}

}  // namespace
}  // namespace opensspi::accounts
