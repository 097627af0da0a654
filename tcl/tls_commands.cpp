// tls_socket, starttls and what goes with them.
#include <algorithm>
#include <atomic>

#include "commands.hpp"
#include "errors.hpp"
#include "opensspi/schannel.h"
#include "options.hpp"
#include "protocols.hpp"
#include "schannel.hpp"
#include "tls_channel.hpp"

namespace twapi {
namespace {

constexpr Option kSocketOptions[] = {
    {"-myaddr", Kind::text, 0, nullptr, "as for socket: address to connect from or to listen at"},
    {"-myport", Kind::integer, 0, nullptr, "as for socket: port to connect from"},
    {"-async", Kind::toggle, 0, nullptr, "as for socket: connect and negotiate in the background"},
    {"-server", Kind::text, 0, nullptr, "as for socket: listen, and call this command for each client"},
    {"-peersubject", Kind::name, 0, nullptr, "name in the server's certificate; the host if not given"},
    {"-credentials", Kind::text, 0, nullptr, "from sspi_acquire_credentials; clients have a default"},
    {"-verifier", Kind::text, 0, nullptr, "command that is called with channel and context and says if they are good"},
    {"-socketcmd", Kind::text, 0, nullptr,
     "command that makes the socket below; that of tls_socket_command if not given"},
    {"-requestclientcert", Kind::boolean, 0, nullptr, "ask clients for a certificate"},
    {"-alpn", Kind::text, 0, nullptr, "application protocols, in order of preference"},
    kEndOfOptions};
using SocketOptions = Options<std::size(kSocketOptions)>;

constexpr Option kStartOptions[] = {
    {"-server", Kind::toggle, 0, nullptr, "this is the end of the server"},
    {"-peersubject", Kind::name, 0, nullptr, "client: name in the server's certificate"},
    {"-credentials", Kind::text, 0, nullptr, "from sspi_acquire_credentials; clients have a default"},
    {"-verifier", Kind::text, 0, nullptr, "command that is called with channel and context and says if they are good"},
    {"-requestclientcert", Kind::boolean, 0, nullptr, "ask the client for a certificate"},
    {"-alpn", Kind::text, 0, nullptr, "application protocols, in order of preference"},
    kEndOfOptions};

constexpr std::string_view kSocketUsage =
    "wrong # args: should be \"tls_socket ?-credentials creds? ?-verifier command? ?-peersubject peer? ?-myaddr addr? "
    "?-myport myport? ?-async? host port\" or \"tls_socket ?-credentials creds? ?-verifier command? -server command "
    "?-myaddr addr? port\"";

constexpr int kAcceptDeadlineMs = 60000;
// Tcl 8.6 aborts where a file has the number 1024: who connects and says nothing must not bring a server there.
constexpr std::ptrdiff_t kMostHandshakes = 256;

// ---- Credentials. ----

// Those of clients that were given none, as sspi_schannel_credentials without options has them: made once, and again if
// a script has freed them.
int default_credentials(InterpState& state, CredHandle& handle) {
  if (state.tls_client_credentials && !credential_info(*state.tls_client_credentials).package.empty()) {
    handle = *state.tls_client_credentials;
    return TCL_OK;
  }
  SCHANNEL_CRED native{};
  native.dwVersion = SCHANNEL_CRED_VERSION;
  native.dwFlags = SCH_CRED_AUTO_CRED_VALIDATION | SCH_CRED_USE_DEFAULT_CREDS;
  auto made = opensspi::Credential::acquire_with(kUnifiedProvider, opensspi::Use::outbound, {}, &native);
  if (!made) return set_error(state.interp, made.error());
  handle = made->release();
  add_credential(state, handle, std::u16string(kUnifiedProvider));
  state.tls_client_credentials = handle;
  return TCL_OK;
}

int get_credentials(InterpState& state, Tcl_Obj* given, TlsRole role, CredHandle& handle) {
  if (given != nullptr && !text_of(given).empty()) {
    return get_credential(state.interp, given, handle) ? TCL_OK : TCL_ERROR;
  }
  if (role == TlsRole::client) return default_credentials(state, handle);
  return set_argument_error(state.interp, "Option -credentials must be specified for server sockets");
}

// The prefix as a list; "" for none.
int get_verifier(Tcl_Interp* interp, Tcl_Obj* given, std::string& verifier) {
  Objects words;
  if (given == nullptr) return TCL_OK;
  if (!get_list(interp, given, words)) return TCL_ERROR;
  if (!words.empty()) verifier = text_of(given);
  return TCL_OK;
}

int set_failure(Tcl_Interp* interp, const TlsFailure& failure) {
  Tcl_SetObjErrorCode(interp, failure.code());
  set_message(interp, failure.message);
  add_reason(interp, failure.reason);
  return TCL_ERROR;
}

// The result of a command that made a channel whose handshake is over or goes on in the background.
int give_channel(InterpState& state, const TlsChannel& tls) {
  if (tls.closed()) return set_message(state.interp, "TLS negotiation aborted");
  if (!tls.failure() || tls.fails_in_background()) {
    Tcl_SetObjResult(state.interp, Tcl_NewStringObj(Tcl_GetChannelName(tls.channel()), -1));
    return TCL_OK;
  }
  const TlsFailure failure = *tls.failure();
  Tcl_UnregisterChannel(state.interp, tls.channel());
  return set_failure(state.interp, failure);
}

// ---- tls_socket ----

// Runs the socket command; the channel it made is put into `below`.
int make_socket(InterpState& state, const SocketOptions& options, Tcl_Obj* accept, Objects rest, Tcl_Channel& below) {
  Tcl_Obj* given = options[place(kSocketOptions, "-socketcmd")].object;
  const Object command(given != nullptr && !text_of(given).empty()
                           ? Tcl_DuplicateObj(given)
                           : new_text(std::string_view(state.tls_socket_command)));
  const auto append = [&](Tcl_Obj* word) { return Tcl_ListObjAppendElement(state.interp, command.get(), word); };
  const auto append_option = [&](std::size_t index, const char* name) {
    if (!options.given(index)) return TCL_OK;
    if (append(Tcl_NewStringObj(name, -1)) != TCL_OK) return TCL_ERROR;
    return kSocketOptions[index].kind == Kind::toggle ? TCL_OK : append(options[index].object);
  };
  if (append_option(place(kSocketOptions, "-myaddr"), "-myaddr") != TCL_OK ||
      append_option(place(kSocketOptions, "-myport"), "-myport") != TCL_OK ||
      append_option(place(kSocketOptions, "-async"), "-async") != TCL_OK) {
    return TCL_ERROR;
  }
  if (accept != nullptr && (append(Tcl_NewStringObj("-server", -1)) != TCL_OK || append(accept) != TCL_OK)) {
    return TCL_ERROR;
  }
  for (Tcl_Obj* word : rest) {
    if (append(word) != TCL_OK) return TCL_ERROR;
  }
  if (Tcl_EvalObjEx(state.interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT) != TCL_OK) {
    if (!text_of(Tcl_GetObjResult(state.interp)).starts_with("wrong # args")) return TCL_ERROR;
    Tcl_ResetResult(state.interp);
    return set_argument_error(state.interp, kSocketUsage);
  }
  const std::string name(text_of(Tcl_GetObjResult(state.interp)));  // the result gives way to an error's
  below = Tcl_GetChannel(state.interp, name.c_str(), nullptr);
  if (below == nullptr) return TCL_ERROR;
  Tcl_ResetResult(state.interp);
  return TCL_OK;
}

// The socket calls back with our own command, which knows the listener by a number: its name does not exist yet.
int listen(InterpState& state, const SocketOptions& options, TlsParameters&& parameters, Objects rest) {
  static std::atomic<std::uint64_t> count{0};
  const std::string number = std::to_string(++count);
  const Object accept(new_list({Tcl_NewStringObj("::twapi::tls::accept", -1), new_text(std::string_view(number))}));
  Tcl_Channel below = nullptr;
  if (make_socket(state, options, accept.get(), rest, below) != TCL_OK) return TCL_ERROR;
  TlsChannel* tls = TlsChannel::create(state, below, std::move(parameters));
  tls->set_listener_number(number);
  return give_channel(state, *tls);
}

int client(InterpState& state, const SocketOptions& options, TlsParameters&& parameters, Objects rest) {
  Tcl_Channel below = nullptr;
  if (make_socket(state, options, nullptr, rest, below) != TCL_OK) return TCL_ERROR;
  const auto tls = TlsChannel::create(state, below, std::move(parameters))->hold();
  if (options.given(place(kSocketOptions, "-async"))) {
    tls->negotiate_in_background();
  } else {
    tls->negotiate(true);
  }
  return give_channel(state, *tls);
}

int tls_socket(InterpState& state, Objects words) {
  SocketOptions options(kSocketOptions);
  Objects rest;
  TlsParameters parameters;
  if (options.parse(state.interp, words.subspan(1), rest) != TCL_OK) return TCL_ERROR;
  const bool server = options.given(place(kSocketOptions, "-server"));
  Tcl_Obj* subject = options[place(kSocketOptions, "-peersubject")].object;
  if (server && text_of(options[place(kSocketOptions, "-server")].object).empty()) {
    return set_argument_error(state.interp, "Cannot specify an empty value for -server.");
  }
  if (server && subject != nullptr) {
    return set_argument_error(state.interp, "Option -peersubject cannot be specified for with -server");
  }
  parameters.role = server ? TlsRole::listener : TlsRole::client;
  parameters.request_certificate = options.number(place(kSocketOptions, "-requestclientcert"), 0) != 0;
  if (get_verifier(state.interp, options[place(kSocketOptions, "-verifier")].object, parameters.verifier) != TCL_OK ||
      encode_protocols(state.interp, options[place(kSocketOptions, "-alpn")].object, parameters.protocols) != TCL_OK ||
      get_credentials(state, options[place(kSocketOptions, "-credentials")].object, parameters.role,
                      parameters.credentials) != TCL_OK) {
    return TCL_ERROR;
  }
  if (server) {
    parameters.accept_callback = text_of(options[place(kSocketOptions, "-server")].object);
    return listen(state, options, std::move(parameters), rest);
  }
  if (subject == nullptr && !rest.empty()) subject = rest[0];
  if (subject != nullptr && has_nul(subject)) {
    return set_argument_error(state.interp,
                              "The host '" + std::string(text_of(subject)) + "' has a NUL character: no name has one.");
  }
  if (subject != nullptr) parameters.peer_subject = utf16_of(subject);
  return client(state, options, std::move(parameters), rest);
}

// The oldest of the handshakes gives way: who means it is done in a moment.
void make_room(const InterpState& state) {
  const auto& all = state.tls_channels;
  if (std::ranges::count_if(all, &TlsChannel::has_deadline) < kMostHandshakes) return;
  const auto oldest = (*std::ranges::find_if(all, &TlsChannel::has_deadline))->hold();
  oldest->give_up({"TLS negotiation gave way to newer ones; " + std::to_string(kMostHandshakes) + " are not finished.",
                   "TWAPI TLS TIMEOUT"});
}

// tls::accept NUMBER CHANNEL ADDRESS PORT
int accept(InterpState& state, Objects words) {
  Tcl_Channel below = Tcl_GetChannel(state.interp, Tcl_GetString(words[2]), nullptr);
  if (below == nullptr) return TCL_ERROR;
  const TlsChannel* listener = nullptr;
  for (const TlsChannel* candidate : state.tls_channels) {
    if (candidate->listener_number() == text_of(words[1])) listener = candidate;
  }
  if (listener == nullptr) {
    Tcl_UnregisterChannel(state.interp, below);  // closed in the meantime
    return TCL_OK;
  }
  TlsParameters parameters = listener->parameters();
  parameters.role = TlsRole::server;
  make_room(state);
  const auto tls = TlsChannel::create(state, below, std::move(parameters))->hold();
  const Object callback(new_text(std::string_view(tls->parameters().accept_callback)));
  if (Tcl_ListObjAppendElement(state.interp, callback.get(),
                               Tcl_NewStringObj(Tcl_GetChannelName(tls->channel()), -1)) != TCL_OK ||
      Tcl_ListObjAppendElement(state.interp, callback.get(), words[3]) != TCL_OK ||
      Tcl_ListObjAppendElement(state.interp, callback.get(), words[4]) != TCL_OK) {
    Tcl_UnregisterChannel(state.interp, tls->channel());
    return TCL_ERROR;
  }
  tls->set_accept_callback(std::string(text_of(callback.get())));
  tls->set_deadline(kAcceptDeadlineMs);
  tls->negotiate_in_background();
  return TCL_OK;
}

// ---- starttls ----

constexpr const char* kKeptOptions[] = {"-buffering", "-encoding", "-eofchar", "-translation", "-blocking"};

struct KeptOptions {
  std::string values[std::size(kKeptOptions)];
  int buffer_size = 0;

  explicit KeptOptions(Tcl_Channel from) : buffer_size(Tcl_GetChannelBufferSize(from)) {
    for (std::size_t i = 0; i < std::size(kKeptOptions); ++i) {
      Tcl_DString value;
      Tcl_DStringInit(&value);
      Tcl_GetChannelOption(nullptr, from, kKeptOptions[i], &value);
      values[i] = Tcl_DStringValue(&value);
      Tcl_DStringFree(&value);
    }
  }
  void give(Tcl_Channel to) const {
    if (buffer_size > Tcl_GetChannelBufferSize(to)) Tcl_SetChannelBufferSize(to, buffer_size);
    for (std::size_t i = 0; i < std::size(kKeptOptions); ++i) {
      Tcl_SetChannelOption(nullptr, to, kKeptOptions[i], values[i].c_str());
    }
  }
  bool blocks() const { return values[std::size(kKeptOptions) - 1] == "1"; }
};

int start_parameters(InterpState& state, Objects words, TlsParameters& parameters) {
  Options options(kStartOptions);
  if (options.parse(state.interp, words) != TCL_OK) return TCL_ERROR;
  const bool server = options.given(place(kStartOptions, "-server"));
  Tcl_Obj* subject = options[place(kStartOptions, "-peersubject")].object;
  parameters.role = server ? TlsRole::server : TlsRole::client;
  if (server && subject != nullptr) {
    return set_argument_error(state.interp, "Option -peersubject cannot be specified for with -server");
  }
  if (!server && subject == nullptr) {
    return set_argument_error(state.interp, "Option -peersubject must be specified for client connections.");
  }
  if (subject != nullptr) parameters.peer_subject = utf16_of(subject);
  parameters.request_certificate = options.number(place(kStartOptions, "-requestclientcert"), 0) != 0;
  if (get_verifier(state.interp, options[place(kStartOptions, "-verifier")].object, parameters.verifier) != TCL_OK ||
      encode_protocols(state.interp, options[place(kStartOptions, "-alpn")].object, parameters.protocols) != TCL_OK) {
    return TCL_ERROR;
  }
  return get_credentials(state, options[place(kStartOptions, "-credentials")].object, parameters.role,
                         parameters.credentials);
}

int starttls(InterpState& state, Objects words) {
  constexpr int kBoth = TCL_READABLE | TCL_WRITABLE;
  TlsParameters parameters;
  int mode = 0;
  Tcl_Channel below = Tcl_GetChannel(state.interp, Tcl_GetString(words[1]), &mode);
  if (below == nullptr || start_parameters(state, words.subspan(2), parameters) != TCL_OK) return TCL_ERROR;
  if ((mode & kBoth) != kBoth) {
    return set_argument_error(state.interp,
                              "Channel " + std::string(text_of(words[1])) + " must be open for reading and writing");
  }
  const KeptOptions kept(below);
  if (Tcl_Flush(below) != TCL_OK) {
    return set_message(state.interp, std::string("error flushing \"") + Tcl_GetChannelName(below) +
                                         "\": " + Tcl_PosixError(state.interp));
  }
  for (const char* event : {"readable", "writable"}) {
    const Object command(
        new_list({Tcl_NewStringObj("::fileevent", -1), words[1], Tcl_NewStringObj(event, -1), Tcl_NewObj()}));
    Tcl_EvalObjEx(state.interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  }
  const auto tls = TlsChannel::create(state, below, std::move(parameters))->hold();
  kept.give(tls->channel());
  if (kept.blocks()) {
    tls->negotiate(true);
  } else {
    tls->negotiate_in_background();
  }
  return give_channel(state, *tls);
}

// ---- The others. ----

// 1: the channel is open. 0: it does not block, and the peer has yet to answer.
int handshake(InterpState& state, Objects words) {
  TlsChannel* found = TlsChannel::find(state.interp, words[1]);
  if (found == nullptr) return TCL_ERROR;
  const auto tls = found->hold();
  if (tls->state() == TlsState::listener_init) {
    return set_argument_error(state.interp, "Channel " + std::string(text_of(words[1])) +
                                                " listens: the channels it accepts have handshakes of their own");
  }
  int blocking = 1;
  Tcl_DString value;
  Tcl_DStringInit(&value);
  Tcl_GetChannelOption(nullptr, tls->channel(), "-blocking", &value);
  Tcl_GetBoolean(nullptr, Tcl_DStringValue(&value), &blocking);
  Tcl_DStringFree(&value);
  const bool over = tls->handshake_is_over() || tls->negotiate(blocking != 0);
  if (tls->closed()) return set_message(state.interp, "TLS negotiation aborted");
  if (tls->failure()) return set_failure(state.interp, *tls->failure());
  Tcl_SetObjResult(state.interp, Tcl_NewBooleanObj(over));
  return TCL_OK;
}

int tls_state(InterpState& state, Objects words) {
  const TlsChannel* tls = TlsChannel::find(state.interp, words[1]);
  if (tls == nullptr) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, Tcl_NewStringObj(tls_state_word(tls->state()), -1));
  return TCL_OK;
}

int tls_close(InterpState& state, Objects words) {
  const TlsChannel* tls = TlsChannel::find(state.interp, words[1]);
  if (tls == nullptr) return TCL_ERROR;
  return Tcl_UnregisterChannel(state.interp, tls->channel());
}

int socket_command(InterpState& state, Objects words) {
  if (words.size() == 2) {
    Objects prefix;
    if (!get_list(state.interp, words[1], prefix)) return TCL_ERROR;
    state.tls_socket_command = prefix.empty() ? "::socket" : std::string(text_of(words[1]));
  }
  Tcl_SetObjResult(state.interp, new_text(std::string_view(state.tls_socket_command)));
  return TCL_OK;
}

// What happens to errors that no command can raise. A script may define its own: this one hands them to the
// interpreter's handler of background errors.
int background_error(InterpState& state, Objects words) {
  Tcl_SetObjResult(state.interp, words[1]);
  return Tcl_SetReturnOptions(state.interp, words[2]);
}

constexpr CommandEntry kCommands[] = {
    {"tls_socket", &tls_socket, 1, -1, "?arg ...?"},
    {"starttls", &starttls, 2, -1, "chan ?arg ...?"},
    {"tls_handshake", &handshake, 2, 2, "chan"},
    {"tls_state", &tls_state, 2, 2, "chan"},
    {"tls_close", &tls_close, 2, 2, "chan"},
    {"tls_socket_command", &socket_command, 1, 2, "?prefix?"},
    {"tls_background_error", &background_error, 3, 3, "result options"},
    {"tls::accept", &accept, 5, 5, "listener chan addr port"},
};

}  // namespace

CommandGroup tls_commands() { return kCommands; }

}  // namespace twapi
