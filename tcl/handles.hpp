// Handles of certificates, stores and chains: {ADDRESS TAG}, registered, so that a stale or invented one is refused
// before anything is dereferenced. `NULL` and 0 are the null handle.
//
// Each registration holds one reference of the system's and belongs to the interpreter that made it, which gives back
// what a script did not release. Threads may pass handles to each other.
#pragma once

#include <memory>

#include "opensspi/schannel.h"
#include "state.hpp"
#include "tcl_api.hpp"

namespace twapi {

struct CertificateDeleter {
  void operator()(PCCERT_CONTEXT certificate) const noexcept { CertFreeCertificateContext(certificate); }
};
struct StoreDeleter {
  void operator()(HCERTSTORE store) const noexcept { CertCloseStore(store, 0); }
};
struct ChainDeleter {
  void operator()(PCCERT_CHAIN_CONTEXT chain) const noexcept { CertFreeCertificateChain(chain); }
};
using CertificateRef = std::unique_ptr<const CERT_CONTEXT, CertificateDeleter>;
using StoreRef = std::unique_ptr<void, StoreDeleter>;
using ChainRef = std::unique_ptr<const CERT_CHAIN_CONTEXT, ChainDeleter>;

// The value for an object whose reference the registry takes over.
Tcl_Obj* new_handle(InterpState& state, CertificateRef certificate);
Tcl_Obj* new_handle(InterpState& state, StoreRef store);
Tcl_Obj* new_handle(InterpState& state, ChainRef chain);

// What a handle stands for, with a reference of the caller's own, so that a release in another thread does no harm.
// TCL_ERROR with the error for what is no handle, has another tag, was released, or is null.
int get_certificate(Tcl_Interp* interp, Tcl_Obj* value, CertificateRef& certificate);
int get_store(Tcl_Interp* interp, Tcl_Obj* value, StoreRef& store);
int get_chain(Tcl_Interp* interp, Tcl_Obj* value, ChainRef& chain);

// As these; the null handle is taken as well.
int get_certificate_or_null(Tcl_Interp* interp, Tcl_Obj* value, CertificateRef& certificate);
int get_store_or_null(Tcl_Interp* interp, Tcl_Obj* value, StoreRef& store);

// Ends one registration; what it held is the caller's. The errors are those of get_x.
int release_certificate(InterpState& state, Tcl_Obj* value, CertificateRef& certificate);
int release_store(InterpState& state, Tcl_Obj* value, StoreRef& store);
int release_chain(InterpState& state, Tcl_Obj* value, ChainRef& chain);

// Gives back all that the interpreter registered.
void release_handles_of(const InterpState& state);

}  // namespace twapi
