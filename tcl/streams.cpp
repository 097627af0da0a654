// Streams: records of any length in and out, in the memory of the value that is returned.
#include "commands.hpp"
#include "errors.hpp"
#include "options.hpp"
#include "stream_cipher.hpp"

namespace twapi {
namespace {

constexpr Option kEncryptOptions[] = {
    {"-qop", Kind::integer, 0, nullptr, "quality of protection, 0 unless the package has others"}, kEndOfOptions};
constexpr Option kWriteOptions[] = {
    {"-qop", Kind::integer, 0, nullptr, "quality of protection, 0 unless the package has others"},
    {"-flush", Kind::boolean, 0, nullptr, "flush the channel afterwards; true if not given"},
    kEndOfOptions};

// A package without streams has no sizes of theirs.
int no_streams(Tcl_Interp* interp, const ContextState& context, const opensspi::Error& error) {
  if (context.is_tls() || error.status != SEC_E_UNSUPPORTED_FUNCTION) return set_error(interp, error);
  return set_error(interp, {error.status,
                            {},
                            "SSPI security context " + context.name,
                            "it is of the package " + opensspi::to_utf8(context.package) +
                                ", which has messages and no streams: sspi_encrypt and sspi_decrypt are for it",
                            {}});
}

bool load_stream_sizes(Tcl_Interp* interp, ContextState& context) {
  if (context.stream_sizes) return true;
  const auto sizes = context.context.stream_sizes();
  if (!sizes) return no_streams(interp, context, sizes.error()) == TCL_OK;
  if (sizes->cbMaximumMessage == 0) return set_status_error(interp, SEC_E_INTERNAL_ERROR) == TCL_OK;
  context.stream_sizes = *sizes;
  return true;
}

// The records of `data`; none, without asking the provider, for no data. Empty with the error set where it fails.
Object encrypt_all(Tcl_Interp* interp, ContextState& context, Tcl_Obj* plain, ULONG qop) {
  Bytes data;
  if (!get_bytes(interp, plain, data)) return {};
  if (data.empty()) return Object(Tcl_NewObj());
  if (!load_stream_sizes(interp, context)) return {};
  const std::size_t room = stream_room(*context.stream_sizes, data.size());
  if (!fits_value(interp, room)) return {};
  MutableBytes work;
  Object result(new_bytes(room, work));
  const auto used = encrypt_stream(context.context, *context.stream_sizes, data, work, qop);
  if (!used) {
    set_error(interp, used.error());
    return {};
  }
  set_length(result.get(), *used);
  return result;
}

int encrypt_stream_command(InterpState& state, Objects words) {
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

// What is behind the last whole record is kept for the next call.
void keep_rest(ContextState& context, SECURITY_STATUS status, Bytes rest) {
  context.input.assign(rest.begin(), rest.end());
  if (status == SEC_I_CONTEXT_EXPIRED) {
    context.phase = Phase::disconnected;
    context.input.clear();
  } else if (status == SEC_I_RENEGOTIATE) {
    context.phase = Phase::negotiating;  // sspi_step goes on with what is kept
  }
}

const char* status_word(SECURITY_STATUS status) {
  if (status == SEC_I_CONTEXT_EXPIRED) return "expired";
  return status == SEC_I_RENEGOTIATE ? "renegotiate" : "ok";
}

int decrypt_stream_command(InterpState& state, Objects words) {
  ContextState* context = find_context(state, words[1]);
  Bytes data;
  if (context == nullptr || !get_bytes(state.interp, words[2], data) ||
      !fits_value(state.interp, context->input.size() + data.size())) {
    return TCL_ERROR;
  }
  if (!data.empty() && !context->is_tls() && !load_stream_sizes(state.interp, *context)) return TCL_ERROR;
  ByteVector joined;
  if (!context->input.empty()) {
    joined = std::move(context->input);
    context->input.clear();
    joined.insert(joined.end(), data.begin(), data.end());
    data = joined;
  }
  MutableBytes out;
  const Object plain(new_bytes(data.size(), out));
  Decrypted result;
  if (!data.empty()) result = decrypt_stream(context->context, data, out);
  if (result.status < 0) return set_error(state.interp, opensspi::failed(result.status).error());
  keep_rest(*context, result.status, data.subspan(result.used_bytes));
  set_length(plain.get(), result.plain_bytes);
  Tcl_SetObjResult(state.interp, new_list({new_text(std::string_view(status_word(result.status))), plain.get()}));
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_encrypt_stream", &encrypt_stream_command, 3, -1, "ctx data ?arg ...?"},
    {"sspi_encrypt_and_write", &encrypt_and_write, 4, -1, "ctx data chan ?arg ...?"},
    {"sspi_decrypt_stream", &decrypt_stream_command, 3, 3, "ctx data"},
};

}  // namespace

CommandGroup stream_commands() { return kCommands; }

}  // namespace twapi
