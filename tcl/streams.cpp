// Streams: records of any length in and out, in the memory of the value that is returned.
#include <algorithm>
#include <cstring>

#include "commands.hpp"
#include "errors.hpp"
#include "options.hpp"

namespace twapi {
namespace {

constexpr Option kEncryptOptions[] = {
    {"-qop", Kind::integer, 0, nullptr, "quality of protection, 0 unless the package has others"}, kEndOfOptions};
constexpr Option kWriteOptions[] = {
    {"-qop", Kind::integer, 0, nullptr, "quality of protection, 0 unless the package has others"},
    {"-flush", Kind::boolean, 0, nullptr, "flush the channel afterwards; true if not given"},
    kEndOfOptions};

bool load_stream_sizes(Tcl_Interp* interp, ContextState& context) {
  if (context.stream_sizes) return true;
  const auto sizes = context.context.stream_sizes();
  if (!sizes) return set_error(interp, sizes.error()) == TCL_OK;
  if (sizes->cbMaximumMessage == 0) return set_status_error(interp, SEC_E_INTERNAL_ERROR) == TCL_OK;
  context.stream_sizes = *sizes;
  return true;
}

// One record after another at the front of `work`, which has room for all of them; `used` counts up.
opensspi::Expected<std::size_t> encrypt_records(ContextState& context, Bytes data, MutableBytes work, ULONG qop) {
  const SecPkgContext_StreamSizes& sizes = *context.stream_sizes;
  std::size_t used = 0;
  while (!data.empty()) {
    const Bytes part = data.first(std::min<std::size_t>(data.size(), sizes.cbMaximumMessage));
    const MutableBytes header = work.subspan(used, sizes.cbHeader);
    const MutableBytes body = work.subspan(used + sizes.cbHeader, part.size());
    const MutableBytes trailer = work.subspan(used + sizes.cbHeader + part.size(), sizes.cbTrailer);
    std::memcpy(body.data(), part.data(), part.size());
    const auto record = context.context.encrypt_record(header, body, trailer, qop);
    if (!record) return std::unexpected(record.error());
    used += record->token_bytes + record->data_bytes + record->padding_bytes;
    data = data.subspan(part.size());
  }
  return used;
}

// The records of `data`; none, without asking the provider, for no data. Empty with the error set where it fails.
Object encrypt_all(Tcl_Interp* interp, ContextState& context, Tcl_Obj* plain, ULONG qop) {
  Bytes data;
  if (!get_bytes(interp, plain, data)) return {};
  if (data.empty()) return Object(Tcl_NewObj());
  if (!load_stream_sizes(interp, context)) return {};
  const SecPkgContext_StreamSizes& sizes = *context.stream_sizes;
  const std::size_t records = (data.size() - 1) / sizes.cbMaximumMessage + 1;
  const std::size_t room = data.size() + records * (std::size_t{sizes.cbHeader} + sizes.cbTrailer);
  if (!fits_value(interp, room)) return {};
  MutableBytes work;
  Object result(new_bytes(room, work));
  const auto used = encrypt_records(context, data, work, qop);
  if (!used) {
    set_error(interp, used.error());
    return {};
  }
  set_length(result.get(), *used);
  return result;
}

int encrypt_stream(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  Options options(kEncryptOptions);
  if (context == nullptr || options.parse(state.interp, words.subspan(3)) != TCL_OK) return TCL_ERROR;
  const Object result = encrypt_all(state.interp, *context, words[2], options.bits(place(kEncryptOptions, "-qop")));
  if (!result) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, result.get());
  return TCL_OK;
}

// ---- Writing to a channel. ----

class DynamicString {
 public:
  DynamicString() { Tcl_DStringInit(&string_); }
  DynamicString(const DynamicString&) = delete;
  DynamicString& operator=(const DynamicString&) = delete;
  ~DynamicString() { Tcl_DStringFree(&string_); }
  Tcl_DString* get() { return &string_; }
  std::string_view view() {
    return {Tcl_DStringValue(&string_), static_cast<std::size_t>(Tcl_DStringLength(&string_))};
  }

 private:
  Tcl_DString string_;
};

// Whether what is written comes out as it went in. The translation of a channel that also reads is a list of two.
bool is_binary(Tcl_Channel channel) {
  DynamicString encoding, translation;
  if (Tcl_GetChannelOption(nullptr, channel, "-encoding", encoding.get()) != TCL_OK) return false;
  if (Tcl_GetChannelOption(nullptr, channel, "-translation", translation.get()) != TCL_OK) return false;
  const bool bytes = encoding.view() == "binary" || encoding.view() == "iso8859-1";
  return bytes && (translation.view().ends_with("lf") && !translation.view().ends_with("crlf"));
}

int write_all(Tcl_Interp* interp, Tcl_Channel channel, Tcl_Obj* data, bool flush) {
  if (Tcl_WriteObj(channel, data) >= 0 && (!flush || Tcl_Flush(channel) == TCL_OK)) return TCL_OK;
  return set_message(interp,
                     std::string("error writing \"") + Tcl_GetChannelName(channel) + "\": " + Tcl_PosixError(interp));
}

int encrypt_and_write(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  Options options(kWriteOptions);
  if (context == nullptr || options.parse(state.interp, words.subspan(4)) != TCL_OK) return TCL_ERROR;
  int mode = 0;
  Tcl_Channel channel = Tcl_GetChannel(state.interp, Tcl_GetString(words[3]), &mode);
  if (channel == nullptr) return TCL_ERROR;
  if ((mode & TCL_WRITABLE) == 0) {
    return set_message(state.interp, "channel \"" + std::string(text_of(words[3])) + "\" wasn't opened for writing");
  }
  if (!is_binary(channel)) {
    return set_argument_error(state.interp, "Channel " + std::string(text_of(words[3])) +
                                                " must be in binary mode: fconfigure it with -translation binary");
  }
  const Object data = encrypt_all(state.interp, *context, words[2], options.bits(place(kWriteOptions, "-qop")));
  if (!data) return TCL_ERROR;
  return write_all(state.interp, channel, data.get(), options.number(place(kWriteOptions, "-flush"), 1) != 0);
}

// ---- Decryption. ----

struct Decrypted {
  const char* status = "ok";
  std::size_t plain_bytes = 0;  // at the front of the work
  std::size_t left_bytes = 0;   // at its end
};

// Record after record; each plain text is moved up to the one before.
opensspi::Expected<Decrypted> decrypt_records(ContextState& context, MutableBytes work) {
  Decrypted result;
  result.left_bytes = work.size();
  while (result.left_bytes != 0) {
    const auto record = context.context.decrypt_record(work.last(result.left_bytes));
    if (!record) return std::unexpected(record.error());
    if (record->status == SEC_E_INCOMPLETE_MESSAGE) break;
    if (!record->plain.empty()) std::memmove(&work[result.plain_bytes], record->plain.data(), record->plain.size());
    result.plain_bytes += record->plain.size();
    const bool stuck = record->status == SEC_E_OK && record->extra_bytes >= result.left_bytes;
    result.left_bytes = std::min(record->extra_bytes, result.left_bytes);
    if (record->status == SEC_I_CONTEXT_EXPIRED) result.status = "expired";
    if (record->status == SEC_I_RENEGOTIATE) result.status = "renegotiate";
    if (record->status != SEC_E_OK || stuck) break;
  }
  return result;
}

void keep_rest(ContextState& context, const Decrypted& result, Bytes work) {
  const Bytes rest = work.last(result.left_bytes);
  context.input.assign(rest.begin(), rest.end());
  if (std::string_view(result.status) == "expired") {
    context.phase = Phase::disconnected;
    context.input.clear();
  } else if (std::string_view(result.status) == "renegotiate") {
    context.phase = Phase::negotiating;  // sspi_step goes on with what is kept
  }
}

int decrypt_stream(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  Bytes data;
  if (context == nullptr || !get_bytes(state.interp, words[2], data) ||
      !fits_value(state.interp, context->input.size() + data.size())) {
    return TCL_ERROR;
  }
  MutableBytes work;
  const Object plain(new_bytes(context->input.size() + data.size(), work));
  std::ranges::copy(context->input, work.begin());
  std::ranges::copy(data, work.begin() + static_cast<std::ptrdiff_t>(context->input.size()));
  context->input.clear();
  const auto result = decrypt_records(*context, work);
  if (!result) return set_error(state.interp, result.error());
  keep_rest(*context, *result, work);
  set_length(plain.get(), result->plain_bytes);
  Tcl_SetObjResult(state.interp, new_list({new_text(std::string_view(result->status)), plain.get()}));
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_encrypt_stream", &encrypt_stream, 3, -1, "ctx data ?arg ...?"},
    {"sspi_encrypt_and_write", &encrypt_and_write, 4, -1, "ctx data chan ?arg ...?"},
    {"sspi_decrypt_stream", &decrypt_stream, 3, 3, "ctx data"},
};

}  // namespace

CommandGroup stream_commands() { return kCommands; }

}  // namespace twapi
