#include "tls_channel.hpp"

#include <algorithm>
#include <atomic>

#include "errors.hpp"

namespace twapi {
namespace {

constexpr int kBufferBytes = 65536;  // Tcl's 4096 cost four to five times the rate

void set_up_below(Tcl_Channel below) {
  Tcl_SetChannelOption(nullptr, below, "-translation", "binary");
  Tcl_SetChannelOption(nullptr, below, "-buffering", "none");
  Tcl_SetChannelBufferSize(below, kBufferBytes);
}

// What the channel below has read already goes with us.
ByteVector take_buffered(Tcl_Channel below) {
  ByteVector bytes;
  while (Tcl_InputBuffered(below) > 0) {
    const auto count = static_cast<std::size_t>(Tcl_InputBuffered(below));
    const std::size_t before = bytes.size();
    bytes.resize(before + count);
    const auto got = Tcl_Read(below, reinterpret_cast<char*>(&bytes[before]), static_cast<Tcl_Size>(count));
    bytes.resize(before + static_cast<std::size_t>(std::max<Tcl_Size>(got, 0)));
    if (got <= 0) break;
  }
  return bytes;
}

TlsState first_state(TlsRole role) {
  switch (role) {
    case TlsRole::client:
      return TlsState::client_init;
    case TlsRole::server:
      return TlsState::server_init;
    case TlsRole::listener:
      break;
  }
  return TlsState::listener_init;
}

thread_local ByteVector spare_memory;

}  // namespace

Scratch::Scratch(std::size_t size_bytes) : memory_(std::exchange(spare_memory, {})), size_bytes_(size_bytes) {
  if (memory_.size() < size_bytes) memory_.resize(size_bytes);
}

Scratch::~Scratch() {
  if (memory_.size() > spare_memory.size()) spare_memory = std::move(memory_);
}

const char* tls_state_word(TlsState state) {
  switch (state) {
    case TlsState::client_init:
      return "CLIENTINIT";
    case TlsState::server_init:
      return "SERVERINIT";
    case TlsState::listener_init:
      return "LISTENERINIT";
    case TlsState::negotiating:
      return "NEGOTIATING";
    case TlsState::open:
      return "OPEN";
    case TlsState::closed:
      return "CLOSED";
  }
  return "";
}

// ---- Beginning. ----

TlsChannel* TlsChannel::create(InterpState& state, Tcl_Channel below, TlsParameters parameters) {
  static std::atomic<std::uint64_t> count{0};
  const std::shared_ptr<TlsChannel> made(new TlsChannel(state, std::move(parameters)));
  const bool listens = made->parameters_.role == TlsRole::listener;
  made->state_ = first_state(made->parameters_.role);
  Tcl_RegisterChannel(nullptr, below);
  Tcl_UnregisterChannel(state.interp, below);
  if (!listens) {
    set_up_below(below);  // first: a line's end within a record is none
    made->cipher_ = take_buffered(below);
    made->heard_peer_ = !made->cipher_.empty();
  }
  made->below_ = below;
  made->self_ = made;
  const std::string name = "twapitls" + std::to_string(++count);
  made->channel_ =
      Tcl_CreateChannel(&kTlsChannelType, name.c_str(), made.get(), listens ? 0 : TCL_READABLE | TCL_WRITABLE);
  Tcl_SetChannelBufferSize(made->channel_, kBufferBytes);
  Tcl_SetChannelOption(nullptr, made->channel_, "-translation", "auto crlf");  // as a socket has
  Tcl_RegisterChannel(state.interp, made->channel_);
  state.tls_channels.push_back(made.get());
  return made.get();
}

TlsChannel* TlsChannel::find(Tcl_Interp* interp, Tcl_Obj* name) {
  int mode = 0;
  Tcl_Channel channel = Tcl_GetChannel(interp, Tcl_GetString(name), &mode);
  if (channel == nullptr) return nullptr;
  if (Tcl_GetChannelType(channel) == &kTlsChannelType) {
    return static_cast<TlsChannel*>(Tcl_GetChannelInstanceData(channel));
  }
  set_argument_error(interp, "Channel " + std::string(text_of(name)) + " is not a TLS channel");
  return nullptr;
}

// ---- The context. ----

// nullptr: there is none, or a script has deleted it.
opensspi::Context* TlsChannel::context() {
  if (detached_) return &*detached_;
  return context_ != nullptr && context_->owner != nullptr ? &context_->context : nullptr;
}

void TlsChannel::end_context() {
  detached_.reset();
  if (context_ == nullptr) return;
  if (context_->owner != nullptr) delete_context(context_);
  std::exchange(context_, nullptr)->drop_reference();
}

// The name of the context in an interpreter, which takes it in if it comes from another thread.
Tcl_Obj* TlsChannel::context_handle(InterpState& state) {
  if (detached_) {
    context_ = new ContextState(state, std::move(*detached_));
    context_->add_reference();
    context_->package = credential_info(parameters_.credentials).package;
    context_->phase = handshake_is_over() ? Phase::established : Phase::negotiating;
    detached_.reset();
    return add_context(state, context_);
  }
  return context() == nullptr ? Tcl_NewObj() : new_text(std::string_view(context_->name));
}

void TlsChannel::leave_interpreter() {
  if (home_ == nullptr) return;
  if (context_ != nullptr && context_->owner == home_) {
    detached_.emplace(std::move(context_->context));
    delete_context(context_);
    std::exchange(context_, nullptr)->drop_reference();
  }
  std::erase(home_->tls_channels, this);
  home_ = nullptr;
}

void leave_interpreter(TlsChannel& channel) { channel.leave_interpreter(); }

// ---- The end. ----

int TlsChannel::close(int flags) {
  constexpr int kBoth = TCL_CLOSE_READ | TCL_CLOSE_WRITE;
  if ((flags & kBoth) == TCL_CLOSE_READ) {
    read_closed_ = true;
    plain_ = {};
    update_events();
    return 0;
  }
  if ((flags & kBoth) == TCL_CLOSE_WRITE) {
    send_close_notify();
    const Tcl_ChannelType* type = below_ == nullptr ? nullptr : Tcl_GetChannelType(below_);
    if (type != nullptr && Tcl_ChannelClose2Proc(type) != nullptr) Tcl_CloseEx(nullptr, below_, TCL_CLOSE_WRITE);
    return 0;
  }
  const auto self = std::move(self_);
  channel_ = nullptr;
  if (timer_ != nullptr) Tcl_DeleteTimerHandler(std::exchange(timer_, nullptr));
  if (deadline_ != nullptr) Tcl_DeleteTimerHandler(std::exchange(deadline_, nullptr));
  if (below_is_cut_) {  // closing takes a channel from its thread first
    Tcl_SpliceChannel(below_);
    below_is_cut_ = false;
  }
  send_close_notify();
  release_below();
  state_ = TlsState::closed;
  leave_interpreter();
  end_context();
  return 0;
}

// Data that nobody read makes the system reset the connection, and what was sent last would be lost with it.
void TlsChannel::drop_unread() {
  constexpr int kMostReads = 16;
  Tcl_SetChannelOption(nullptr, below_, "-blocking", "0");
  Scratch scratch(kBufferBytes);
  int error = 0;
  for (int i = 0; i < kMostReads && read_below(scratch.bytes(), &error) > 0; ++i) {
  }
  if (blocking_) Tcl_SetChannelOption(nullptr, below_, "-blocking", "1");
}

void TlsChannel::release_below() {
  if (below_ == nullptr) return;
  if (watched_ != 0) Tcl_DeleteChannelHandler(below_, &below_handler, this);
  watched_ = 0;
  // When the process ends Tcl may have closed it already.
  const bool alive = Tcl_GetChannelInstanceData(below_) != nullptr;
  if (alive && parameters_.role != TlsRole::listener) drop_unread();
  Tcl_Channel below = std::exchange(below_, nullptr);
  if (alive) Tcl_UnregisterChannel(nullptr, below);
}

// ---- Events. ----

bool TlsChannel::input_is_ready() const {
  return plain_used_ < plain_.size() || cipher_may_have_record_ || peer_closed_ || end_of_below_ ||
         failure_.has_value();
}

// What the channel below is watched for, and whether there is something to tell without it.
void TlsChannel::update_events() {
  if (closed()) return;
  int wanted = 0;
  bool at_once = false;
  if (!handshake_is_over()) {
    if (background_ && !verifying_) wanted = TCL_READABLE;
  } else {
    at_once = (interest_ & TCL_READABLE) != 0 && input_is_ready();
    if ((interest_ & TCL_WRITABLE) != 0 && failure_) at_once = true;
    if (!at_once) wanted = interest_ & (TCL_READABLE | TCL_WRITABLE);
    if ((interest_ & TCL_WRITABLE) != 0 && !failure_) wanted |= TCL_WRITABLE;
  }
  if (below_ == nullptr || below_is_cut_ || parameters_.role == TlsRole::listener) wanted = 0;
  if (wanted != watched_ && below_ != nullptr && !below_is_cut_) {
    if (wanted != 0) {
      Tcl_CreateChannelHandler(below_, wanted, &below_handler, this);
    } else {
      Tcl_DeleteChannelHandler(below_, &below_handler, this);
    }
    watched_ = wanted;
  }
  if (at_once) set_timer();
}

void TlsChannel::set_timer() {
  if (timer_ == nullptr) timer_ = Tcl_CreateTimerHandler(0, &timer_handler, this);
}

void TlsChannel::watch(int interest) {
  interest_ = interest;
  update_events();
}

void TlsChannel::below_handler(void* data, int mask) {
  const auto self = static_cast<TlsChannel*>(data)->self_;
  if (self) self->on_below(mask);
}

void TlsChannel::timer_handler(void* data) {
  const auto self = static_cast<TlsChannel*>(data)->self_;
  if (!self) return;
  self->timer_ = nullptr;
  self->on_timer();
}

void TlsChannel::on_below(int mask) {
  if (!handshake_is_over()) {
    negotiate(false);
    update_events();
    return;
  }
  // Right after the handshake come tickets, which are no data for the user.
  if ((mask & TCL_READABLE) != 0 && !seen_data_ && !fill_plain()) mask &= ~TCL_READABLE;
  mask &= interest_;
  if (mask != 0) Tcl_NotifyChannel(channel_, mask);
  update_events();
}

void TlsChannel::on_timer() {
  int mask = input_is_ready() ? interest_ & TCL_READABLE : 0;
  if (failure_) mask |= interest_ & TCL_WRITABLE;
  if (mask != 0) Tcl_NotifyChannel(channel_, mask);
  update_events();
}

// ---- From one thread to another. ----

void TlsChannel::thread_action(int action) {
  if (action == TCL_CHANNEL_THREAD_INSERT) {
    if (!below_is_cut_) return;  // the channel is new
    Tcl_SpliceChannel(below_);
    below_is_cut_ = false;
    update_events();
    return;
  }
  if (timer_ != nullptr) Tcl_DeleteTimerHandler(std::exchange(timer_, nullptr));
  if (deadline_ != nullptr) Tcl_DeleteTimerHandler(std::exchange(deadline_, nullptr));
  leave_interpreter();
  if (below_ == nullptr || Tcl_GetChannelInstanceData(below_) == nullptr) return;
  if (watched_ != 0) Tcl_DeleteChannelHandler(below_, &below_handler, this);
  watched_ = 0;
  Tcl_CutChannel(below_);
  below_is_cut_ = true;
}

int TlsChannel::set_blocking(bool blocking) {
  blocking_ = blocking;
  if (below_ == nullptr || (background_ && !handshake_is_over())) return 0;
  if (Tcl_SetChannelOption(nullptr, below_, "-blocking", blocking ? "1" : "0") == TCL_OK) return 0;
  return Tcl_GetErrno();
}

void TlsChannel::set_deadline(int milliseconds) {
  deadline_ = Tcl_CreateTimerHandler(milliseconds, &deadline_handler, this);
}

void TlsChannel::deadline_handler(void* data) {
  const auto self = static_cast<TlsChannel*>(data)->self_;
  if (!self) return;
  self->deadline_ = nullptr;
  if (!self->handshake_is_over()) self->give_up({"TLS negotiation was not finished in time.", "TWAPI TLS TIMEOUT"});
}

void TlsChannel::give_up(TlsFailure why) {
  fail(std::move(why));
  report_accepted_failure();
}

}  // namespace twapi
