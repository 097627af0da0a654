// The command line tool `sspi`: what is offered, what a status means, and one end of a log-on by hand.
#include <algorithm>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "commands.hpp"

namespace sspi {
namespace {

constexpr const Command* kCommands[] = {&kPackagesCommand, &kStatusCommand, &kClientCommand, &kServerCommand};

std::string usage() {
  std::string text =
      "usage: sspi COMMAND [OPTIONS]      (sspi COMMAND --help tells more)\n"
      "\n";
  for (const Command* command : kCommands) {
    text += "  " + std::string(command->name) + std::string(11 - command->name.size(), ' ') +
            std::string(command->summary) + '\n';
  }
  return text +
         "\n"
         "Exit status: 0 success, 1 failure (a log-on was refused, a status is not known), 2 wrong usage.\n";
}

bool is_help(std::string_view word) { return word == "--help" || word == "-h"; }

int run(Words words) {
  if (words.empty()) {
    std::cerr << usage();
    return kUsage;
  }
  const bool helps = is_help(words[0]) || words[0] == "help";
  if (helps && words.size() == 1) {
    std::cout << usage();
    return kSuccess;
  }
  if (helps) words = words.subspan(1);  // sspi help COMMAND
  const auto command = std::ranges::find(kCommands, words[0], [](const Command* c) { return c->name; });
  if (command == std::end(kCommands)) {
    std::cerr << "sspi: there is no command '" << words[0] << "'\n" << usage();
    return kUsage;
  }
  if (helps || std::ranges::any_of(words.subspan(1), is_help)) {
    std::cout << (*command)->help;
    return kSuccess;
  }
  return (*command)->run(words.subspan(1));
}

}  // namespace
}  // namespace sspi

int main(int count, char** words) {
  try {
    const std::vector<std::string_view> all(words + std::min(count, 1), words + count);
    const int status = sspi::run(all);
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "sspi: the output could not be written\n";
      return sspi::kFailure;
    }
    return status;
  } catch (const std::exception& error) {
    std::cerr << "sspi: " << error.what() << '\n';
    return sspi::kFailure;
  }
}
