// Credentials of the TLS packages, as a script passes them about.
#pragma once

#include "opensspi/sspi.hpp"
#include "state.hpp"

namespace twapi {

inline constexpr std::u16string_view kUnifiedProvider = u"Microsoft Unified Security Protocol Provider";

// Acquires with what sspi_schannel_credentials returned. The handles in it are checked here.
int acquire_schannel(InterpState& state, std::u16string_view package, opensspi::Use use, std::u16string_view principal,
                     Tcl_Obj* credentials, opensspi::Credential& credential);

}  // namespace twapi
