// PEM (RFC 7468): base64 between BEGIN and END lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "options.hpp"
#include "values.hpp"

namespace twapi {

inline constexpr const char* kEncodings[] = {"", "der", "pem", nullptr};
enum class Encoding { any, der, pem };

// Lines of 64 with LF, the last one too.
std::string to_pem(Bytes der, std::string_view label);

// The content of the first block with the label; text before it is passed over. None: no such block, or it is broken.
std::optional<ByteVector> from_pem(std::string_view text, std::string_view label);

// The DER of a value in the encoding; `any` takes for PEM what begins with a BEGIN line. TCL_ERROR with the error where
// a PEM block cannot be read.
int get_der(Tcl_Interp* interp, Tcl_Obj* value, Encoding encoding, std::string_view label, ByteVector& der);

}  // namespace twapi
