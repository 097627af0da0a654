// One account source in many threads, while its file is replaced.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "accounts/file_source.hpp"
#include "support/fixed_host.hpp"
#include "support/logon.hpp"
#include "support/temporary_directory.hpp"

namespace opensspi::accounts {
namespace {

using testing::ntlm_v2_logon;
using namespace std::chrono_literals;

TEST(FileSourceThreads, ServesThemWhileItsFileIsReplaced) {
  const testing::TemporaryDirectory directory;
  const testing::FixedHost host;
  const std::string path = directory.write("accounts", ":alice:first\n:bob:fixed\n");
  const auto opened = FileSource::open(kPlainFormat, path, host.names(), 0ns);
  ASSERT_TRUE(opened) << opened.error().detail;
  const auto& source = *opened;
  std::atomic<bool> stop{false};
  std::atomic<int> verified{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto good = ntlm_v2_logon(u"bob", u"", u"fixed");
      const auto bad = ntlm_v2_logon(u"bob", u"", u"guessed");
      while (!stop) {
        if (!source->verify(good.request()) || source->verify(bad.request())) ++wrong;
        ++verified;
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    directory.write("new", ":alice:" + std::to_string(i) + "\n:bob:fixed\n");
    std::filesystem::rename(directory.path("new"), path);
    std::this_thread::sleep_for(2ms);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(verified, 0);
}

}  // namespace
}  // namespace opensspi::accounts
