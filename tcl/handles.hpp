// Handles of certificates and stores: {ADDRESS TAG}, registered, so that a stale or invented one is refused before
// anything is dereferenced. `NULL` and 0 are the null handle.
#pragma once

#include "tcl_api.hpp"

namespace twapi {

inline constexpr const char* kCertificate = "PCCERT_CONTEXT";
inline constexpr const char* kStore = "HCERTSTORE";

// The value for a pointer, which is registered once more.
Tcl_Obj* new_pointer(void* pointer, const char* tag);

// TCL_ERROR with the error for what is no handle, has another tag, was released, or (the first function) is null.
int get_pointer(Tcl_Interp* interp, Tcl_Obj* value, const char* tag, void*& pointer);
int get_pointer_or_null(Tcl_Interp* interp, Tcl_Obj* value, const char* tag, void*& pointer);

}  // namespace twapi
