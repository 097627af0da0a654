#include "values.hpp"

#include <limits>

#include "errors.hpp"

namespace twapi {
namespace {

constexpr bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// One character of Tcl's UTF-8: NUL is two bytes, a surrogate may stand alone in three, and a byte that begins nothing
// is itself.
std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t offset) -> unsigned char {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0;
  };
  const unsigned char first = byte(0);
  if (first >= 0xC0 && first < 0xE0 && continues(byte(1))) {
    const std::uint32_t value = ((first & 0x1FU) << 6) | (byte(1) & 0x3FU);
    at += 2;
    return value;
  }
  if (first >= 0xE0 && first < 0xF0 && continues(byte(1)) && continues(byte(2))) {
    const std::uint32_t value = ((first & 0xFU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
    at += 3;
    return value;
  }
  if (first >= 0xF0 && first < 0xF5 && continues(byte(1)) && continues(byte(2)) && continues(byte(3))) {
    const std::uint32_t value =
        ((first & 7U) << 18) | ((byte(1) & 0x3FU) << 12) | ((byte(2) & 0x3FU) << 6) | (byte(3) & 0x3FU);
    at += 4;
    return value;
  }
  ++at;
  return first;
}

// Writes at most text.size() units: each takes at least one byte of the text.
std::size_t decode(std::string_view text, char16_t* units) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t character = next_character(text, at);
    if (character < 0x10000) {
      units[count++] = static_cast<char16_t>(character);
    } else {
      units[count++] = static_cast<char16_t>(0xD800 + ((character - 0x10000) >> 10));
      units[count++] = static_cast<char16_t>(0xDC00 + ((character - 0x10000) & 0x3FF));
    }
  }
  return count;
}

// Whether the text begins with two halves that are one character: for Tcl 9; 8.6 has characters of 16 bits.
bool is_joined_pair(std::u16string_view text) {
  return TCL_UTF_MAX > 3 && text.size() > 1 && (text[0] & 0xFC00) == 0xD800 && (text[1] & 0xFC00) == 0xDC00;
}

}  // namespace

void wipe(void* memory, std::size_t size_bytes) {
  volatile unsigned char* byte = static_cast<volatile unsigned char*>(memory);
  for (std::size_t i = 0; i < size_bytes; ++i) byte[i] = 0;
}

bool get_bytes([[maybe_unused]] Tcl_Interp* interp, Tcl_Obj* object, Bytes& bytes) {
  Tcl_Size size = 0;
#if TCL_MAJOR_VERSION >= 9
  const unsigned char* data = Tcl_GetBytesFromObj(interp, object, &size);
  if (data == nullptr) return false;
#else
  const unsigned char* data = Tcl_GetByteArrayFromObj(object, &size);
#endif
  bytes = {data, static_cast<std::size_t>(size)};
  return true;
}

bool fits_value(Tcl_Interp* interp, std::size_t size_bytes) {
  if (size_bytes <= static_cast<std::size_t>(TCL_SIZE_MAX)) return true;
  return set_toolkit_error(
             interp, Toolkit::invalid_arguments,
             "The result of " + std::to_string(size_bytes) + " bytes is longer than a Tcl value can be.") == TCL_OK;
}

Tcl_Obj* new_bytes(std::size_t size_bytes, MutableBytes& bytes) {
  Tcl_Obj* object = Tcl_NewByteArrayObj(nullptr, static_cast<Tcl_Size>(size_bytes));
  bytes = {Tcl_SetByteArrayLength(object, static_cast<Tcl_Size>(size_bytes)), size_bytes};
  return object;
}

Tcl_Obj* new_bytes(Bytes content) { return Tcl_NewByteArrayObj(content.data(), static_cast<Tcl_Size>(content.size())); }

std::string_view text_of(Tcl_Obj* object) {
  Tcl_Size size = 0;
  const char* text = Tcl_GetStringFromObj(object, &size);
  return {text, static_cast<std::size_t>(size)};
}

bool has_nul(Tcl_Obj* text) { return text_of(text).find("\xC0\x80") != std::string_view::npos; }

std::u16string utf16_of(std::string_view tcl_utf8) {
  std::u16string units(tcl_utf8.size(), u'\0');
  units.resize(decode(tcl_utf8, units.data()));
  return units;
}

Tcl_Obj* new_text(std::string_view utf8) { return Tcl_NewStringObj(utf8.data(), static_cast<Tcl_Size>(utf8.size())); }

Tcl_Obj* new_text(std::u16string_view text) {
  std::string utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t unit = text[i];
    if (unit == 0) {
      utf8 += "\xC0\x80";
    } else if (is_joined_pair(text.substr(i))) {
      const std::uint32_t low = text[++i];
      opensspi::detail::append_utf8(utf8, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
    } else {
      opensspi::detail::append_utf8(utf8, unit);
    }
  }
  return new_text(std::string_view(utf8));
}

Tcl_Obj* new_list(std::initializer_list<Tcl_Obj*> elements) {
  return Tcl_NewListObj(static_cast<Tcl_Size>(elements.size()), elements.begin());
}

bool get_list(Tcl_Interp* interp, Tcl_Obj* object, Objects& elements) {
  Tcl_Size count = 0;
  Tcl_Obj** list = nullptr;
  if (Tcl_ListObjGetElements(interp, object, &count, &list) != TCL_OK) return false;
  elements = {list, static_cast<std::size_t>(count)};
  return true;
}

void put(Tcl_Obj* dict, const char* key, Tcl_Obj* value) {
  Tcl_DictObjPut(nullptr, dict, Tcl_NewStringObj(key, -1), value);
}

SecretText::SecretText(std::string_view tcl_utf8) : units_(tcl_utf8.size()) {
  const std::size_t count = decode(tcl_utf8, units_.data());
  units_.resize(count);  // the memory stays, and with it nothing but zeros behind the end
}

void SecretText::wipe() { twapi::wipe(units_.data(), units_.size() * sizeof(char16_t)); }

}  // namespace twapi
