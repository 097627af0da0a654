#include "child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace capi {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string own_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return {path.data(), size < 0 ? 0U : static_cast<std::size_t>(size)};
}

// Earlier entries win with getenv: the added ones stand first.
std::vector<std::string> with_own_environment(std::vector<std::string> added) {
  for (char** at = environ; *at != nullptr; ++at) added.emplace_back(*at);
  return added;
}

std::string read_all(int descriptor) {
  std::string all;
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = read(descriptor, piece.data(), piece.size())) > 0;) {
    all.append(piece.data(), static_cast<std::size_t>(size));
  }
  return all;
}

}  // namespace

Ended run_test(const std::string& full_name, std::vector<std::string> environment) {
  std::vector<std::string> arguments = {own_path(), "--gtest_filter=" + full_name, "--gtest_also_run_disabled_tests"};
  std::vector<std::string> variables = with_own_environment(std::move(environment));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, arguments[0].c_str(), &actions, nullptr, pointers(arguments).data(),
                                 pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Ended ended;
  ended.output = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  if (failed == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

}  // namespace capi
