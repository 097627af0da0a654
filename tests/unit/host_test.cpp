#include "base/host.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/host_names.hpp"
#include "base/text.hpp"

namespace opensspi {
namespace {

using Draw = std::array<std::uint8_t, 16>;

Draw draw() {
  Draw out{};
  system_host().random(out);
  return out;
}

// Draws once in a forked child.
Draw draw_in_child() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Draw mine = draw();
    _exit(write(ends[1], mine.data(), mine.size()) == static_cast<ssize_t>(mine.size()) ? 0 : 1);
  }
  Draw theirs{};
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
  close(ends[0]);
  close(ends[1]);
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return theirs;
}

TEST(SystemHostRandom, NoTwoDrawsAreAlike) {
  std::set<Draw> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(draw()).second);
}

TEST(SystemHostRandom, AForkedChildDrawsItsOwn) {
  std::set<Draw> seen{draw()};
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(seen.insert(draw_in_child()).second) << "two children, or child and parent, drew the same";
    EXPECT_TRUE(seen.insert(draw()).second);
  }
}

TEST(SystemHostRandom, ThreadsDrawTheirOwn) {
  std::vector<std::vector<Draw>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 500; ++i) mine.push_back(draw());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<Draw> seen;
  for (const auto& mine : drawn) {
    for (const Draw& one : mine) EXPECT_TRUE(seen.insert(one).second);
  }
}

TEST(SystemHostRandom, FillsAnyLength) {
  system_host().random({});
  std::vector<std::uint8_t> large(100'000, 0);  // more than the kernel gives without a chance of interruption
  system_host().random(large);
  EXPECT_LT(std::count(large.end() - 1000, large.end(), 0), 100);
}

TEST(SystemHostNow, IsTheClockInIntervalsSince1601) {
  // Not time(), which may still say the second before.
  const auto clock = [] {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return to_filetime(time.tv_sec, time.tv_nsec);
  };
  const FileTime before = clock(), now = system_host().now(), after = clock();
  EXPECT_GE(now, before);
  EXPECT_LE(now, after);
}

TEST(SystemHostNames, AreWellFormed) {
  const HostNames& names = system_host().names();
  EXPECT_FALSE(names.netbios_computer.empty());
  EXPECT_LE(names.netbios_computer.size(), 15U);
  EXPECT_EQ(names.netbios_computer, upcase(names.netbios_computer));
  EXPECT_FALSE(names.netbios_domain.empty());
  EXPECT_FALSE(names.dns_computer.empty());
}

TEST(HostNames, AStandaloneHostIsItsOwnDomain) {
  // As a Windows 7 outside of any domain gives them.
  const HostNames names = host_names({}, "WIN7");
  EXPECT_EQ(names.netbios_computer, u"WIN7");
  EXPECT_EQ(names.netbios_domain, u"WIN7");
  EXPECT_EQ(names.dns_computer, u"win7");
  EXPECT_EQ(names.dns_domain, u"win7");
  EXPECT_EQ(names.dns_tree, u"");
  EXPECT_FALSE(names.domain_member);
}

TEST(HostNames, AFullNameIsSplitAtItsFirstDot) {
  const HostNames names = host_names({}, "Build-Server-Number-7.lab.Example.com");
  EXPECT_EQ(names.netbios_computer, u"BUILD-SERVER-NU");
  EXPECT_EQ(names.netbios_domain, u"BUILD-SERVER-NU");
  EXPECT_EQ(names.dns_computer, u"build-server-number-7.lab.example.com");
  EXPECT_EQ(names.dns_domain, u"lab.example.com");
}

TEST(HostNames, TheConfigurationComesFirst) {
  Configuration configuration;
  configuration.netbios_name = "web1";
  configuration.netbios_domain = "example";
  configuration.dns_name = "Web1.example.com";
  configuration.dns_domain = "corp.example.com";
  configuration.dns_tree = "example.com";
  configuration.domain_member = true;
  const HostNames names = host_names(configuration, "machine");
  EXPECT_EQ(names.netbios_computer, u"WEB1");
  EXPECT_EQ(names.netbios_domain, u"EXAMPLE");
  EXPECT_EQ(names.dns_computer, u"web1.example.com");
  EXPECT_EQ(names.dns_domain, u"corp.example.com");
  EXPECT_EQ(names.dns_tree, u"example.com");
  EXPECT_TRUE(names.domain_member);
}

TEST(HostNames, ANetbiosNameComesFromTheConfiguredDnsName) {
  Configuration configuration;
  configuration.dns_name = "web1.example.com";
  EXPECT_EQ(host_names(configuration, "machine").netbios_computer, u"WEB1");
}

TEST(HostNames, ANameThatIsNoneBecomesLocalhost) {
  for (const char* machine : {"", ".example.com", "a\\b", "a b", "\xFF", "a@b", "a\nb"}) {
    const HostNames names = host_names({}, machine);
    EXPECT_EQ(names.netbios_computer, u"LOCALHOST") << machine;
    EXPECT_EQ(names.dns_computer, u"localhost") << machine;
  }
}

}  // namespace
}  // namespace opensspi
