// Options of the commands: "--name", "--name VALUE" or "--name=VALUE", exact and each at most once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "commands.hpp"

namespace sspi {

struct Option {
  std::string_view name;   // with its dashes
  std::string_view value;  // what stands for its value in messages; empty for an option without
};

class Options {
 public:
  // Parses words that must all be options of the list. A fault is told on stderr, and nothing is returned.
  static std::optional<Options> parse(std::string_view command, std::span<const Option> known, Words words);

  bool has(std::string_view name) const { return values_.contains(name); }
  // "" where the option was not given.
  std::string_view value(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view{} : found->second;
  }

 private:
  std::map<std::string_view, std::string_view> values_;
};

// Tells on stderr what is wrong with the words of a command, and where help is. Returns kUsage.
int usage_error(std::string_view command, const std::string& what);

}  // namespace sspi
