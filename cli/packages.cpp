// sspi packages.
#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "failure.hpp"
#include "options.hpp"
#include "text.hpp"

namespace sspi {
namespace {

std::vector<std::string> capability_words(ULONG bits) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < opensspi::kCapabilityNames.size(); ++i) {
    const ULONG bit = ULONG{1} << i;
    if ((bits & bit) != 0) words.emplace_back(opensspi::kCapabilityNames[i]);
    bits &= ~bit;
  }
  if (bits != 0) words.push_back(hex32(bits));
  return words;
}

std::string rpc_id(const opensspi::PackageInfo& info) {
  return info.rpc_id == SECPKG_ID_NONE ? "-" : std::to_string(info.rpc_id);
}

int run_packages(Words words) {
  if (!Options::parse("packages", {}, words)) return kUsage;
  const auto packages = opensspi::packages();
  if (!packages) return tell_failure(std::cerr, packages.error());
  std::vector<std::vector<std::string>> rows{{"PACKAGE", "RPC ID", "MAX TOKEN", "COMMENT"}};
  for (const auto& info : *packages) {
    rows.push_back({opensspi::to_utf8(info.name), rpc_id(info), std::to_string(info.max_token_bytes),
                    opensspi::to_utf8(info.comment)});
  }
  std::cout << table(rows);
  for (const auto& info : *packages) {
    std::cout << '\n' << opensspi::to_utf8(info.name) << ", capabilities " << hex32(info.capabilities) << ":\n";
    for (const std::string& line : wrapped(capability_words(info.capabilities), 90)) std::cout << "  " << line << '\n';
  }
  return kSuccess;
}

}  // namespace

constinit const Command kPackagesCommand{
    "packages", "the security packages that this host offers",
    "usage: sspi packages\n"
    "\n"
    "Prints a table of the security packages: name, number in DCE RPC, bytes of the largest token and comment, then\n"
    "what each can do (the flags SECPKG_FLAG_x, in the words of the Tcl command sspi_enumerate_packages).\n",
    &run_packages};

}  // namespace sspi
