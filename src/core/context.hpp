// Context: one security context of a package, either role, from the first token to the last message.
//
// Calls on one context never overlap; the C API holds its lock. After a failing step() a context stays failed. Message
// calls that fail leave the context as it was. Buffers are the caller's own, worked on in place.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "core/attribute.hpp"
#include "core/step.hpp"

namespace opensspi::core {

// The answer of every call that a package does not have.
std::unexpected<Error> unsupported(const char* what);

class Context {
 public:
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  virtual ~Context() = default;

  virtual Result<Step> step(const StepInput& input) = 0;

  // ISC_RET_x or ASC_RET_x as of now, without ALLOCATED_MEMORY.
  virtual std::uint32_t attributes() const = 0;
  virtual FileTime expiry() const { return kNever; }
  virtual bool established() const = 0;

  // Message protection; MS-SSPI's buffer rules are in core/buffers.hpp. Results of verify and decrypt: the QOP.
  virtual Result<void> sign(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence);
  virtual Result<std::uint32_t> verify(std::span<SecBuffer> buffers, std::uint32_t sequence);
  virtual Result<void> encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence);
  // Status is ok, context_expired or renegotiate of the informational kind; incomplete_message is an error.
  struct Decrypted {
    Status status = Status::ok;
    std::uint32_t qop = 0;
  };
  virtual Result<Decrypted> decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence);

  // Streams out of place, any number of records at a time. stream_bound: room that is enough for so much input, with
  // all that the peer is owed before it.
  virtual Result<std::size_t> stream_bound(std::size_t input_bytes) const;
  virtual Result<std::size_t> encrypt_stream(Bytes input, MutableBytes output);
  // `progress` counts also where the call fails. Status is ok or context_expired of the informational kind.
  struct StreamProgress {
    std::size_t consumed = 0, plain = 0;
  };
  virtual Result<Status> decrypt_stream(Bytes input, MutableBytes output, StreamProgress& progress);

  // id: SECPKG_ATTR_x or OPENSSPI_ATTR_x.
  virtual Result<Attribute> query(std::uint32_t id) const = 0;
  virtual Result<void> set(std::uint32_t id, Bytes value);
  virtual Result<void> control(Bytes control_token);
  virtual Result<void> complete(Bytes token);

  // The established context as bytes that hold its keys. reset: numbers start again at 0 in the copy.
  virtual Result<Secret> pack(bool reset) const;

  // For Negotiate, RFC 4178 section 5: whether the mechanism has asked for a MIC of the list of mechanisms, and that
  // MIC made and checked with the numbering of the mechanism.
  virtual bool mech_list_mic_due() const { return false; }
  virtual Result<ByteVector> mech_list_mic(Bytes mech_types);
  virtual Result<void> verify_mech_list_mic(Bytes mech_types, Bytes mic);
};

}  // namespace opensspi::core
