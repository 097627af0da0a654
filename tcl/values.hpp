// Tcl values and what the interface takes and gives: bytes, text, lists.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "opensspi/sspi.hpp"
#include "tcl_api.hpp"

namespace twapi {

using opensspi::Bytes;
using opensspi::ByteVector;
using opensspi::MutableBytes;

// The bytes of a value, valid until its internal representation changes: read everything else of a command before.
// Characters above 255 lose their high bits under Tcl 8.6; Tcl 9 refuses them, and this returns false.
bool get_bytes(Tcl_Interp* interp, Tcl_Obj* object, Bytes& bytes);

// A byte array to be filled in place: `bytes` is its memory, until set_length or until the value is shared.
Tcl_Obj* new_bytes(std::size_t size_bytes, MutableBytes& bytes);
Tcl_Obj* new_bytes(Bytes content);
inline void set_length(Tcl_Obj* object, std::size_t size_bytes) {
  Tcl_SetByteArrayLength(object, static_cast<Tcl_Size>(size_bytes));
}
// False where Tcl 8.6 cannot hold a value of that size (2 GiB); the interpreter then has the error.
bool fits_value(Tcl_Interp* interp, std::size_t size_bytes);

std::string_view text_of(Tcl_Obj* object);  // Tcl's own UTF-8, valid while the value lives
bool has_nul(Tcl_Obj* text);
std::u16string utf16_of(std::string_view tcl_utf8);
inline std::u16string utf16_of(Tcl_Obj* object) { return utf16_of(text_of(object)); }
Tcl_Obj* new_text(std::u16string_view text);
Tcl_Obj* new_text(std::string_view utf8);
Tcl_Obj* new_list(std::initializer_list<Tcl_Obj*> elements);

// The elements of a list; false, with Tcl's error, for what is no list.
bool get_list(Tcl_Interp* interp, Tcl_Obj* object, Objects& elements);

void put(Tcl_Obj* dict, const char* key, Tcl_Obj* value);

// UTF-16 that is wiped when it ends: passwords and hashes.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view tcl_utf8);
  explicit SecretText(std::size_t units) : units_(units) {}
  SecretText(SecretText&& other) noexcept : units_(std::move(other.units_)) { other.units_.clear(); }
  SecretText& operator=(SecretText&& other) noexcept {
    wipe();
    units_ = std::move(other.units_);
    other.units_.clear();
    return *this;
  }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { wipe(); }

  std::u16string_view view() const { return {units_.data(), units_.size()}; }
  char16_t* data() { return units_.data(); }
  std::size_t size() const { return units_.size(); }

 private:
  void wipe();
  std::vector<char16_t> units_;
};

void wipe(void* memory, std::size_t size_bytes);

}  // namespace twapi
