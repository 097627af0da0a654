// Properties of certificates: what stands beside them in a store.
#pragma once

#include "opensspi/schannel.h"
#include "tcl_api.hpp"

namespace twapi {

// The number for a property's name, or a number itself.
int get_property_id(Tcl_Interp* interp, Tcl_Obj* value, DWORD& id);

}  // namespace twapi
