#include "base/trace.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/trace_file.hpp"
#include "support/temporary_directory.hpp"

namespace opensspi {
namespace {

using ::testing::HasSubstr;
using testing::leave_process;
using testing::read_file;
using testing::TemporaryDirectory;

// "2026-11-23T06:10:00.123456Z [4711] NTLM: ".
bool has_head(std::string_view line) {
  static constexpr std::string_view kTime = "0000-00-00T00:00:00.000000Z [";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c, char pattern) { return pattern == '0' ? is_digit(c) : c == pattern; };
  if (line.size() < kTime.size() || !std::ranges::equal(line.substr(0, kTime.size()), kTime, fits)) return false;
  line.remove_prefix(kTime.size());
  const std::size_t digits = std::min(line.find(']'), line.size());
  return digits > 0 && std::ranges::all_of(line.substr(0, digits), is_digit) &&
         line.substr(digits).starts_with("] NTLM: ");
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream in(read_file(path));
  std::vector<std::string> lines;
  for (std::string one; std::getline(in, one);) lines.push_back(one);
  return lines;
}

// The functions' contexts.
struct Collected {
  std::vector<std::string> lines;
};

void collect(void* context, const char* line) { static_cast<Collected*>(context)->lines.emplace_back(line); }

class TraceFunction : public ::testing::Test {
 protected:
  ~TraceFunction() override { trace::set_function(nullptr, nullptr); }
};

TEST_F(TraceFunction, GetsEachLineWithItsHeadAndNoNewline) {
  Collected collected;
  trace::set_function(collect, &collected);
  EXPECT_TRUE(trace::enabled());
  trace::line("NTLM", "NEGOTIATE_MESSAGE 40 bytes\nflags 0xe2088297");
  ASSERT_EQ(collected.lines.size(), 2U);
  for (const std::string& line : collected.lines) EXPECT_TRUE(has_head(line)) << line;
  EXPECT_THAT(collected.lines[0], HasSubstr("NTLM: NEGOTIATE_MESSAGE 40 bytes"));
  EXPECT_THAT(collected.lines[1], HasSubstr("NTLM: flags 0xe2088297"));
}

TEST_F(TraceFunction, NothingComesAfterItsEnd) {
  Collected collected;
  trace::set_function(collect, &collected);
  trace::set_function(nullptr, nullptr);
  trace::line("NTLM", "unheard");
  EXPECT_TRUE(collected.lines.empty());
  EXPECT_FALSE(trace::enabled());
}

TEST_F(TraceFunction, ControlCharactersOfAPeerAreShownNotObeyed) {
  Collected collected;
  trace::set_function(collect, &collected);
  trace::line("NTLM", "user \x1b[2J\r\x7f" + trace::printable("a\nb"));
  ASSERT_EQ(collected.lines.size(), 1U);
  EXPECT_THAT(collected.lines[0], HasSubstr("user \\x1b[2J\\x0d\\x7fa\\x0ab"));
}

void trace_again(void* context, const char* line) {
  collect(context, line);
  trace::line("NTLM", "from within");
}

TEST_F(TraceFunction, ThatTracesIsNotCalledForItsOwnLines) {
  Collected collected;
  trace::set_function(trace_again, &collected);
  trace::line("NTLM", "one");
  EXPECT_EQ(collected.lines.size(), 1U);
}

void replace_itself(void* context, const char* line) {
  collect(context, line);
  trace::set_function(nullptr, nullptr);
}

TEST_F(TraceFunction, MayEndItselfFromWithin) {
  Collected collected;
  trace::set_function(replace_itself, &collected);
  trace::line("NTLM", "one");
  trace::line("NTLM", "two");
  EXPECT_EQ(collected.lines.size(), 1U);
}

class TraceFileTest : public ::testing::Test {
 protected:
  std::string why_refused(const std::string& path) const {
    const auto file = trace::TraceFile::open(path);
    return file ? "" : file.error().detail;
  }

  TemporaryDirectory directory_;
};

TEST_F(TraceFileTest, IsMadeForItsOwnerAlone) {
  const mode_t old = umask(0);
  const std::string path = directory_.path("trace");
  ASSERT_TRUE(trace::TraceFile::open(path));
  umask(old);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(TraceFileTest, IsAppendedTo) {
  const std::string path = directory_.write("trace", "before\n");
  const auto file = trace::TraceFile::open(path);
  ASSERT_TRUE(file);
  (*file)->write("after\n");
  EXPECT_EQ(read_file(path), "before\nafter\n");
}

TEST_F(TraceFileTest, ASymbolicLinkIsRefusedAndItsTargetUntouched) {
  const std::string target = directory_.write("target", "precious");
  ASSERT_EQ(symlink(target.c_str(), directory_.path("trace").c_str()), 0);
  EXPECT_THAT(why_refused(directory_.path("trace")), HasSubstr("symbolic link"));
  ASSERT_EQ(symlink(directory_.path("absent").c_str(), directory_.path("dangling").c_str()), 0);
  EXPECT_THAT(why_refused(directory_.path("dangling")), HasSubstr("symbolic link"));
  EXPECT_EQ(access(directory_.path("absent").c_str(), F_OK), -1);
  EXPECT_EQ(read_file(target), "precious");
}

TEST_F(TraceFileTest, ASecondLinkIsRefused) {
  const std::string target = directory_.write("target", "precious");
  ASSERT_EQ(link(target.c_str(), directory_.path("trace").c_str()), 0);
  EXPECT_THAT(why_refused(directory_.path("trace")), HasSubstr("2 links"));
}

TEST_F(TraceFileTest, WhatIsNoRegularFileIsRefused) {
  ASSERT_EQ(mkfifo(directory_.path("fifo").c_str(), 0600), 0);
  EXPECT_NE(why_refused(directory_.path("fifo")), "");
  EXPECT_NE(why_refused(directory_.path()), "");
  EXPECT_THAT(why_refused("/dev/null"), HasSubstr("not a regular file"));
}

TEST_F(TraceFileTest, AnotherUsersFileIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = directory_.write("trace", "");
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  EXPECT_THAT(why_refused(path), HasSubstr("belongs to user 65534"));
}

TEST_F(TraceFileTest, ADescriptorThatWasTakenOverIsNotWrittenTo) {
  const std::string path = directory_.path("trace");
  const auto file = trace::TraceFile::open(path);
  ASSERT_TRUE(file);
  const std::string victim = directory_.write("victim", "");
  const int other = open(victim.c_str(), O_WRONLY | O_CLOEXEC);
  // What a daemon does that closes all descriptors and then opens its own.
  int taken = -1;
  for (int number = other - 1; number > 2 && taken < 0; --number) {
    struct stat status{};
    struct stat traced{};
    if (fstat(number, &status) == 0 && stat(path.c_str(), &traced) == 0 && status.st_ino == traced.st_ino)
      taken = number;
  }
  ASSERT_GT(taken, 2);
  ASSERT_EQ(dup2(other, taken), taken);
  (*file)->write("secret-free but misplaced\n");
  EXPECT_EQ(read_file(victim), "");
  close(other);
}

// OPENSSPI_TRACE is read at the first use of a process, so each of these runs anew in a process of its own.
class TraceOfEnvironment : public TraceFileTest {
 protected:
  TraceOfEnvironment() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

bool is_whole(const std::string& line) {
  return has_head(line) && std::count(line.begin(), line.end(), line.back()) == 200;
}

void trace_often(char c) {
  for (int i = 0; i < 250; ++i) trace::line("NTLM", std::string(200, c));
}

TEST_F(TraceOfEnvironment, EachLineIsOneWrite) {
  const auto in_child = [&] {
    const std::string path = directory_.path("trace");
    setenv("OPENSSPI_TRACE", path.c_str(), 1);
    if (!trace::enabled()) leave_process(directory_, false);
    std::vector<std::thread> threads;
    for (const char c : {'a', 'b', 'c', 'd'}) threads.emplace_back(trace_often, c);
    for (std::thread& thread : threads) thread.join();
    const pid_t grandchild = fork();
    trace_often(grandchild == 0 ? 'y' : 'z');
    if (grandchild == 0) _exit(0);
    int status = 1;
    waitpid(grandchild, &status, 0);
    const auto lines = lines_of(path);
    leave_process(directory_, status == 0 && lines.size() == 1500 && std::ranges::all_of(lines, is_whole));
  };
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "");
}

TEST_F(TraceOfEnvironment, ARefusedFileIsSaidOnStderrAndNotWritten) {
  const auto in_child = [&] {
    const std::string target = directory_.write("target", "precious");
    const bool linked = symlink(target.c_str(), directory_.path("trace").c_str()) == 0;
    setenv("OPENSSPI_TRACE", directory_.path("trace").c_str(), 1);
    trace::line("NTLM", "lost");
    leave_process(directory_, linked && !trace::enabled() && read_file(target) == "precious");
  };
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "OPENSSPI_TRACE.*symbolic link");
}

TEST_F(TraceOfEnvironment, IsOffWithoutTheVariable) {
  const auto in_child = [&] {
    unsetenv("OPENSSPI_TRACE");
    leave_process(directory_, !trace::enabled());
  };
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opensspi
