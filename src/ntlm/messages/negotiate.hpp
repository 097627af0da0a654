// NEGOTIATE_MESSAGE, MS-NLMP 2.2.1.1.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace opensspi::ntlm {

struct NegotiateMessage {
  std::uint32_t flags = 0;

  // Forms of 16 bytes (flags only) and 32 bytes (no Version) are in use too. The OEM names are looked at for their
  // bounds only: nothing depends on them.
  static Result<NegotiateMessage> parse(Bytes token);
  ByteVector serialize() const;
};

}  // namespace opensspi::ntlm
