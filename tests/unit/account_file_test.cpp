#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "accounts/file_source.hpp"
#include "base/safe_file.hpp"
#include "support/fixed_host.hpp"
#include "support/logon.hpp"
#include "support/temporary_directory.hpp"

namespace opensspi::accounts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ntlm_v2_logon;
using testing::TemporaryDirectory;
using namespace std::chrono_literals;

class SafeFileTest : public ::testing::Test {
 protected:
  // The status and the reason of a refusal; Status::ok where the file was read.
  std::pair<Status, std::string> outcome(const std::string& path, std::size_t most_bytes = 100) const {
    const auto file = read_safe_file(path, "test", most_bytes);
    return file ? std::pair{Status::ok, std::string()} : std::pair{file.error().status, file.error().detail};
  }

  TemporaryDirectory directory_;
};

TEST_F(SafeFileTest, IsReadWhole) {
  const auto file = read_safe_file(directory_.write("f", "content", 0644), "test", 7);
  ASSERT_TRUE(file);
  EXPECT_EQ(to_hex(file->content.bytes()), to_hex(bytes_of("content")));
  EXPECT_EQ(file->identity.size_bytes, 7);
}

TEST_F(SafeFileTest, MayBeEmpty) { EXPECT_EQ(outcome(directory_.write("f", "")).first, Status::ok); }

TEST_F(SafeFileTest, AnAbsentOneIsNoCredentials) {
  const auto [status, why] = outcome(directory_.path("absent"));
  EXPECT_EQ(status, Status::no_credentials);
  EXPECT_THAT(why, AllOf(HasSubstr("absent"), HasSubstr("No such file")));
}

TEST_F(SafeFileTest, IsRefusedWhereItsGroupOrOthersMayWrite) {
  for (const mode_t mode : {0620U, 0602U, 0666U, 0660U}) {
    const auto [status, why] = outcome(directory_.write("f", "x", mode));
    EXPECT_EQ(status, Status::invalid_parameter) << std::oct << mode;
    EXPECT_THAT(why, HasSubstr("chmod go-w"));
  }
}

TEST_F(SafeFileTest, IsRefusedAsASymbolicLink) {
  const std::string real = directory_.write("real", "x");
  ASSERT_EQ(symlink(real.c_str(), directory_.path("link").c_str()), 0);
  const auto [status, why] = outcome(directory_.path("link"));
  EXPECT_EQ(status, Status::invalid_parameter);
  EXPECT_THAT(why, HasSubstr("symbolic link"));
}

TEST_F(SafeFileTest, IsRefusedWhereItIsNoRegularFile) {
  ASSERT_EQ(mkfifo(directory_.path("fifo").c_str(), 0600), 0);  // must not block either
  EXPECT_EQ(outcome(directory_.path("fifo")).first, Status::invalid_parameter);
  EXPECT_EQ(outcome(directory_.path()).first, Status::invalid_parameter);
  EXPECT_EQ(outcome("/dev/null").first, Status::invalid_parameter);
}

TEST_F(SafeFileTest, IsRefusedWhereItBelongsToAThirdUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = directory_.write("f", "x");
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  const auto [status, why] = outcome(path);
  EXPECT_EQ(status, Status::invalid_parameter);
  EXPECT_THAT(why, HasSubstr("belongs to user 65534"));
}

TEST_F(SafeFileTest, IsRefusedWhereItIsTooLarge) {
  EXPECT_EQ(outcome(directory_.write("f", std::string(100, 'x'))).first, Status::ok);
  const auto [status, why] = outcome(directory_.write("f", std::string(101, 'x')));
  EXPECT_EQ(status, Status::invalid_parameter);
  EXPECT_THAT(why, AllOf(HasSubstr("101"), HasSubstr("100")));
}

// A source that looks at its file at every log-on.
class FileSourceTest : public ::testing::Test {
 protected:
  void open(std::string_view content) {
    directory_.write("accounts", content);
    auto opened = FileSource::open(kPlainFormat, path_, host_.names(), 0ns);
    ASSERT_TRUE(opened) << opened.error().detail;
    source_ = std::move(*opened);
  }

  Status log_on(std::u16string_view user, std::u16string_view password) {
    const auto verdict = source_->verify(ntlm_v2_logon(user, u"", password).request());
    why_ = verdict ? "" : verdict.error().detail;
    return verdict ? Status::ok : verdict.error().status;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("accounts");
  testing::FixedHost host_;
  std::shared_ptr<const AccountSource> source_;
  std::string why_;
};

TEST_F(FileSourceTest, SeesAPasswordThatWasChangedInPlace) {
  open(":alice:first\n");
  EXPECT_EQ(log_on(u"alice", u"first"), Status::ok);
  directory_.write("accounts", ":alice:secnd\n");  // the same size, within the same tick of the clock perhaps
  EXPECT_EQ(log_on(u"alice", u"secnd"), Status::ok);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::logon_denied);
}

TEST_F(FileSourceTest, SeesAFileThatWasReplaced) {
  open(":alice:first\n");
  directory_.write("new", ":bob:other\n");
  std::filesystem::rename(directory_.path("new"), path_);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::logon_denied);
  EXPECT_EQ(log_on(u"bob", u"other"), Status::ok);
}

TEST_F(FileSourceTest, ClosesOnABadContentUntilItIsMended) {
  open(":alice:first\n");
  directory_.write("accounts", ":alice:first\nnonsense\n");
  EXPECT_EQ(log_on(u"alice", u"first"), Status::internal_error);
  EXPECT_THAT(why_, AllOf(HasSubstr("until it is mended"), HasSubstr("line 2")));
  directory_.write("accounts", ":alice:first\n");
  EXPECT_EQ(log_on(u"alice", u"first"), Status::ok);
}

TEST_F(FileSourceTest, ClosesWhereTheFileGoesOrBecomesALinkOrWritable) {
  open(":alice:first\n");
  std::filesystem::remove(path_);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::internal_error);
  directory_.write("other", ":alice:first\n");
  std::filesystem::create_symlink(directory_.path("other"), path_);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::internal_error);
  std::filesystem::remove(path_);
  directory_.write("accounts", ":alice:first\n", 0666);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::internal_error);
  directory_.write("accounts", ":alice:first\n", 0600);
  EXPECT_EQ(log_on(u"alice", u"first"), Status::ok);
}

TEST_F(FileSourceTest, LooksAtMostOnceInItsInterval) {
  directory_.write("accounts", ":alice:first\n");
  auto opened = FileSource::open(kPlainFormat, path_, host_.names(), 1h);
  ASSERT_TRUE(opened);
  source_ = std::move(*opened);
  directory_.write("accounts", ":alice:second\n");
  EXPECT_EQ(log_on(u"alice", u"first"), Status::ok);
}

TEST_F(FileSourceTest, GoesOnAfterAChangeOfDirectory) {
  directory_.write("accounts", ":alice:first\n");
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  auto opened = FileSource::open(kPlainFormat, "accounts", host_.names(), 0ns);
  std::filesystem::current_path(old);
  ASSERT_TRUE(opened) << opened.error().detail;
  source_ = std::move(*opened);
  EXPECT_EQ(source_->name(), "plain:accounts");
  EXPECT_EQ(log_on(u"alice", u"first"), Status::ok);
}

TEST_F(FileSourceTest, AHundredThousandAccountsAreFoundAsFastAsOne) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += ":user" + std::to_string(i) + ":pw" + std::to_string(i) + "\n";
  directory_.write("accounts", content);
  auto opened = FileSource::open(kPlainFormat, path_, host_.names());
  ASSERT_TRUE(opened);
  source_ = std::move(*opened);
  const auto logon = ntlm_v2_logon(u"USER99999", u"", u"pw99999");
  // The thread's own time: what else the machine does is not counted.
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto start = used();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(source_->verify(logon.request()));
  // A search through them all would take a hundred times this.
  EXPECT_LT(used() - start, 200ms);
}

TEST(OpenAccountSource, RefusesWhatItDoesNotKnow) {
  const testing::FixedHost host;
  for (const char* specification :
       {"", "smbpasswd", "smbpasswd:", "plain:", "ldap:x", "/etc/passwd", "Winbind", "self:"}) {
    const auto opened = open_account_source(specification, host);
    ASSERT_FALSE(opened) << specification;
    EXPECT_EQ(opened.error().status, Status::invalid_parameter) << specification;
    EXPECT_THAT(opened.error().detail, HasSubstr(specification));
  }
  EXPECT_THAT(open_account_source("ldap:x", host).error().detail,
              HasSubstr("smbpasswd:PATH, plain:PATH, winbind and self"));
}

TEST(OpenAccountSource, TellsAFileThatIsAbsentFromOneThatIsWrong) {
  const testing::FixedHost host;
  const TemporaryDirectory directory;
  EXPECT_EQ(open_account_source("plain:" + directory.path("absent"), host).error().status, Status::no_credentials);
  const std::string bad = directory.write("bad", "# a comment\n\nnonsense\n");
  const auto opened = open_account_source("smbpasswd:" + bad, host);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().status, Status::invalid_parameter);
  EXPECT_THAT(opened.error().detail, AllOf(HasSubstr(bad), HasSubstr("line 3")));
  const std::string good = directory.write("good", ":alice:x\n");
  const auto source = open_account_source("plain:" + good, host);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->name(), "plain:" + good);
}

}  // namespace
}  // namespace opensspi::accounts
