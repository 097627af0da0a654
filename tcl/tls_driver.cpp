// What Tcl calls, and the options of a TLS channel.
#include <cerrno>
#include <new>
#include <string>

#include "errors.hpp"
#include "tls_channel.hpp"

namespace twapi {
namespace {

constexpr const char* kInterpKey = "twapi_crypto";

TlsChannel& channel_of(void* instance) { return *static_cast<TlsChannel*>(instance); }

int close_proc(void* instance, Tcl_Interp* /*interp*/, int flags) noexcept { return channel_of(instance).close(flags); }

int input_proc(void* instance, char* buffer, int room, int* error) noexcept {
  try {
    return channel_of(instance).input(buffer, room, error);
  } catch (const std::bad_alloc&) {
    *error = ENOMEM;
    return -1;
  }
}

int output_proc(void* instance, const char* data, int size, int* error) noexcept {
  try {
    return channel_of(instance).output(data, size, error);
  } catch (const std::bad_alloc&) {
    *error = ENOMEM;
    return -1;
  }
}

int set_option_proc(void* instance, Tcl_Interp* interp, const char* name, const char* value) noexcept {
  return channel_of(instance).set_option(interp, name, value);
}

int get_option_proc(void* instance, Tcl_Interp* interp, const char* name, Tcl_DString* value) noexcept {
  return channel_of(instance).get_option(interp, name, value);
}

void watch_proc(void* instance, int mask) noexcept { channel_of(instance).watch(mask); }

int get_handle_proc(void* instance, int direction, void** handle) noexcept {
  return channel_of(instance).get_handle(direction, handle);
}

int block_mode_proc(void* instance, int mode) noexcept {
  return channel_of(instance).set_blocking(mode == TCL_MODE_BLOCKING);
}

void thread_action_proc(void* instance, int action) noexcept {
  if (instance != nullptr) channel_of(instance).thread_action(action);
}

constexpr const char* kReadOnly[] = {"-context", "-credentials", "-verifier"};

// Where the channel below does not know an option, the message lists its own, if it is a socket, and ours.
int bad_option(Tcl_Interp* interp, Tcl_Channel below, const char* name) {
  if (interp == nullptr) return TCL_ERROR;
  if (below != nullptr && !text_of(Tcl_GetObjResult(interp)).starts_with("bad option")) return TCL_ERROR;
  Tcl_ResetResult(interp);
  const bool is_socket = below != nullptr && std::string_view(Tcl_ChannelName(Tcl_GetChannelType(below))) == "tcp";
  return Tcl_BadChannelOption(
      interp, name,
      is_socket ? "connecting error peername sockname context credentials verifier" : "context credentials verifier");
}

bool is_read_only(std::string_view name) {
  for (const char* option : kReadOnly) {
    if (name == option) return true;
  }
  return false;
}

}  // namespace

const Tcl_ChannelType kTlsChannelType = {
    "twapitls",       TCL_CHANNEL_VERSION_5, TCL_CLOSE2PROC,   &input_proc, &output_proc,     nullptr, &set_option_proc,
    &get_option_proc, &watch_proc,           &get_handle_proc, &close_proc, &block_mode_proc, nullptr, nullptr,
    nullptr,          &thread_action_proc,   nullptr};

int TlsChannel::get_handle(int direction, void** handle) const {
  return below_ == nullptr ? TCL_ERROR : Tcl_GetChannelHandle(below_, direction, handle);
}

int TlsChannel::set_option(Tcl_Interp* interp, const char* name, const char* value) {
  if (is_read_only(name)) {
    if (interp != nullptr) set_message(interp, std::string(name) + " is a read-only option.");
    return TCL_ERROR;
  }
  if (below_ != nullptr) return Tcl_SetChannelOption(interp, below_, name, value);
  return Tcl_BadChannelOption(interp, name, "");
}

// Without a name all of them, as a list of names and values is appended.
int TlsChannel::get_option(Tcl_Interp* interp, const char* name, Tcl_DString* value) {
  const bool all = name == nullptr;
  const std::string_view wanted = all ? std::string_view() : std::string_view(name);
  auto* state = interp == nullptr ? nullptr : static_cast<InterpState*>(Tcl_GetAssocData(interp, kInterpKey, nullptr));
  const auto put_option = [&](const char* option, Tcl_Obj* content) {
    const Object owner(content);
    if (all) Tcl_DStringAppendElement(value, option);
    if (all) {
      Tcl_DStringAppendElement(value, Tcl_GetString(content));
    } else {
      Tcl_DStringAppend(value, Tcl_GetString(content), -1);
    }
  };
  if (wanted == "-error" && failure_) {
    put_option("-error", new_text(std::string_view(failure_->message)));
    return TCL_OK;
  }
  if (wanted == "-error" && end_of_below_ && !peer_closed_) {
    put_option("-error", new_text(std::string_view("The connection ended without a close notification of the peer")));
    return TCL_OK;
  }
  const bool connecting = !handshake_is_over() && parameters_.role != TlsRole::listener;
  if (wanted == "-connecting" && (connecting || below_ == nullptr)) {
    put_option("-connecting", Tcl_NewBooleanObj(connecting ? 1 : 0));
    return TCL_OK;
  }
  if (!all && !is_read_only(wanted)) {
    if (below_ != nullptr && Tcl_GetChannelOption(interp, below_, name, value) == TCL_OK) return TCL_OK;
    if (below_ == nullptr && wanted == "-error") return TCL_OK;
    return bad_option(interp, below_, name);
  }
  if (all && below_ != nullptr) {
    const Tcl_ChannelType* type = Tcl_GetChannelType(below_);
    const auto get = Tcl_ChannelGetOptionProc(type);
    if (get != nullptr && get(Tcl_GetChannelInstanceData(below_), interp, nullptr, value) != TCL_OK) return TCL_ERROR;
  }
  if (all || wanted == "-credentials") put_option("-credentials", credential_value(parameters_.credentials));
  if (all || wanted == "-verifier") put_option("-verifier", new_text(std::string_view(parameters_.verifier)));
  if (all || wanted == "-context") {
    put_option("-context", state == nullptr ? Tcl_NewObj() : context_handle(*state));
  }
  return TCL_OK;
}

}  // namespace twapi
