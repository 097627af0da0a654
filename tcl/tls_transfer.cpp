#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "errors.hpp"
#include "opensspi/schannel.h"
#include "tls_channel.hpp"

namespace twapi {
namespace {

constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kWriteBytes = 65536;
constexpr int kMostUnsent = 262144;          // more than a write leaves waiting: answers to a peer that never reads
constexpr std::size_t kDirectBytes = 40000;  // room in which there is always more than a record beside half of one
constexpr std::size_t kMostRecord = 18437;   // RFC 5246 6.2.3: 2^14 + 2048 behind a head of 5
constexpr ULONG kMostTag = 17;               // a longer trailer has padding, whose length nobody knows before

// How much to have of the records, so that the plain text fits into `room`: as many whole ones of the longest kind as
// it holds. A sender of much data sends such, and then no half record is left over to be kept and moved.
std::size_t records_for(const SecPkgContext_StreamSizes& sizes, std::size_t room) {
  if (sizes.cbTrailer > kMostTag) return room;
  const std::size_t longest = std::size_t{sizes.cbHeader} + sizes.cbMaximumMessage + sizes.cbTrailer;
  return room / sizes.cbMaximumMessage * longest;
}

}  // namespace

bool would_block(int error) {
#ifdef EWOULDBLOCK
  if (error == EWOULDBLOCK) return true;
#endif
  return error == EAGAIN;
}

// ---- The channel below. ----

// How many bytes came; 0: the end; -1 with an errno.
int TlsChannel::read_below(MutableBytes room, int* error) {
  if (below_ == nullptr) return 0;
  const int count =
      Tcl_ReadRaw(top(), reinterpret_cast<char*>(room.data()),
                  static_cast<int>(std::min<std::size_t>(room.size(), static_cast<std::size_t>(INT_MAX))));
  if (count < 0) *error = Tcl_GetErrno();
  return count;
}

// All of it: at once as far as the channel takes it, the rest through its buffers, which Tcl empties when it can. An
// errno; 0 for success.
int TlsChannel::write_below(Bytes bytes) {
  if (below_ == nullptr) return EPIPE;
  while (!bytes.empty() && Tcl_OutputBuffered(below_) == 0) {
    const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), kWriteBytes * 16));
    const int count = Tcl_WriteRaw(top(), reinterpret_cast<const char*>(bytes.data()), size);
    if (count < 0 && !would_block(Tcl_GetErrno())) return Tcl_GetErrno();
    if (count <= 0) break;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (bytes.empty()) return 0;
  const auto count =
      Tcl_Write(below_, reinterpret_cast<const char*>(bytes.data()), static_cast<Tcl_Size>(bytes.size()));
  return count < 0 ? Tcl_GetErrno() : 0;
}

// The failure, with its own words and errorCode, as what the running command of Tcl fails with.
int TlsChannel::raise(int* error) {
  *error = EINVAL;
  if (closed() || !failure_) return -1;
  Tcl_SetChannelError(
      channel_,
      new_list({Tcl_NewStringObj("-code", -1), Tcl_NewWideIntObj(TCL_ERROR), Tcl_NewStringObj("-level", -1),
                Tcl_NewWideIntObj(0), Tcl_NewStringObj("-errorcode", -1), failure_->code(),
                Tcl_NewStringObj("-errorinfo", -1), failure_->info(), new_text(std::string_view(failure_->message))}));
  return -1;
}

// ---- Reading. ----

int TlsChannel::take_plain(MutableBytes room) {
  const std::size_t count = std::min(room.size(), plain_.size() - plain_used_);
  std::memcpy(room.data(), plain_.data() + plain_used_, count);
  plain_used_ += count;
  if (plain_used_ == plain_.size()) {
    plain_ = {};
    plain_used_ = 0;
  }
  return static_cast<int>(count);
}

int TlsChannel::input(char* buffer, int room, int* error) {
  const auto self = self_;
  const MutableBytes target(reinterpret_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(room));
  if (!handshake_is_over() && !negotiate(blocking_)) {
    *error = EAGAIN;
    return -1;
  }
  if (plain_used_ < plain_.size()) return take_plain(target);
  if (failure_) return std::exchange(raised_, true) ? 0 : raise(error);
  if (closed() || read_closed_ || peer_closed_ || end_of_below_) return 0;
  if (!held_.empty()) write_below(std::exchange(held_, {}));
  return receive(target, error);
}

// Reads until there is plain text, or an end, or nothing more for now.
int TlsChannel::receive(MutableBytes room, int* error) {
  const bool direct = room.size() >= kDirectBytes;
  while (true) {
    const std::size_t left = cipher_.size();
    Scratch scratch(direct ? std::max(records_for(*sizes_, room.size()), left + kMostRecord) : left + kReadBytes);
    std::ranges::copy(cipher_, scratch.bytes().begin());
    int count = 0;
    if (!std::exchange(cipher_may_have_record_, false)) {
      count = read_below(scratch.bytes().subspan(left), error);
      if (count < 0) return -1;
      if (count == 0) {
        end_of_below_ = true;
        return 0;
      }
    }
    const Bytes cipher = scratch.bytes().first(left + static_cast<std::size_t>(count));
    int plain_bytes = 0;
    if (direct) {
      plain_bytes = decrypt_into(room, cipher);
    } else {
      plain_.resize(cipher.size());
      plain_.resize(static_cast<std::size_t>(decrypt_into(plain_, cipher)));
      plain_used_ = 0;
      plain_bytes = take_plain(room);
    }
    if (plain_bytes > 0 || peer_closed_) return plain_bytes;
    if (failure_) {
      raised_ = true;
      return raise(error);
    }
  }
}

// Gives how many bytes of plain text there are; half a record is kept, and what found no room.
int TlsChannel::decrypt_into(MutableBytes room, Bytes cipher) {
  opensspi::Context* native = context();
  if (native == nullptr) {
    fail(opensspi::failed(SEC_E_INVALID_HANDLE).error());
    return 0;
  }
  const Decrypted result = decrypt_stream(*native, cipher, room);
  std::optional<opensspi::Error> failure;  // at once: the calls below may leave one of their own
  if (result.status < 0) failure = opensspi::failed(result.status).error();
  const Bytes rest = cipher.subspan(result.used_bytes);
  cipher_.assign(rest.begin(), rest.end());
  cipher_may_have_record_ = !rest.empty() && room.size() < cipher.size() && result.plain_bytes != 0;
  if (result.plain_bytes != 0) seen_data_ = true;
  if (result.status == SEC_I_CONTEXT_EXPIRED) peer_closed_ = true;
  if (result.status == SEC_I_RENEGOTIATE) continue_context();
  answer_peer();
  if (failure) fail(*failure);
  return static_cast<int>(result.plain_bytes);
}

// What came was for the provider itself: a ticket, a KeyUpdate.
void TlsChannel::continue_context() {
  opensspi::Context* native = context();
  if (native == nullptr || cipher_.empty()) return;
  const auto step = native->step(cipher_);
  if (!step) {
    fail(step.error());
    return;
  }
  if (!step->token.empty()) write_below(step->token.bytes());
  cipher_.erase(cipher_.begin(), cipher_.end() - static_cast<std::ptrdiff_t>(step->extra_bytes));
}

// An answer that the provider owes, to a KeyUpdate or to a bad record.
void TlsChannel::answer_peer() {
  opensspi::Context* native = context();
  if (native == nullptr || !sizes_ || write_closed_) return;
  if (below_ != nullptr && Tcl_OutputBuffered(below_) > kMostUnsent) {
    fail(TlsFailure{"The peer asks for answers and does not read them.", "TWAPI TLS PROTOCOL"});
    return;
  }
  std::array<std::uint8_t, 1024> room;
  const auto size_bytes = encrypt_stream(*native, *sizes_, {}, room);
  if (size_bytes && *size_bytes != 0) write_below(Bytes(room).first(*size_bytes));
}

// Reads ahead what is there already. Whether a reader would get something.
bool TlsChannel::fill_plain() {
  if (input_is_ready()) return true;
  if (!held_.empty()) write_below(std::exchange(held_, {}));
  ByteVector plain(kDirectBytes);
  int error = 0;
  const auto self = self_;
  const bool was_blocking = blocking_;
  if (was_blocking) Tcl_SetChannelOption(nullptr, below_, "-blocking", "0");
  const int count = receive(plain, &error);
  if (was_blocking && below_ != nullptr) Tcl_SetChannelOption(nullptr, below_, "-blocking", "1");
  if (count > 0) {
    plain.resize(static_cast<std::size_t>(count));
    plain_ = std::move(plain);
    plain_used_ = 0;
  }
  if (failure_) raised_ = false;
  return input_is_ready() || (count < 0 && !would_block(error));
}

// ---- Writing. ----

int TlsChannel::output(const char* data, int size, int* error) {
  const auto self = self_;
  if (!handshake_is_over() && !negotiate(blocking_)) {
    *error = EAGAIN;
    return -1;
  }
  if (failure_) return raise(error);
  opensspi::Context* native = context();
  if (closed() || write_closed_ || native == nullptr || below_ == nullptr) {
    *error = EPIPE;
    return -1;
  }
  if (!blocking_ && Tcl_OutputBuffered(below_) > 0) {
    Tcl_Flush(below_);
    if (Tcl_OutputBuffered(below_) > 0) {
      *error = EAGAIN;
      return -1;
    }
  }
  const Bytes plain(reinterpret_cast<const std::uint8_t*>(data), std::min(static_cast<std::size_t>(size), kWriteBytes));
  Scratch scratch(held_.size() + stream_room(*sizes_, plain.size()));
  const MutableBytes out = scratch.bytes();
  std::ranges::copy(held_, out.begin());
  const auto cipher_bytes = encrypt_stream(*native, *sizes_, plain, out.subspan(held_.size()));
  if (!cipher_bytes) {
    fail(cipher_bytes.error());
    return raise(error);
  }
  *error = write_below(out.first(held_.size() + *cipher_bytes));
  held_.clear();
  return *error == 0 ? static_cast<int>(plain.size()) : -1;
}

void TlsChannel::send_close_notify() {
  if (write_closed_ || state_ != TlsState::open || below_ == nullptr) return;
  write_closed_ = true;
  if (!held_.empty()) write_below(std::exchange(held_, {}));
  opensspi::Context* native = context();
  const std::uint32_t shutdown = SCHANNEL_SHUTDOWN;
  if (native == nullptr || !native->control({reinterpret_cast<const std::uint8_t*>(&shutdown), sizeof shutdown}))
    return;
  const auto last = native->step({});
  if (last && !last->token.empty()) write_below(last->token.bytes());
}

}  // namespace twapi
