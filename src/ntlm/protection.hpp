// Protection: signing and sealing, MS-NLMP 3.4, in the caller's buffers and without allocation.
//
// A message that fails leaves keys, streams and numbers as they were: the work is done on a copy of the RC4 state, and
// the last line commits.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "core/step.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/keys.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::ntlm {

inline constexpr std::uint32_t kSignatureBytes = 16;
using Signature = std::span<std::uint8_t, kSignatureBytes>;

class Protection {
 public:
  Protection(const Key16& exported_session_key, std::uint32_t flags, core::Role role);

  // Signs the DATA buffers into the TOKEN buffer; `number` counts in datagram contexts, else the own counter.
  Result<void> sign(std::span<SecBuffer> buffers, std::uint32_t number);
  Result<void> verify(std::span<SecBuffer> buffers, std::uint32_t number);
  Result<void> seal(std::span<SecBuffer> buffers, std::uint32_t number);
  Result<void> unseal(std::span<SecBuffer> buffers, std::uint32_t number);

  // MS-SPNG 3.2.5.1: the signature over mechTypes takes a number, and the RC4 stream goes on as if it had not been.
  void sign_mech_list(Bytes mech_types, Signature out);
  Result<void> verify_mech_list(Bytes mech_types, Bytes signature);

  // The running state, for a context that is exported; restore() is its inverse on the same flags and role.
  void save(wire::Writer& w) const;
  void restore(wire::Reader& r);
  static constexpr std::size_t kSavedBytes = 2 * (4 + crypto::Rc4::kStateBytes);

 private:
  // One way of the conversation.
  struct Stream {
    crypto::HmacMd5 mac;
    crypto::Rc4 cipher;
    Key16 datagram_key;  // SealingKey' of 3.4.4.2 is derived from it for each message
    std::uint32_t next_number = 0;
  };
  enum class Kind { sign_only, seal };

  void start(Stream& stream, const Key16& exported_session_key, Direction direction);
  bool has(std::uint32_t flag) const { return (flags_ & flag) != 0; }
  Stream& outgoing() { return streams_[0]; }
  // Without extended session security both directions share one stream and one number.
  Stream& incoming() { return streams_[has_two_streams_ ? 1 : 0]; }

  std::uint32_t due_number(const Stream& stream, std::uint32_t given) const;
  crypto::Rc4 cipher_for(const Stream& stream, std::uint32_t number) const;
  void commit(Stream& stream, const crypto::Rc4& cipher, std::uint32_t number);

  // The signature of data that is in the clear now; seals it on the way if asked.
  void protect(Stream& stream, crypto::Rc4& cipher, std::uint32_t number, std::span<SecBuffer> buffers, Kind kind,
               Signature out);
  // Brings the data into the clear if it is sealed; whether the signature is right.
  Result<void> check(Stream& stream, crypto::Rc4& cipher, std::uint32_t number, std::span<SecBuffer> buffers, Kind kind,
                     std::span<const std::uint8_t, kSignatureBytes> signature);
  Result<void> receive(std::span<SecBuffer> buffers, std::uint32_t number, Kind kind);
  Result<void> send(std::span<SecBuffer> buffers, std::uint32_t number, Kind kind);

  std::uint32_t flags_;
  bool has_two_streams_;
  Stream streams_[2];
};

}  // namespace opensspi::ntlm
