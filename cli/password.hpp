// Passwords come from files or standard input, never from the command line, which every user of a host can read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sspi {

// The first line of the file, or of standard input for "-", without its end. None, told on stderr, where it cannot be
// read, is not UTF-8, or others than its owner may read it. The caller wipes it.
std::optional<std::u16string> read_password(std::string_view path);

}  // namespace sspi
