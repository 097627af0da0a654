#include "options.hpp"

#include <algorithm>
#include <iostream>

namespace sspi {

int usage_error(std::string_view command, const std::string& what) {
  std::cerr << "sspi " << command << ": " << what << "\nTry: sspi " << command << " --help\n";
  return kUsage;
}

std::optional<Options> Options::parse(std::string_view command, std::span<const Option> known, Words words) {
  Options options;
  const auto refuse = [&](const std::string& what) -> std::optional<Options> {
    usage_error(command, what);
    return {};
  };
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    const std::string_view name = word.substr(0, word.find('='));
    const auto option = std::ranges::find(known, name, &Option::name);
    if (option == known.end()) return refuse("unknown option or word '" + std::string(word) + "'");
    std::string_view value;
    if (option->value.empty()) {
      if (name.size() != word.size()) return refuse(std::string(name) + " takes no value");
    } else if (name.size() != word.size()) {
      value = word.substr(name.size() + 1);
    } else {
      if (++at == words.size()) return refuse(std::string(name) + " needs a value: " + std::string(option->value));
      value = words[at];
    }
    if (!options.values_.emplace(option->name, value).second) return refuse(std::string(name) + " is given twice");
  }
  return options;
}

}  // namespace sspi
