// CryptProtectMemory and CryptUnprotectMemory.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "opensspi/dpapi.h"
#include "opensspi/extra.h"

namespace {

std::string protect(std::string data) {
  EXPECT_NE(CryptProtectMemory(data.data(), static_cast<DWORD>(data.size()), CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
  return data;
}

std::string unprotect(std::string data) {
  EXPECT_NE(CryptUnprotectMemory(data.data(), static_cast<DWORD>(data.size()), CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
  return data;
}

TEST(ProtectMemory, is_undone_for_any_number_of_blocks) {
  for (const std::size_t blocks : {1U, 2U, 3U, 4U, 5U, 100U, 4096U}) {
    const std::string data(16 * blocks, 'x');
    const std::string hidden = protect(data);
    EXPECT_EQ(hidden.find("xxxxxxxx"), std::string::npos);  // three in a row come by chance at times
    EXPECT_EQ(unprotect(hidden), data);
  }
}

TEST(ProtectMemory, equal_blocks_do_not_look_equal) {
  const std::string hidden = protect(std::string(64, 'x'));
  for (std::size_t i = 0; i < 64; i += 16) {
    for (std::size_t j = i + 16; j < 64; j += 16) EXPECT_NE(hidden.substr(i, 16), hidden.substr(j, 16));
  }
}

TEST(ProtectMemory, a_changed_byte_spoils_the_end) {
  const std::string data(80, 'x');
  const std::string hidden = protect(data);
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    std::string changed = hidden;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(unprotect(changed).substr(64), data.substr(64)) << "byte " << i;
  }
}

TEST(ProtectMemory, refuses_what_it_cannot_do_and_leaves_the_data) {
  std::string data(15, 'x');
  EXPECT_EQ(CryptProtectMemory(data.data(), 15, CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
  EXPECT_EQ(data, std::string(15, 'x'));
  EXPECT_EQ(CryptProtectMemory(nullptr, 16, CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
  EXPECT_EQ(CryptUnprotectMemory(nullptr, 16, CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
  data.push_back('x');
  EXPECT_EQ(CryptProtectMemory(data.data(), 16, CRYPTPROTECTMEMORY_CROSS_PROCESS), 0);
  EXPECT_EQ(data, std::string(16, 'x'));
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(failure.Status, SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_NE(CryptProtectMemory(data.data(), 0, CRYPTPROTECTMEMORY_SAME_PROCESS), 0);
}

TEST(ProtectMemory, a_child_of_fork_reveals_what_it_inherited) {
  const std::string data = "sixteen letters.";
  std::string hidden = protect(data);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool good = CryptUnprotectMemory(hidden.data(), 16, CRYPTPROTECTMEMORY_SAME_PROCESS) != 0 && hidden == data;
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
