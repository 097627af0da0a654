// Concealed passwords: binary strings that only this process can read.
//
// The text in UTF-16LE, padded to whole blocks of 16 bytes with 2 to 16 equal bytes (their number, or that with the top
// bit set), under CryptProtectMemory. A concealed string always has a byte that is no printable ASCII, so a password in
// plain ASCII is never taken for one. Of other plain texts whose length is a multiple of 16 one in 2^15 would be.
#pragma once

#include <optional>

#include "values.hpp"

namespace twapi {

// The length of what conceals so many UTF-16 units.
constexpr std::size_t concealed_bytes(std::size_t units) { return (2 * units / 16 + 1) * 16; }

// `out` has concealed_bytes(text.size()) bytes. False: the system cannot protect memory.
bool conceal(std::u16string_view text, MutableBytes out);

// The text; none where the bytes were not concealed in this process: `pad` is then what stood for the padding.
std::optional<SecretText> reveal(Bytes concealed, std::size_t& pad);

// A password that must be concealed or empty, as the store and PFX commands take it; with a NUL
// as its last unit.
int get_concealed(Tcl_Interp* interp, Tcl_Obj* value, SecretText& password);

// A password as the commands take it: what does not reveal is taken as plain text.
SecretText password_of(Tcl_Obj* value);

}  // namespace twapi
