// One end of a log-on by hand: tokens in base64, one a line.
#pragma once

#include <iosfwd>
#include <string_view>

#include "opensspi/sspi.hpp"

namespace sspi {

// Where a conversation takes its lines from and where it writes: the lines "token BASE64" and "result" to `tokens`,
// all words for people to `words`.
struct Streams {
  std::istream& in;
  std::ostream& tokens;
  std::ostream& words;
};

// Exchanges tokens until the context is established or fails, and tells how it ended. Returns the exit status.
int converse(opensspi::Context& context, Streams streams);

}  // namespace sspi
