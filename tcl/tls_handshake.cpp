#include <cerrno>

#include "errors.hpp"
#include "opensspi/extra.h"
#include "opensspi/schannel.h"
#include "tls_channel.hpp"

namespace twapi {
namespace {

constexpr std::size_t kReadBytes = 65536;

ULONG required_flags(const TlsParameters& parameters) {
  if (parameters.role == TlsRole::client) {
    ULONG flags = ISC_REQ_STREAM | ISC_REQ_CONFIDENTIALITY | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT |
                  ISC_REQ_EXTENDED_ERROR;
    if (!parameters.verifier.empty()) flags |= ISC_REQ_MANUAL_CRED_VALIDATION;
    return flags;
  }
  ULONG flags = ASC_REQ_STREAM | ASC_REQ_CONFIDENTIALITY | ASC_REQ_REPLAY_DETECT | ASC_REQ_SEQUENCE_DETECT |
                ASC_REQ_EXTENDED_ERROR;
  if (parameters.request_certificate) flags |= ASC_REQ_MUTUAL_AUTH;
  return flags;
}

// Records go out as they are written: none waits for the acknowledgement of the one before, as the first of the data
// would for that of the last token.
void send_at_once(Tcl_Channel below) {
  if (Tcl_SetChannelOption(nullptr, below, "-nodelay", "1") == TCL_OK) return;  // Tcl 9 has it
  void* handle = nullptr;
  if (std::string_view(Tcl_ChannelName(Tcl_GetChannelType(below))) != "tcp") return;
  if (Tcl_GetChannelHandle(below, TCL_WRITABLE, &handle) != TCL_OK) return;
  OpenSspiSetNoDelay(static_cast<int>(reinterpret_cast<std::intptr_t>(handle)));
}

// The result and the errorCode that a script left in an interpreter.
TlsFailure script_failure(Tcl_Interp* interp, int code) {
  const Object options(Tcl_GetReturnOptions(interp, code));
  const Object key(Tcl_NewStringObj("-errorcode", -1));
  Tcl_Obj* error_code = nullptr;
  Tcl_DictObjGet(nullptr, options.get(), key.get(), &error_code);
  return {std::string(text_of(Tcl_GetObjResult(interp))),
          error_code == nullptr ? std::string() : std::string(text_of(error_code))};
}

// The errorCode for the words of an error. A socket has those of a connection that failed, and no longer its number.
std::string posix_code(const std::string& words, int error) {
  constexpr int kMostErrors = 200;
  for (int number = 1; number < kMostErrors; ++number) {
    if (words != Tcl_ErrnoMsg(number)) continue;
    error = number;
    break;
  }
  Tcl_SetErrno(error);
  const Object list(new_list(
      {new_text(std::string_view("POSIX")), Tcl_NewStringObj(Tcl_ErrnoId(), -1), new_text(std::string_view(words))}));
  return std::string(text_of(list.get()));
}

// Calls a command prefix with more words; the interpreter is left as it was. `failure` where the command failed.
struct ScriptAnswer {
  int code = TCL_OK;
  bool truth = false;
  TlsFailure failure;
};
ScriptAnswer call_script(Tcl_Interp* interp, const std::string& prefix, std::initializer_list<Tcl_Obj*> words) {
  Tcl_Preserve(interp);
  Tcl_InterpState saved = Tcl_SaveInterpState(interp, TCL_OK);
  const Object command(new_text(std::string_view(prefix)));
  const Object more(new_list(words));
  ScriptAnswer answer;
  answer.code = Tcl_ListObjAppendList(interp, command.get(), more.get());
  if (answer.code == TCL_OK) answer.code = Tcl_EvalObjEx(interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  if (answer.code == TCL_RETURN) answer.code = TCL_OK;
  int truth = 0;
  if (answer.code == TCL_OK) answer.code = Tcl_GetBooleanFromObj(interp, Tcl_GetObjResult(interp), &truth);
  answer.truth = truth != 0;
  if (answer.code != TCL_OK) answer.failure = script_failure(interp, answer.code);
  Tcl_RestoreInterpState(interp, saved);
  Tcl_Release(interp);
  return answer;
}

}  // namespace

// ---- Failing. ----

Tcl_Obj* TlsFailure::code() const {
  return error_code.empty() ? Tcl_NewStringObj("NONE", -1) : new_text(std::string_view(error_code));
}

Tcl_Obj* TlsFailure::info() const { return new_text(std::string_view(message + reason_line(reason))); }

void TlsChannel::fail(TlsFailure failure) {
  state_ = TlsState::closed;
  if (!failure_) failure_ = std::move(failure);
  held_.clear();
  release_below();  // the peer sees it at once
  update_events();
}

void TlsChannel::fail(const opensspi::Error& error) {
  if (!error.token.empty()) write_below(error.token);
  const std::string message = error.message();
  const Object code(new_list({new_text(std::string_view("TWAPI_WIN32")), Tcl_NewWideIntObj(error.status),
                              new_text(std::string_view(message))}));
  fail(TlsFailure{message, std::string(text_of(code.get())), reason_of(error)});
}

void TlsChannel::fail_errno(const char* doing, int error) {
  Tcl_DString reason;
  Tcl_DStringInit(&reason);
  Tcl_GetChannelOption(nullptr, below_, "-error", &reason);  // why a connection did not come about
  std::string text = Tcl_DStringValue(&reason);
  Tcl_DStringFree(&reason);
  if (text.empty()) text = Tcl_ErrnoMsg(error);
  fail(TlsFailure{std::string(doing) + ": " + text, posix_code(text, error), {}, true});
}

// Nobody but the hook learns of a channel that was accepted and never came to its owner.
void TlsChannel::report_accepted_failure() {
  if (!failure_ || parameters_.accept_callback.empty() || closed()) return;
  InterpState* home = home_;
  const TlsFailure failure = *failure_;
  if (home == nullptr) return;
  Tcl_Interp* interp = home->interp;
  Tcl_Preserve(interp);
  Tcl_UnregisterChannel(interp, channel_);
  Tcl_InterpState saved = Tcl_SaveInterpState(interp, TCL_OK);
  Tcl_Obj* options = Tcl_NewDictObj();
  put(options, "-code", Tcl_NewWideIntObj(TCL_ERROR));
  put(options, "-level", Tcl_NewWideIntObj(0));
  put(options, "-errorcode", failure.code());
  put(options, "-errorinfo", failure.info());
  const Object command(new_list(
      {Tcl_NewStringObj("::twapi::tls_background_error", -1), new_text(std::string_view(failure.message)), options}));
  const int code = Tcl_EvalObjEx(interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  if (code != TCL_OK && code != TCL_RETURN) Tcl_BackgroundException(interp, code);
  Tcl_RestoreInterpState(interp, saved);
  Tcl_Release(interp);
}

// ---- Going on. ----

void TlsChannel::negotiate_in_background() {
  background_ = true;
  Tcl_SetChannelOption(nullptr, below_, "-blocking", "0");
  negotiate(false);
  update_events();
}

bool TlsChannel::start_context() {
  if (home_ == nullptr) {
    fail(TlsFailure{"The interpreter of the channel ended during TLS negotiation", {}});
    return false;
  }
  opensspi::Requirements requirements;
  requirements.target = parameters_.peer_subject;
  requirements.flags = required_flags(parameters_);
  requirements.application_protocols = parameters_.protocols;
  const auto role = parameters_.role == TlsRole::client ? opensspi::Role::client : opensspi::Role::server;
  context_ = new ContextState(*home_, opensspi::Context(role, parameters_.credentials, std::move(requirements)));
  context_->add_reference();
  context_->package = credential_info(parameters_.credentials).package;
  const Object name(add_context(*home_, context_));
  state_ = TlsState::negotiating;
  return true;
}

bool TlsChannel::negotiate(bool wait) {
  const auto self = self_;
  if (verifying_) return false;
  if (wait && background_ && below_ != nullptr) Tcl_SetChannelOption(nullptr, below_, "-blocking", "1");
  if (state_ == TlsState::client_init && start_context()) feed();
  // What starttls found in the buffers of the channel below comes first.
  if (!handshake_is_over() && !cipher_.empty() && parameters_.role == TlsRole::server) feed();
  while (!closed() && !handshake_is_over() && take_input(wait)) feed();
  if (closed()) return true;
  if (!handshake_is_over() && wait && background_) Tcl_SetChannelOption(nullptr, below_, "-blocking", "0");
  if (failure_) report_accepted_failure();
  return closed() || handshake_is_over();
}

// More from the peer behind what is left over; false where there is none, now or ever.
bool TlsChannel::take_input(bool wait) {
  Scratch scratch(kReadBytes);
  int error = 0;
  const int count = read_below(scratch.bytes(), &error);
  if (count > 0) {
    const Bytes got = scratch.bytes().first(static_cast<std::size_t>(count));
    cipher_.insert(cipher_.end(), got.begin(), got.end());
    heard_peer_ = true;
    return true;
  }
  if (count < 0 && would_block(error) && !wait) return false;
  if (count == 0) {
    fail(TlsFailure{"Unexpected EOF during TLS negotiation.", "TWAPI TLS EOF", {}, true});
  } else {
    fail_errno("TLS negotiation failed", error);
  }
  return false;
}

// Gives the provider what is there. False: the handshake is over.
bool TlsChannel::feed() {
  if (state_ == TlsState::server_init && !start_context()) return false;
  while (true) {
    opensspi::Context* native = context();
    if (native == nullptr) {
      fail(opensspi::failed(SEC_E_INVALID_HANDLE).error());  // a script deleted it
      return false;
    }
    auto step = native->step(cipher_);
    if (!step) {
      fail(step.error());
      return false;
    }
    const Bytes token = step->token.bytes();
    held_.insert(held_.end(), token.begin(), token.end());
    if (step->status == SEC_E_INCOMPLETE_MESSAGE) return true;
    if (step->status == SEC_I_INCOMPLETE_CREDENTIALS) {
      if ((native->required_flags() & ISC_REQ_USE_SUPPLIED_CREDS) != 0) {
        fail(TlsFailure{"The server insists on a client certificate and the credentials have none.",
                        "TWAPI SSPI UNSUPPORTED"});
        return false;
      }
      native->add_flags(ISC_REQ_USE_SUPPLIED_CREDS);  // go on without one
      continue;
    }
    const bool again =
        step->status == SEC_I_CONTINUE_NEEDED && step->extra_bytes != 0 && step->extra_bytes < cipher_.size();
    cipher_.erase(cipher_.begin(), cipher_.end() - static_cast<std::ptrdiff_t>(step->extra_bytes));
    if (step->status == SEC_E_OK) return finish();
    if (step->status == SEC_I_CONTEXT_EXPIRED) {
      fail(TlsFailure{"The peer ended the TLS negotiation.", "TWAPI TLS EOF"});
      return false;
    }
    const int error = write_below(std::exchange(held_, {}));
    if (error != 0) {
      fail_errno("TLS negotiation failed", error);
      return false;
    }
    if (!again) return true;
  }
}

// The provider is done. Our last token goes out when the verifier has agreed, so that a server whose client refuses it
// sees the handshake fail.
bool TlsChannel::finish() {
  context_->phase = Phase::established;
  const auto self = self_;
  if (!verify()) return false;
  if (closed()) return false;
  opensspi::Context* native = context();
  const auto sizes = native == nullptr
                         ? opensspi::Expected<SecPkgContext_StreamSizes>(opensspi::failed(SEC_E_INVALID_HANDLE))
                         : native->stream_sizes();
  if (!sizes) {
    fail(sizes.error());
    return false;
  }
  sizes_ = *sizes;
  state_ = TlsState::open;
  if (below_ != nullptr) send_at_once(below_);  // only now: a socket that connects in the background may be another
  if (deadline_ != nullptr) Tcl_DeleteTimerHandler(std::exchange(deadline_, nullptr));
  if (!cipher_.empty()) {
    Scratch scratch(cipher_.size());
    const ByteVector left = std::exchange(cipher_, {});
    const int count = decrypt_into(scratch.bytes(), left);
    if (count > 0) plain_.assign(scratch.bytes().begin(), scratch.bytes().begin() + count);
  }
  if (!parameters_.accept_callback.empty()) run_accept_callback();  // what it writes goes out with the last token
  if (closed()) return false;
  if (!held_.empty() && below_ != nullptr) write_below(std::exchange(held_, {}));
  if (background_ && below_ != nullptr) {
    background_ = false;
    set_blocking(blocking_);
  }
  update_events();
  return false;
}

bool TlsChannel::verify() {
  if (parameters_.verifier.empty()) return true;
  if (home_ == nullptr) {
    fail(TlsFailure{"The interpreter of the channel ended during TLS negotiation", {}});
    return false;
  }
  // It may wait for events, or read from the channel: neither may bring data up, or ask it a second time.
  verifying_ = true;
  update_events();
  const ScriptAnswer answer = call_script(home_->interp, parameters_.verifier,
                                          {Tcl_NewStringObj(Tcl_GetChannelName(channel_), -1), context_handle(*home_)});
  verifying_ = false;
  if (closed() || failure_) return false;
  if (answer.code == TCL_OK && answer.truth) return true;
  fail(answer.code == TCL_OK
           ? TlsFailure{"SSL/TLS negotiation failed. Verifier callback returned false.", "TWAPI TLS VERIFYFAIL"}
           : answer.failure);
  return false;
}

// As for an accepted socket: an error in the callback goes to the background and closes the channel.
void TlsChannel::run_accept_callback() {
  if (home_ == nullptr) return;
  if (background_ && blocking_) Tcl_SetChannelOption(nullptr, below_, "-blocking", "1");
  background_ = false;
  Tcl_Interp* interp = home_->interp;
  const std::string callback = std::exchange(parameters_.accept_callback, {});
  Tcl_Preserve(interp);
  Tcl_InterpState saved = Tcl_SaveInterpState(interp, TCL_OK);
  const Object command(new_text(std::string_view(callback)));
  const int code = Tcl_EvalObjEx(interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  if (code != TCL_OK && code != TCL_RETURN) {
    Tcl_BackgroundException(interp, code);
    if (!closed()) Tcl_UnregisterChannel(interp, channel_);
  }
  Tcl_RestoreInterpState(interp, saved);
  Tcl_Release(interp);
}

}  // namespace twapi
