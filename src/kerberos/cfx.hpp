// Cfx: per-message tokens of RFC 4121 with AES.
//
// cfx.cpp has keys, headers and MIC tokens, cfx_wrap.cpp the making of Wrap tokens, cfx_unwrap.cpp their reading.
#pragma once

#include <array>
#include <memory>

#include "crypto/aes_cts.hpp"
#include "kerberos/message_buffers.hpp"
#include "kerberos/protection.hpp"

namespace opensspi::kerberos {

inline constexpr std::size_t kCfxHeaderBytes = 16;

enum CfxFlag : std::uint8_t { kSentByAcceptor = 1, kSealed = 2, kAcceptorSubkey = 4 };

// RFC 4121 section 4.2.6. A MIC token has FF in the places of EC and RRC.
struct CfxHeader {
  enum class Kind : std::uint16_t { mic = 0x0404, wrap = 0x0504 };

  Kind kind = Kind::wrap;
  std::uint8_t flags = 0;
  std::uint16_t extra_count = 0;     // EC
  std::uint16_t rotation_count = 0;  // RRC
  std::uint64_t number = 0;          // SND_SEQ

  std::array<std::uint8_t, kCfxHeaderBytes> serialize() const;
  static Result<CfxHeader> parse(Bytes token, Kind kind);
};

// The keys of one way under one protocol key, each derived when first needed.
class CfxKeys {
 public:
  CfxKeys(const ProtocolKey& key, bool of_initiator, crypto::AesCts::Way way)
      : enctype_(key.enctype), key_(key.key.clone()), of_initiator_(of_initiator), way_(way) {}

  const AesProfile& profile() const { return *aes_profile(enctype_); }
  struct Seal {
    Seal(Bytes encryption, Bytes integrity, crypto::Hash hash, crypto::AesCts::Way way)
        : cipher(encryption, way), mac(hash, integrity) {}
    crypto::AesCts cipher;
    crypto::HmacSha mac;
  };
  Seal& seal();
  crypto::HmacSha& wrap_mac();  // of a Wrap token that is not encrypted
  crypto::HmacSha& mic_mac();

 private:
  Enctype enctype_;
  Secret key_;
  bool of_initiator_;
  crypto::AesCts::Way way_;
  std::unique_ptr<Seal> seal_;
  std::unique_ptr<crypto::HmacSha> wrap_mac_, mic_mac_;
};

class Cfx final : public Protection {
 public:
  explicit Cfx(const SessionKeys& keys);

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
  // Where the parts of a sealed message lie.
  struct Sealed {
    MutableBytes confounder;
    std::span<SecBuffer> buffers;  // the data between confounder and trailer
    MutableBytes trailer;          // filler and the copy of the header
    MutableBytes mac;
  };

  // All of it under the cipher, and under the MAC, which is left to be finished.
  static void cipher_and_mac(CfxKeys::Seal& seal, const Sealed& parts, crypto::AesCts::Covers covers);
  static void mac_sealed(crypto::HmacSha& mac, const Sealed& parts);
  static Pieces enciphered(const Sealed& parts);

  std::size_t mac_bytes() const { return sending_.profile().mac_bytes; }
  std::size_t filler_bytes() const { return dce_style_ ? crypto::kAesBlockBytes : 0; }
  std::uint8_t sending_flags() const;

  void make_mic(std::span<SecBuffer> buffers, MutableBytes token);
  Result<void> check_mic(std::span<SecBuffer> buffers, Bytes token);
  Result<CfxKeys*> receiving_keys(const CfxHeader& header);

  Result<void> wrap_sealed(std::span<SecBuffer> buffers);
  Result<void> wrap_signed(std::span<SecBuffer> buffers);

  Result<bool> unwrap_token(std::span<SecBuffer> buffers);
  Result<bool> unwrap_stream(std::span<SecBuffer> buffers, SecBuffer& stream);
  Result<MutableBytes> unwrap_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body);
  Result<MutableBytes> open_sealed_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body);
  Result<MutableBytes> open_signed_run(const CfxHeader& header, CfxKeys& keys, MutableBytes body);
  Result<bool> open_gathered(const CfxHeader& header, CfxKeys& keys, std::span<SecBuffer> buffers, MutableBytes rest);
  Result<void> open_sealed(const CfxHeader& header, CfxKeys& keys, const Sealed& parts);
  Result<void> open_signed(const CfxHeader& header, CfxKeys& keys, std::span<SecBuffer> buffers, Bytes mac);
  std::size_t rotation(const CfxHeader& header) const;

  bool initiator_, dce_style_, has_acceptor_subkey_;
  CfxKeys sending_;
  // Without and with the acceptor's subkey; which one a token says itself.
  std::array<std::unique_ptr<CfxKeys>, 2> receiving_;
  std::uint64_t send_number_;
  Sequence sequence_;
};

// What both ways share: the whole of the message that a MAC covers.
void mac_buffers(crypto::HmacSha& mac, std::span<const SecBuffer> buffers);
std::unexpected<Error> message_altered(std::string why);

}  // namespace opensspi::kerberos
