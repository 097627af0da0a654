// The vectors of tests/vectors, and hexadecimal text as bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::testing {

ByteVector from_hex(std::string_view digits);
Key16 key_from_hex(std::string_view digits);

// The file NAME.json, read once.
const nlohmann::json& vectors(const std::string& name);

// A text as the bytes that are hashed.
ByteVector utf16le(std::u16string_view text);

}  // namespace opensspi::testing
