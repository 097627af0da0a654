// A step of a context: what goes in, what comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "opensspi/sspi.h"

namespace opensspi::core {

class Credential;

// SEC_CHANNEL_BINDINGS, its ranges checked.
struct ChannelBindings {
  std::uint32_t initiator_type = 0;
  Bytes initiator;
  std::uint32_t acceptor_type = 0;
  Bytes acceptor;
  Bytes application;
};

struct StepInput {
  Bytes token;                              // content of the first TOKEN buffer; empty where there is none
  std::span<const SecBuffer> buffers;       // all that the caller gave, for the packages that know more types
  std::optional<ChannelBindings> bindings;  // content of a CHANNEL_BINDINGS buffer
  Bytes application_protocols;              // content of an APPLICATION_PROTOCOLS buffer, unparsed
  const Credential* credential = nullptr;   // that of this call; nullptr: go on with the first
  std::uint32_t flags = 0;                  // ISC_REQ_x or ASC_REQ_x, by the context's role
  std::u16string_view target;               // initiators only
};

struct Step {
  Status status = Status::ok;     // ok, continue_needed, incomplete_message, incomplete_credentials, ...
  ByteVector output = {};         // for the peer; a failing step has it in Error::output
  std::size_t extra_bytes = 0;    // at the end of the input, not consumed
  std::size_t missing_bytes = 0;  // with incomplete_message: how many more at least, 0 for unknown
};

enum class Role { initiator, acceptor };

// The type of a buffer without its attribute bits.
constexpr std::uint32_t buffer_type(const SecBuffer& buffer) { return buffer.BufferType & ~SECBUFFER_ATTRMASK; }
inline MutableBytes buffer_bytes(const SecBuffer& buffer) {
  return {static_cast<std::uint8_t*>(buffer.pvBuffer), buffer.pvBuffer == nullptr ? 0 : buffer.cbBuffer};
}
constexpr bool is_read_only(const SecBuffer& buffer) {
  return (buffer.BufferType & (SECBUFFER_READONLY | SECBUFFER_READONLY_WITH_CHECKSUM)) != 0;
}

}  // namespace opensspi::core
