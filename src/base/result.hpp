// Result<T>: a value, or an Error that says which check failed and with what.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace opensspi {

struct Error {
  Status status;
  const char* check;   // static text: what was checked, "AUTHENTICATE_MESSAGE MIC"
  std::string detail;  // what was wrong, with the value, and what would be right; never a secret
  ByteVector output;   // a token that is owed to the peer all the same; empty for none
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Status status, const char* check, std::string detail) {
  return std::unexpected<Error>(Error{status, check, std::move(detail), {}});
}

// Hands the error of one result on as that of another.
template <typename T>
std::unexpected<Error> fail(Result<T>& result) {
  return std::unexpected<Error>(std::move(result.error()));
}

}  // namespace opensspi
