// Trace: lines for the owner of the process, to the file of OPENSSPI_TRACE and to a function.
//
// Lengths, flags and names; never the content of keys, responses, passwords or encrypted keys. The file is made with
// mode 0600 and refused (with one line on stderr) where it is a symbolic link, not a regular file, has several links or
// belongs to another user.
#pragma once

#include <string>
#include <string_view>

namespace opensspi::trace {

// True where somebody listens; cheap enough to guard the making of each line.
bool enabled();

// One line "TIME [thread] package: text"; newlines in the text become further lines of the same head, other control
// characters are written as \xNN. Names that a peer chose go through printable() first.
void line(std::string_view package, std::string_view text);

// The text with its control characters, newlines too, as \xNN: a peer's name cannot pass for a line of its own.
std::string printable(std::string_view text);

using Function = void (*)(void* context, const char* line);

// Replaces the function; nullptr ends it. On return no call to an earlier one runs. Called from within the function it
// does not wait, since it would wait for itself; lines that the function causes are not handed to it.
void set_function(Function function, void* context);

}  // namespace opensspi::trace
