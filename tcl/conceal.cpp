#include "conceal.hpp"

#include <algorithm>
#include <cstring>

#include "commands.hpp"
#include "errors.hpp"
#include "opensspi/dpapi.h"

namespace twapi {
namespace {

constexpr std::size_t kBlockBytes = CRYPTPROTECTMEMORY_BLOCK_SIZE;
constexpr std::uint8_t kOtherForm = 0x80;  // of the padding, for the rare result that is all printable

bool all_printable(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte >= 0x20 && byte < 0x7F; });
}

bool conceal_with(std::u16string_view text, MutableBytes out, std::uint8_t form) {
  const std::size_t text_bytes = 2 * text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    out[2 * i] = static_cast<std::uint8_t>(text[i] & 0xFF);
    out[2 * i + 1] = static_cast<std::uint8_t>(text[i] >> 8);
  }
  const std::size_t pad_bytes = out.size() - text_bytes;
  std::memset(&out[text_bytes], static_cast<int>(pad_bytes) | form, pad_bytes);
  if (CryptProtectMemory(out.data(), static_cast<ULONG>(out.size()), CRYPTPROTECTMEMORY_SAME_PROCESS)) return true;
  wipe(out.data(), out.size());
  return false;
}

// How many bytes of padding a deciphered block ends with; 0 for none that conceal_with makes.
std::size_t padding(Bytes plain) {
  const std::uint8_t last = plain.back();
  const std::size_t count = last & static_cast<std::uint8_t>(~kOtherForm);
  if (count < 2 || count > kBlockBytes || count % 2 != 0) return 0;
  return std::ranges::all_of(plain.last(count), [last](std::uint8_t byte) { return byte == last; }) ? count : 0;
}

SecretText text_from(Bytes utf16le) {
  SecretText text(utf16le.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    text.data()[i] = static_cast<char16_t>(utf16le[2 * i] | (utf16le[2 * i + 1] << 8));
  }
  return text;
}

int not_concealed(Tcl_Interp* interp, std::size_t pad) {
  return set_explained_error(
      interp, Toolkit::invalid_arguments,
      "Invalid pad (" + std::to_string(pad) + ") in decrypted object. Object corrupted or was not encrypted.");
}

int conceal_command(InterpState& state, Objects words) {
  const SecretText text(text_of(words[1]));
  const std::size_t size_bytes = concealed_bytes(text.size());
  if (!opensspi::fits_ulong(size_bytes) || !fits_value(state.interp, size_bytes)) return TCL_ERROR;
  MutableBytes bytes;
  const Object result(new_bytes(size_bytes, bytes));
  if (!conceal(text.view(), bytes)) return set_status_error(state.interp, opensspi::last_failure().status);
  Tcl_SetObjResult(state.interp, result.get());
  return TCL_OK;
}

int reveal_command(InterpState& state, Objects words) {
  Bytes bytes;
  if (!get_bytes(state.interp, words[1], bytes)) return TCL_ERROR;
  std::size_t pad = 0;
  const auto text = reveal(bytes, pad);
  if (!text) return not_concealed(state.interp, pad);
  Tcl_SetObjResult(state.interp, new_text(text->view()));
  return TCL_OK;
}

int concealed_command(InterpState& state, Objects words) {
  Bytes bytes;
  std::size_t pad = 0;
  const bool concealed = get_bytes(nullptr, words[1], bytes) && reveal(bytes, pad).has_value();
  Tcl_SetObjResult(state.interp, Tcl_NewBooleanObj(concealed));
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"conceal", &conceal_command, 2, 2, "s"},
    {"reveal", &reveal_command, 2, 2, "s"},
    {"concealed?", &concealed_command, 2, 2, "s"},
};

}  // namespace

CommandGroup conceal_commands() { return kCommands; }

bool conceal(std::u16string_view text, MutableBytes out) {
  return conceal_with(text, out, 0) && (!all_printable(out) || conceal_with(text, out, kOtherForm));
}

std::optional<SecretText> reveal(Bytes concealed, std::size_t& pad) {
  pad = concealed.size();
  if (concealed.empty() || concealed.size() % kBlockBytes != 0 || !opensspi::fits_ulong(concealed.size())) return {};
  SecretText memory(concealed.size() / 2);
  const MutableBytes plain(reinterpret_cast<std::uint8_t*>(memory.data()), concealed.size());
  std::memcpy(plain.data(), concealed.data(), concealed.size());
  if (!CryptUnprotectMemory(plain.data(), static_cast<ULONG>(plain.size()), CRYPTPROTECTMEMORY_SAME_PROCESS)) return {};
  pad = plain.back();
  const std::size_t count = padding(plain);
  if (count == 0 || all_printable(concealed)) return {};
  return text_from(plain.first(plain.size() - count));
}

int get_concealed(Tcl_Interp* interp, Tcl_Obj* value, SecretText& password) {
  password = SecretText(std::size_t{1});
  if (value == nullptr || text_of(value).empty()) return TCL_OK;
  Bytes bytes;
  if (!get_bytes(interp, value, bytes)) return TCL_ERROR;
  std::size_t pad = 0;
  const auto text = reveal(bytes, pad);
  if (!text) return not_concealed(interp, pad);
  password = SecretText(text->view().size() + 1);
  std::ranges::copy(text->view(), password.data());
  return TCL_OK;
}

SecretText password_of(Tcl_Obj* value) {
  SecretText text(text_of(value));
  const std::u16string_view units = text.view();
  if (units.empty() || units.size() % kBlockBytes != 0) return text;
  if (!std::ranges::all_of(units, [](char16_t unit) { return unit <= 0xFF; })) return text;
  ByteVector bytes(units.begin(), units.end());
  std::size_t pad = 0;
  auto revealed = reveal(bytes, pad);
  wipe(bytes.data(), bytes.size());
  return revealed ? std::move(*revealed) : std::move(text);
}

}  // namespace twapi
