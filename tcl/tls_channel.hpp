// TLS channels: a channel driver over another channel, which it owns. The files:
//   tls_channel.cpp    beginning, end, what the two channels know of each other
//   tls_handshake.cpp  from the first token to the open channel
//   tls_transfer.cpp   data in both directions
//   tls_driver.cpp     what Tcl calls, options
//   tls_commands.cpp   the commands
//
// The channel below is registered by us and by no interpreter. It is read and written past its buffers; only output
// that it does not take at once waits in them, so that Tcl goes on sending it when the channel is closed.
//
// Scripts that are called (verifier, accept callback) may close the channel: every function that calls one holds
// `self_` and looks at closed() afterwards.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "state.hpp"
#include "stream_cipher.hpp"

namespace twapi {

enum class TlsRole { client, server, listener };
enum class TlsState { client_init, server_init, listener_init, negotiating, open, closed };

struct TlsParameters {
  TlsRole role = TlsRole::client;
  CredHandle credentials{};
  std::u16string peer_subject;       // client: the name that the server's certificate must have
  std::string verifier;              // command prefix; "" where the package verifies
  std::string accept_callback;       // listener: command prefix; accepted channel: the whole command
  ByteVector protocols;              // SEC_APPLICATION_PROTOCOLS; empty for none
  bool request_certificate = false;  // server: ask the client for a certificate
};

// An error as a script sees it.
struct TlsFailure {
  std::string message;
  std::string error_code;      // a list; "" for NONE
  std::string reason = {};     // of the package, for errorInfo; "" for none
  bool of_connection = false;  // the connection ended or never came about; nothing is wrong with the arguments

  Tcl_Obj* code() const;  // NONE where there is none
  Tcl_Obj* info() const;  // what errorInfo begins with
};

class TlsChannel {
 public:
  // A channel over `below`, which is taken from `state`'s interpreter. Registered in that interpreter.
  static TlsChannel* create(InterpState& state, Tcl_Channel below, TlsParameters parameters);

  // The one that a name stands for; nullptr with the error.
  static TlsChannel* find(Tcl_Interp* interp, Tcl_Obj* name);

  Tcl_Channel channel() const { return channel_; }
  std::shared_ptr<TlsChannel> hold() const { return self_; }
  bool closed() const { return channel_ == nullptr; }
  // An open channel whose peer will send no more is called closed.
  TlsState state() const {
    return state_ == TlsState::open && (peer_closed_ || end_of_below_) ? TlsState::closed : state_;
  }
  const TlsParameters& parameters() const { return parameters_; }
  const std::optional<TlsFailure>& failure() const { return failure_; }
  // The failure of a handshake in the background, which its owner learns of by events however soon it came; what is
  // wrong with the arguments is told at once.
  bool fails_in_background() const { return background_ && failure_ && (heard_peer_ || failure_->of_connection); }
  bool handshake_is_over() const { return state_ == TlsState::open || state_ == TlsState::closed; }

  // ---- Handshake. ----

  // From here on events drive it.
  void negotiate_in_background();
  // Goes on as far as it gets without waiting, or to the end. True: it is over, see failure().
  bool negotiate(bool wait);
  void set_accept_callback(std::string command) { parameters_.accept_callback = std::move(command); }
  // What the socket of a listener calls it by.
  void set_listener_number(std::string number) { listener_number_ = std::move(number); }
  std::string_view listener_number() const { return listener_number_; }

  // An accepted channel that is not open by then is closed.
  void set_deadline(int milliseconds);
  bool has_deadline() const { return deadline_ != nullptr && !handshake_is_over(); }
  // Ends the handshake of an accepted channel, and closes it.
  void give_up(TlsFailure why);

  // ---- What Tcl calls. 0 or an errno. ----

  int input(char* buffer, int room, int* error);
  int output(const char* data, int size, int* error);
  int close(int flags);
  int set_blocking(bool blocking);
  void watch(int interest);
  void thread_action(int action);
  int get_option(Tcl_Interp* interp, const char* name, Tcl_DString* value);
  int set_option(Tcl_Interp* interp, const char* name, const char* value);
  int get_handle(int direction, void** handle) const;

  // Its interpreter ends; the channel may live on in another.
  void leave_interpreter();

 private:
  TlsChannel(InterpState& state, TlsParameters parameters) : home_(&state), parameters_(std::move(parameters)) {}

  // tls_channel.cpp
  opensspi::Context* context();
  void end_context();
  Tcl_Obj* context_handle(InterpState& state);
  void release_below();
  void drop_unread();
  void update_events();
  void set_timer();
  void on_below(int mask);
  void on_timer();
  static void below_handler(void* data, int mask);
  static void timer_handler(void* data);
  static void deadline_handler(void* data);
  Tcl_Channel top() const { return Tcl_GetTopChannel(below_); }
  bool input_is_ready() const;

  // tls_handshake.cpp
  bool start_context();
  bool take_input(bool wait);
  bool feed();
  bool finish();
  bool verify();
  void run_accept_callback();
  void fail(TlsFailure failure);
  void fail(const opensspi::Error& error);
  void fail_errno(const char* doing, int error);
  void report_accepted_failure();

  // tls_transfer.cpp
  int read_below(MutableBytes room, int* error);
  int write_below(Bytes bytes);
  int receive(MutableBytes room, int* error);
  int decrypt_into(MutableBytes room, Bytes cipher);
  bool fill_plain();
  int take_plain(MutableBytes room);
  void continue_context();
  void answer_peer();
  void send_close_notify();
  int raise(int* error);

  Tcl_Channel channel_ = nullptr;
  Tcl_Channel below_ = nullptr;  // nullptr once it is closed
  bool below_is_cut_ = false;    // out of its thread, on the way to another
  std::shared_ptr<TlsChannel> self_;
  InterpState* home_;  // where scripts are called; nullptr when the interpreter is gone
  TlsParameters parameters_;
  TlsState state_ = TlsState::client_init;
  ContextState* context_ = nullptr;            // in the registry of an interpreter; one reference
  std::optional<opensspi::Context> detached_;  // on the way from one to another
  std::optional<SecPkgContext_StreamSizes> sizes_;
  std::optional<TlsFailure> failure_;
  std::string listener_number_;
  bool blocking_ = true;
  bool verifying_ = false;     // the verifier is asked: nothing goes on before it has answered
  bool background_ = false;    // the handshake is driven by events, and the channel below does not block
  bool peer_closed_ = false;   // with a close notification
  bool end_of_below_ = false;  // without one: what was sent may have been cut off
  bool read_closed_ = false;
  bool write_closed_ = false;
  bool heard_peer_ = false;  // in the handshake
  bool seen_data_ = false;
  bool raised_ = false;  // a reader was told of the failure
  int interest_ = 0;     // of the user
  int watched_ = 0;      // of the channel below
  Tcl_TimerToken timer_ = nullptr;
  Tcl_TimerToken deadline_ = nullptr;
  ByteVector cipher_;  // from the peer, not decrypted: less than a record, as a rule
  bool cipher_may_have_record_ = false;
  ByteVector plain_;  // decrypted, not read
  std::size_t plain_used_ = 0;
  ByteVector held_;  // for the peer, not sent: the last token, until the verifier has agreed
};

bool would_block(int error);
void leave_interpreter(TlsChannel& channel);
const char* tls_state_word(TlsState state);
extern const Tcl_ChannelType kTlsChannelType;

// Memory for a record or more that is used for the length of a call. Each thread keeps one; a call within a call gets
// another.
class Scratch {
 public:
  explicit Scratch(std::size_t size_bytes);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  MutableBytes bytes() { return MutableBytes(memory_).first(size_bytes_); }

 private:
  ByteVector memory_;
  std::size_t size_bytes_;
};

}  // namespace twapi
