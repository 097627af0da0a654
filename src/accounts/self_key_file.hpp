// The making of the same-user account's key file: whole or not at all, however many processes try at once.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/safe_file.hpp"

namespace opensspi::accounts {

inline constexpr const char* kSelfKeyFile = "self.key";

// How a file comes by its name; tests take the later ones, which file systems without the first need.
enum class KeyFileMaking { unnamed_file, rename_without_replacing, link_and_unlink };

// Makes self.key of 32 random bytes, mode 0600, in the directory; success too where another process made it first.
// `path` stands in messages. SEC_E_NO_CREDENTIALS with the step that failed.
Result<void> make_self_key_file(const Descriptor& directory, const std::string& path,
                                KeyFileMaking first = KeyFileMaking::unnamed_file);

}  // namespace opensspi::accounts
