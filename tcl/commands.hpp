// The commands, in groups of one file each.
#pragma once

#include "state.hpp"
#include "tcl_api.hpp"

namespace twapi {

// `words` includes the command's own name.
using Command = int (*)(InterpState& state, Objects words);

struct CommandEntry {
  const char* name;
  Command run;
  int min_words, max_words;  // -1: no limit
  const char* usage;         // the formal arguments, for "wrong # args"
};

using CommandGroup = std::span<const CommandEntry>;

CommandGroup package_commands();
CommandGroup credential_commands();
CommandGroup schannel_commands();
CommandGroup context_commands();
CommandGroup query_commands();
CommandGroup message_commands();
CommandGroup stream_commands();
CommandGroup conceal_commands();
CommandGroup account_commands();
CommandGroup diagnostic_commands();
CommandGroup cert_open_commands();
CommandGroup cert_contents_commands();
CommandGroup cert_export_commands();
CommandGroup cert_name_commands();
CommandGroup cert_info_commands();
CommandGroup cert_property_commands();
CommandGroup cert_create_commands();
CommandGroup cert_verify_commands();
CommandGroup tls_commands();

}  // namespace twapi
