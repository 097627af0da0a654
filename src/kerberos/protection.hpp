// Protection: messages signed and sealed with the keys of an established context, in the caller's own buffers.
//
// A message that fails leaves the context as it was; one that is authentic and out of sequence moves its window on.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "core/attribute.hpp"
#include "core/step.hpp"
#include "kerberos/enctypes.hpp"
#include "kerberos/sequence.hpp"

namespace opensspi::kerberos {

struct ProtocolKey {
  Enctype enctype = Enctype::none;
  Secret key;
};

// What a handshake leaves for the messages after it.
struct SessionKeys {
  bool initiator = false;
  bool dce_style = false;
  bool detects_replay = false, detects_order = false;
  ProtocolKey context_key;      // the initiator's subkey, or the ticket's session key
  ProtocolKey acceptor_subkey;  // none: the acceptor gave none
  std::uint64_t send_number = 0, receive_number = 0;

  const ProtocolKey& sending_key() const {
    return acceptor_subkey.enctype == Enctype::none ? context_key : acceptor_subkey;
  }
};

class Protection {
 public:
  virtual ~Protection() = default;

  // The token of `message`, which may be in several DATA buffers, in the TOKEN buffer.
  virtual Result<void> sign(std::span<SecBuffer> buffers) = 0;
  virtual Result<void> verify(std::span<SecBuffer> buffers) = 0;
  // The same over bytes by themselves, as Negotiate's mechListMIC has it.
  virtual ByteVector sign_bytes(Bytes message) = 0;
  virtual Result<void> verify_bytes(Bytes message, Bytes token) = 0;

  // Buffers as facts of SSPI: TOKEN, DATA, PADDING; DATA marked READONLY_WITH_CHECKSUM is signed only, READONLY alone
  // takes no part. unwrap() takes STREAM and DATA too. Whether the message was encrypted: the result of unwrap().
  virtual Result<void> wrap(std::span<SecBuffer> buffers, bool encrypt) = 0;
  virtual Result<bool> unwrap(std::span<SecBuffer> buffers) = 0;

  virtual core::Sizes sizes() const = 0;

  // The running numbers, for a context that is exported.
  virtual void save(wire::Writer& w) const = 0;
  virtual void restore(wire::Reader& r) = 0;
};

// RFC 4121 for AES, RFC 4757 for RC4, by the key that messages are sent under. SEC_E_CRYPTO_SYSTEM_INVALID: neither.
Result<std::unique_ptr<Protection>> make_protection(const SessionKeys& keys);

inline constexpr std::uint32_t kMaxTokenBytes = 48000;

}  // namespace opensspi::kerberos
