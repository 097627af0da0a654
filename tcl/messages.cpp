// Messages: sign and verify, encrypt and decrypt. Each works in the memory of the value that it returns.
#include <array>
#include <cstring>

#include "commands.hpp"
#include "errors.hpp"
#include "options.hpp"

namespace twapi {
namespace {

constexpr Option kProtectOptions[] = {
    {"-seqnum", Kind::integer, 0, nullptr, "number of the message; contexts that count for themselves ignore it"},
    {"-qop", Kind::integer, 0, nullptr, "quality of protection, 0 unless the package has others"},
    kEndOfOptions};
constexpr Option kUnprotectOptions[] = {
    {"-seqnum", Kind::integer, 0, nullptr, "number of the message; contexts that count for themselves ignore it"},
    kEndOfOptions};
constexpr std::size_t kSequence = place(kProtectOptions, "-seqnum");
constexpr std::size_t kQop = place(kProtectOptions, "-qop");
static_assert(kSequence == place(kUnprotectOptions, "-seqnum"));

// A short copy of what the provider may overwrite, without the heap as a rule.
class Scratch {
 public:
  explicit Scratch(Bytes content) : size_bytes_(content.size()) {
    if (size_bytes_ > near_.size()) far_.resize(size_bytes_);
    if (!content.empty()) std::memcpy(bytes().data(), content.data(), size_bytes_);
  }
  MutableBytes bytes() { return {size_bytes_ > near_.size() ? far_.data() : near_.data(), size_bytes_}; }

 private:
  std::size_t size_bytes_;
  std::array<std::uint8_t, 256> near_;
  ByteVector far_;
};

bool load_sizes(Tcl_Interp* interp, ContextState& context) {
  if (context.sizes) return true;
  const auto sizes = context.context.sizes();
  if (!sizes) return set_error(interp, sizes.error()) == TCL_OK;
  context.sizes = *sizes;
  return true;
}

// A context of a stream has no tokens and paddings.
ContextState* find_message_context(InterpState& state, Objects words, const char* of_streams) {
  ContextState* context = find_context(state, words[1]);
  if (context == nullptr || !context->is_tls()) return context;
  set_argument_error(state.interp, "SSPI security context " + context->name + " is of the stream package " +
                                       opensspi::to_utf8(context->package) + ", which is for " + of_streams);
  return nullptr;
}

void copy(MutableBytes to, Bytes from) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

int sign(InterpState& state, Objects words) {
  Options options(kProtectOptions);
  if (options.parse(state.interp, words.subspan(3)) != TCL_OK) return TCL_ERROR;
  ContextState* context = find_context(state, words[1]);
  Bytes data;
  if (context == nullptr || !load_sizes(state.interp, *context)) return TCL_ERROR;
  if (!get_bytes(state.interp, words[2], data)) return TCL_ERROR;
  MutableBytes bytes;
  Object signature(new_bytes(context->sizes->cbMaxSignature, bytes));
  const auto used = context->context.sign(data, bytes, options.bits(kSequence), options.bits(kQop));
  if (!used) return set_error(state.interp, used.error());
  set_length(signature.get(), *used);
  Tcl_SetObjResult(state.interp, new_list({signature.get(), words[2]}));
  return TCL_OK;
}

int verify_signature(InterpState& state, Objects words) {
  Options options(kUnprotectOptions);
  if (options.parse(state.interp, words.subspan(4)) != TCL_OK) return TCL_ERROR;
  ContextState* context = find_context(state, words[1]);
  Bytes signature, data;
  if (context == nullptr || !get_bytes(state.interp, words[2], signature) || !get_bytes(state.interp, words[3], data)) {
    return TCL_ERROR;
  }
  const auto qop = context->context.verify(data, signature, options.bits(kSequence));
  if (!qop) return set_error(state.interp, qop.error());
  Tcl_SetObjResult(state.interp, Tcl_NewWideIntObj(*qop));
  return TCL_OK;
}

int encrypt(InterpState& state, Objects words) {
  Options options(kProtectOptions);
  if (options.parse(state.interp, words.subspan(3)) != TCL_OK) return TCL_ERROR;
  ContextState* context = find_message_context(state, words, "sspi_encrypt_stream");
  Bytes data;
  if (context == nullptr || !load_sizes(state.interp, *context)) return TCL_ERROR;
  if (!get_bytes(state.interp, words[2], data)) return TCL_ERROR;
  MutableBytes token_bytes, cipher_bytes, padding_bytes;
  const Object token(new_bytes(context->sizes->cbSecurityTrailer, token_bytes));
  const Object cipher(new_bytes(data.size(), cipher_bytes));
  const Object padding(new_bytes(context->sizes->cbBlockSize, padding_bytes));
  copy(cipher_bytes, data);
  const auto used =
      context->context.encrypt(token_bytes, cipher_bytes, padding_bytes, options.bits(kSequence), options.bits(kQop));
  if (!used) return set_error(state.interp, used.error());
  set_length(token.get(), used->token_bytes);
  set_length(cipher.get(), used->data_bytes);
  set_length(padding.get(), used->padding_bytes);
  Tcl_SetObjResult(state.interp, new_list({token.get(), cipher.get(), padding.get()}));
  return TCL_OK;
}

// The DATA buffers that the provider left, moved together at the front of `work`.
std::size_t join(MutableBytes work, std::span<const SecBuffer> buffers) {
  std::size_t size_bytes = 0;
  for (const SecBuffer& buffer : buffers) {
    if (buffer.BufferType != SECBUFFER_DATA || buffer.cbBuffer == 0) continue;
    const auto* from = static_cast<const std::uint8_t*>(buffer.pvBuffer);
    if (from != work.data() + size_bytes) std::memmove(work.data() + size_bytes, from, buffer.cbBuffer);
    size_bytes += buffer.cbBuffer;
  }
  return size_bytes;
}

int decrypt(InterpState& state, Objects words) {
  ContextState* context = find_message_context(state, words, "sspi_decrypt_stream");
  Options options(kUnprotectOptions);
  Bytes token, cipher, padding;
  if (context == nullptr || options.parse(state.interp, words.subspan(5)) != TCL_OK) return TCL_ERROR;
  if (!get_bytes(state.interp, words[2], token) || !get_bytes(state.interp, words[3], cipher) ||
      !get_bytes(state.interp, words[4], padding) || !fits_value(state.interp, cipher.size() + padding.size())) {
    return TCL_ERROR;
  }
  // Data and padding side by side in the result, which the provider may join.
  MutableBytes work;
  const Object plain(new_bytes(cipher.size() + padding.size(), work));
  copy(work, cipher);
  copy(work.subspan(cipher.size()), padding);
  Scratch token_copy(token);
  const auto left = context->context.decrypt(token_copy.bytes(), work.first(cipher.size()), work.subspan(cipher.size()),
                                             options.bits(kSequence));
  if (!left) return set_error(state.interp, left.error());
  set_length(plain.get(), join(work, *left));
  Tcl_SetObjResult(state.interp, plain.get());
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_sign", &sign, 3, -1, "ctx data ?arg ...?"},
    {"sspi_verify_signature", &verify_signature, 4, -1, "ctx sig data ?arg ...?"},
    {"sspi_encrypt", &encrypt, 3, -1, "ctx data ?arg ...?"},
    {"sspi_decrypt", &decrypt, 5, -1, "ctx sig data padding ?arg ...?"},
};

}  // namespace

CommandGroup message_commands() { return kCommands; }

}  // namespace twapi
