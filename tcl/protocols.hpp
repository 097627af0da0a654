// Application protocols, as ALPN has them.
#pragma once

#include "values.hpp"

namespace twapi {

// SEC_APPLICATION_PROTOCOLS for a list of names, which may be nullptr; empty for none.
int encode_protocols(Tcl_Interp* interp, Tcl_Obj* list, ByteVector& encoded);

}  // namespace twapi
