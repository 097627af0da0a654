// The lines of an account file: what all of its formats share.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace opensspi::accounts {

// Says what is wrong with a line, never with its secrets; empty where it was taken.
using TakeLine = std::function<std::string(std::string_view line, std::size_t number)>;

// Hands over each line but the empty ones and those that begin with "#". SEC_E_INVALID_PARAMETER with the number of the
// first bad line: one that `take` refuses, ill-formed UTF-8, a carriage return at its end, a NUL, a byte order mark.
Result<void> for_each_line(std::string_view text, std::string_view path, const TakeLine& take);

// The number of a line in a message.
std::string defined_before(std::size_t line);

// What is wrong with a user's or domain's name; empty where it is right. An empty one is for the caller to judge.
std::string wrong_name(std::string_view name, const char* what);

}  // namespace opensspi::accounts
