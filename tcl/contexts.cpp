// Contexts: from the first token to the last, and their end.
#include "commands.hpp"
#include "context_options.hpp"
#include "errors.hpp"
#include "opensspi/schannel.h"
#include "protocols.hpp"

namespace twapi {
namespace {

using opensspi::Requirements;
using opensspi::Role;
using ContextReference =
    std::unique_ptr<ContextState, decltype([](ContextState* context) { context->drop_reference(); })>;

// ---- Options. ----

template <const auto& kTable>
int common_requirements(Tcl_Interp* interp, const Options<std::size(kTable)>& options, Requirements& requirements) {
  requirements.flags = options.flags();
  if (options.number(place(kTable, "-datarep"), 0) == 1) requirements.data_representation = SECURITY_NATIVE_DREP;
  Bytes bindings;
  const OptionValue& given = options[place(kTable, "-channelbindings")];
  if (given.object != nullptr && !get_bytes(interp, given.object, bindings)) return TCL_ERROR;
  requirements.channel_bindings.assign(bindings.begin(), bindings.end());
  return encode_protocols(interp, options[place(kTable, "-alpn")].object, requirements.application_protocols);
}

int client_requirements(Tcl_Interp* interp, Objects words, Requirements& requirements) {
  Options options(kClientContextOptions);
  if (options.parse(interp, words) != TCL_OK) return TCL_ERROR;
  const OptionValue& target = options[place(kClientContextOptions, "-target")];
  if (target.object != nullptr) requirements.target = utf16_of(target.object);
  return common_requirements<kClientContextOptions>(interp, options, requirements);
}

int apply_binding_policy(Tcl_Interp* interp, BindingPolicy policy, Requirements& requirements) {
  switch (policy) {
    case BindingPolicy::off:
      requirements.channel_bindings.clear();
      return TCL_OK;
    case BindingPolicy::allow_missing:
      requirements.flags |= ASC_REQ_ALLOW_MISSING_BINDINGS;
      return TCL_OK;
    case BindingPolicy::require:
      break;
  }
  if (!requirements.channel_bindings.empty()) return TCL_OK;
  return set_argument_error(interp, "Option -bindingpolicy require needs the bindings: give -channelbindings too");
}

int server_requirements(Tcl_Interp* interp, Objects words, Requirements& requirements) {
  Options options(kServerContextOptions);
  if (options.parse(interp, words) != TCL_OK) return TCL_ERROR;
  if (common_requirements<kServerContextOptions>(interp, options, requirements) != TCL_OK) return TCL_ERROR;
  const OptionValue& policy = options[place(kServerContextOptions, "-bindingpolicy")];
  if (policy.object == nullptr) return TCL_OK;
  return apply_binding_policy(interp, static_cast<BindingPolicy>(policy.number), requirements);
}

// ---- Steps. ----

// A script that a step calls must not use the context of the step.
class Busy {
 public:
  explicit Busy(ContextState& context) : context_(context) { context_.busy = true; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { context_.busy = false; }

 private:
  ContextState& context_;
};

void keep_last(ByteVector& bytes, std::size_t count) {
  bytes.erase(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(count));
}

int fail_step(Tcl_Interp* interp, ContextState& context, const opensspi::Error& error) {
  context.phase = Phase::failed;
  context.failure = error.status;
  context.input.clear();
  set_step_error(interp, error);
  if (context.context.role() == Role::client) add_reason(interp, reason_of(error));
  return TCL_ERROR;
}

// The server asks for a certificate that the credentials lack: once, none is sent.
int answer_without_certificate(Tcl_Interp* interp, ContextState& context) {
  if ((context.context.required_flags() & ISC_REQ_USE_SUPPLIED_CREDS) == 0) {
    context.context.add_flags(ISC_REQ_USE_SUPPLIED_CREDS);
    return TCL_OK;
  }
  context.phase = Phase::failed;
  context.failure = SEC_I_INCOMPLETE_CREDENTIALS;
  const char* message = "The server insists on a client certificate and the credentials have none.";
  Tcl_SetErrorCode(interp, "TWAPI", "SSPI", "UNSUPPORTED", message, nullptr);
  return set_message(interp, message);
}

// Gives the provider what is there; `again`: and what it left is to be given at once.
int feed(Tcl_Interp* interp, ContextState& context, bool& again) {
  again = false;
  context.sizes.reset();  // until the log-on is done they may change
  context.stream_sizes.reset();
  auto step = [&] {
    const Busy busy(context);
    return context.context.step(context.input);
  }();
  if (!step) return fail_step(interp, context, step.error());
  const Bytes token = step->token.bytes();
  context.output.insert(context.output.end(), token.begin(), token.end());
  switch (step->status) {
    case SEC_E_INCOMPLETE_MESSAGE:
      return TCL_OK;
    case SEC_I_INCOMPLETE_CREDENTIALS:
      again = true;
      return answer_without_certificate(interp, context);
    case SEC_I_CONTEXT_EXPIRED:
      context.phase = Phase::disconnected;
      context.input.clear();
      return TCL_OK;
    case SEC_E_OK:
      context.phase = Phase::established;
      keep_last(context.input, step->extra_bytes);
      return TCL_OK;
    default:
      again = step->extra_bytes != 0 && step->extra_bytes < context.input.size();
      keep_last(context.input, step->extra_bytes);
      return TCL_OK;
  }
}

int advance(Tcl_Interp* interp, ContextState& context) {
  bool again = true;
  while (again) {
    if (feed(interp, context, again) != TCL_OK) return TCL_ERROR;
  }
  return TCL_OK;
}

Tcl_Obj* take(ByteVector& bytes) {
  Tcl_Obj* taken = new_bytes(bytes);
  bytes.clear();
  return taken;
}

// {STATUS OUTPUT EXTRA}.
Tcl_Obj* step_result(ContextState& context) {
  if (context.phase == Phase::established) {
    return new_list({new_text(std::string_view("done")), take(context.output), take(context.input)});
  }
  if (context.phase == Phase::disconnected) {
    return new_list({new_text(std::string_view("disconnected")), Tcl_NewObj(), Tcl_NewObj()});
  }
  return new_list({new_text(std::string_view("continue")), take(context.output), Tcl_NewObj()});
}

int step(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  Bytes received;
  if (words.size() == 3 && !get_bytes(state.interp, words[2], received)) return TCL_ERROR;
  if (context->phase == Phase::failed) return set_status_error(state.interp, context->failure);
  context->input.insert(context->input.end(), received.begin(), received.end());
  const bool due = context->phase == Phase::negotiating && !context->input.empty();
  if (due && advance(state.interp, *context) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, step_result(*context));
  return TCL_OK;
}

// ---- Beginning and end. ----

int start(InterpState& state, Role role, Tcl_Obj* credentials, Requirements&& requirements, Bytes token) {
  CredHandle handle{};
  if (!get_credential(state.interp, credentials, handle)) return TCL_ERROR;
  const ContextReference context(new ContextState(state, opensspi::Context(role, handle, std::move(requirements))));
  context->add_reference();
  CredentialInfo info = credential_info(handle);
  context->package = std::move(info.package);
  context->accounts = std::move(info.accounts);
  context->input.assign(token.begin(), token.end());
  if (advance(state.interp, *context) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, add_context(state, context.get()));
  return TCL_OK;
}

int client_context(InterpState& state, Objects words) {
  Requirements requirements;
  if (client_requirements(state.interp, words.subspan(2), requirements) != TCL_OK) return TCL_ERROR;
  return start(state, Role::client, words[1], std::move(requirements), {});
}

int server_context(InterpState& state, Objects words) {
  Requirements requirements;
  if (server_requirements(state.interp, words.subspan(3), requirements) != TCL_OK) return TCL_ERROR;
  Bytes token;
  if (!get_bytes(state.interp, words[2], token)) return TCL_ERROR;
  return start(state, Role::server, words[1], std::move(requirements), token);
}

int delete_command(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  delete_context(context);
  return TCL_OK;
}

// A script that cleans up need not know how far the log-on came.
int nothing_to_close(InterpState& state, ContextState& context) {
  if (context.phase == Phase::negotiating) context.phase = Phase::disconnected;
  context.input.clear();
  context.output.clear();
  Tcl_SetObjResult(state.interp, new_list({new_text(std::string_view("done")), Tcl_NewObj()}));
  return TCL_OK;
}

// {done BYTES} or {continue BYTES}: the close notification.
int shut_down_tls(InterpState& state, ContextState& context) {
  const std::uint32_t shutdown = SCHANNEL_SHUTDOWN;
  const auto told = context.context.control({reinterpret_cast<const std::uint8_t*>(&shutdown), sizeof shutdown});
  if (!told) {
    const bool never_open = context.phase == Phase::negotiating || context.phase == Phase::failed;
    const bool broken = told.error().status == SEC_E_CONTEXT_EXPIRED;  // by a record that was refused
    return never_open || broken ? nothing_to_close(state, context) : set_error(state.interp, told.error());
  }
  const auto last = context.context.step({});
  if (!last) return set_step_error(state.interp, last.error());
  const bool done = last->status == SEC_E_OK || last->status == SEC_I_CONTEXT_EXPIRED;
  context.phase = done ? Phase::disconnected : Phase::negotiating;
  context.input.clear();
  Tcl_SetObjResult(state.interp,
                   new_list({new_text(std::string_view(done ? "done" : "continue")), new_bytes(last->token.bytes())}));
  return TCL_OK;
}

int shutdown_context(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  return context->is_tls() ? shut_down_tls(state, *context) : TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_client_context", &client_context, 2, -1, "cred ?arg ...?"},
    {"sspi_server_context", &server_context, 3, -1, "cred clientdata ?arg ...?"},
    {"sspi_step", &step, 2, 3, "ctx ?received?"},
    {"sspi_delete_context", &delete_command, 2, 2, "ctx"},
    {"sspi_shutdown_context", &shutdown_context, 2, 2, "ctx"},
};

}  // namespace

CommandGroup context_commands() { return kCommands; }

}  // namespace twapi
