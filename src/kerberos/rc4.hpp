// Rc4Protection: per-message tokens of RFC 4757, section 7, for sessions under arcfour-hmac.
#pragma once

#include <array>

#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "kerberos/protection.hpp"

namespace opensspi::kerberos {

class Rc4Protection final : public Protection {
 public:
  explicit Rc4Protection(const SessionKeys& keys);

  Result<void> sign(std::span<SecBuffer> buffers) override;
  Result<void> verify(std::span<SecBuffer> buffers) override;
  ByteVector sign_bytes(Bytes message) override;
  Result<void> verify_bytes(Bytes message, Bytes token) override;
  Result<void> wrap(std::span<SecBuffer> buffers, bool encrypt) override;
  Result<bool> unwrap(std::span<SecBuffer> buffers) override;
  core::Sizes sizes() const override;
  void save(wire::Writer& w) const override;
  void restore(wire::Reader& r) override;

 private:
  using Head = std::array<std::uint8_t, 8>;  // TOK_ID, SGN_ALG, SEAL_ALG and filler
  using Checksum = std::array<std::uint8_t, 8>;

  void make_mic(std::span<const SecBuffer> buffers, MutableBytes token);
  Result<void> check_mic(std::span<const SecBuffer> buffers, Bytes token);
  Result<bool> open(std::span<SecBuffer> buffers, MutableBytes token, MutableBytes padding, std::size_t content_bytes);
  Result<bool> unwrap_token(std::span<SecBuffer> buffers);
  Result<bool> unwrap_stream(std::span<SecBuffer> buffers, SecBuffer& stream);

  Checksum checksum_of(std::uint32_t usage, const Head& head, Bytes confounder, std::span<const SecBuffer> buffers,
                       Bytes padding, bool all_data);
  crypto::Rc4 number_cipher(Bytes checksum);
  crypto::Rc4 message_cipher(std::uint32_t number);
  void put_number(MutableBytes out, Bytes checksum);
  Result<std::uint32_t> get_number(Bytes field, Bytes checksum);

  bool initiator_, dce_style_;
  crypto::HmacMd5 sign_mac_;     // Ksign
  crypto::HmacMd5 number_mac_;   // from which Kseq comes
  crypto::HmacMd5 message_mac_;  // from which Kcrypt comes
  std::uint32_t send_number_;
  Sequence sequence_;
};

}  // namespace opensspi::kerberos
