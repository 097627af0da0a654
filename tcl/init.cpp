// Package twapi_crypto: what `load` calls.
#include <new>
#include <string>
#include <string_view>

#include "commands.hpp"
#include "errors.hpp"

namespace twapi {
namespace {

constexpr const char* kNamespace = "::twapi";
constexpr const char* kAssociation = "twapi_crypto";

// What a command's clientData points to.
struct Bound {
  InterpState* state;
  const CommandEntry* entry;
};

int run_command(void* data, Tcl_Interp* interp, int count, Tcl_Obj* const* words) noexcept {
  const auto& bound = *static_cast<const Bound*>(data);
  const CommandEntry& entry = *bound.entry;
  if (count < entry.min_words || (entry.max_words >= 0 && count > entry.max_words)) {
    Tcl_WrongNumArgs(interp, 1, words, entry.usage);
    return TCL_ERROR;
  }
  try {
    return entry.run(*bound.state, {words, static_cast<std::size_t>(count)});
  } catch (const std::bad_alloc&) {
    return set_status_error(interp, SEC_E_INSUFFICIENT_MEMORY);
  }
}

void delete_bound(void* data) { delete static_cast<Bound*>(data); }

// The commands are gone by now: a namespace ends before the data of its interpreter.
void delete_state(void* data, Tcl_Interp* /*interp*/) { delete static_cast<InterpState*>(data); }

void create_commands(InterpState& state, CommandGroup group) {
  for (const CommandEntry& entry : group) {
    const std::string name = std::string(kNamespace) + "::" + entry.name;
    Tcl_CreateObjCommand(state.interp, name.c_str(), &run_command, new Bound{&state, &entry}, &delete_bound);
  }
}

int initialize(Tcl_Interp* interp) {
  auto* state = new InterpState(interp);
  Tcl_SetAssocData(interp, kAssociation, &delete_state, state);
  Tcl_Namespace* twapi = Tcl_FindNamespace(interp, kNamespace, nullptr, TCL_GLOBAL_ONLY);
  if (twapi == nullptr) twapi = Tcl_CreateNamespace(interp, kNamespace, nullptr, nullptr);
  if (twapi == nullptr) return TCL_ERROR;
  for (const CommandGroup group :
       {package_commands(), credential_commands(), schannel_commands(), context_commands(), query_commands(),
        message_commands(), stream_commands(), conceal_commands(), account_commands(), diagnostic_commands(),
        cert_open_commands(), cert_contents_commands(), cert_export_commands(), cert_name_commands(),
        cert_info_commands(), cert_property_commands(), cert_create_commands(), cert_verify_commands(),
        tls_commands()}) {
    create_commands(*state, group);
    for (const CommandEntry& entry : group) {
      const bool own = std::string_view(entry.name).find("::") != std::string_view::npos;  // not for scripts
      if (!own) Tcl_Export(interp, twapi, entry.name, 0);
    }
  }
  return Tcl_PkgProvide(interp, "twapi_crypto", "5.0");
}

}  // namespace
}  // namespace twapi

#ifdef _WIN32
#define TWAPI_EXPORT extern "C" __declspec(dllexport)
#else
#define TWAPI_EXPORT extern "C" __attribute__((visibility("default")))
#endif

// There is no SafeInit: a safe interpreter has no business with credentials.
TWAPI_EXPORT int Twapi_crypto_Init(Tcl_Interp* interp) {
  if (Tcl_InitStubs(interp, "8.6-", 0) == nullptr) return TCL_ERROR;
  if (Tcl_GetAssocData(interp, twapi::kAssociation, nullptr) != nullptr) return TCL_OK;
  return twapi::initialize(interp);
}
