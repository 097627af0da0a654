#include "ntlm/keys.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"
#include "ntlm/flags.hpp"
#include "ntlm/messages/authenticate.hpp"

namespace opensspi::ntlm {
namespace {

// The constants of 3.4.5.2 and 3.4.5.3, each with its final NUL.
constexpr std::string_view kClientSign("session key to client-to-server signing key magic constant", 59);
constexpr std::string_view kServerSign("session key to server-to-client signing key magic constant", 59);
constexpr std::string_view kClientSeal("session key to client-to-server sealing key magic constant", 59);
constexpr std::string_view kServerSeal("session key to server-to-client sealing key magic constant", 59);

// DES(LMOWF[0..6], LM[0..7]) and DES(LMOWF[7] BD BD BD BD BD BD, LM[0..7]).
void lm_exchange_key(const Key16& lmowf, Bytes lm_response, Key16& out) {
  SecretArray<14> padded;
  std::ranges::fill(padded.writable(), std::uint8_t{0xBD});
  copy_bytes(padded.writable(), lmowf.bytes().first<8>());
  const auto block = std::span<const std::uint8_t, 8>(lm_response.first(8));
  copy_bytes(out.writable().first<8>(), crypto::des(padded.bytes().first<7>(), block));
  copy_bytes(out.writable().last<8>(), crypto::des(padded.bytes().last<7>(), block));
}

std::size_t strong_bytes(std::uint32_t flags) { return key_bits(flags) == 128 ? 16 : key_bits(flags) / 8; }

Secret legacy_seal_key(const Key16& key, std::uint32_t flags) {
  if ((flags & (kLmKey | kDatagram)) == 0) return Secret(key.bytes());
  static constexpr std::uint8_t kTail56[] = {0xA0};
  static constexpr std::uint8_t kTail40[] = {0xE5, 0x38, 0xB0};
  const Bytes tail = (flags & k56) != 0 ? Bytes(kTail56) : Bytes(kTail40);
  Secret weakened(8);
  copy_bytes(weakened.writable(), key.bytes().first(8 - tail.size()));
  copy_bytes(weakened.writable().last(tail.size()), tail);
  return weakened;
}

}  // namespace

bool key_exchange_key(const Key16& session_base_key, const ExchangeInput& input, Key16& out) {
  out = session_base_key.clone();
  if (!input.ntlm_v1) return true;
  if ((input.flags & kExtendedSessionSecurity) != 0) {
    out = crypto::hmac_md5(session_base_key.bytes(), {input.server_challenge, input.lm_response.first(8)});
    return true;
  }
  if ((input.flags & kLmKey) == 0) return true;
  if (input.lmowf_v1 == nullptr || input.lm_response.size() < 8) return false;
  lm_exchange_key(*input.lmowf_v1, input.lm_response, out);
  return true;
}

bool exchanges_key(std::uint32_t flags) { return (flags & kKeyExchange) != 0 && (flags & (kSign | kSeal)) != 0; }

Key16 sign_key(const Key16& exported_session_key, Direction direction) {
  const std::string_view magic = direction == Direction::client_to_server ? kClientSign : kServerSign;
  return crypto::md5({exported_session_key.bytes(), bytes_of(magic)});
}

Secret seal_key(const Key16& exported_session_key, std::uint32_t flags, Direction direction) {
  if ((flags & kExtendedSessionSecurity) == 0) return legacy_seal_key(exported_session_key, flags);
  const std::string_view magic = direction == Direction::client_to_server ? kClientSeal : kServerSeal;
  const Key16 key = crypto::md5({exported_session_key.bytes().first(strong_bytes(flags)), bytes_of(magic)});
  return Secret(key.bytes());
}

unsigned key_bits(std::uint32_t flags) {
  if ((flags & kExtendedSessionSecurity) == 0 && (flags & (kLmKey | kDatagram)) == 0) return 128;
  if ((flags & kExtendedSessionSecurity) != 0 && (flags & k128) != 0) return 128;
  return (flags & k56) != 0 ? 56 : 40;
}

Key16 message_integrity_code(const Key16& exported_session_key, Bytes negotiate, Bytes challenge, Bytes authenticate) {
  static constexpr std::array<std::uint8_t, kMicBytes> kZeros{};
  return crypto::hmac_md5(exported_session_key.bytes(), {negotiate, challenge, authenticate.first(kMicOffset), kZeros,
                                                         authenticate.subspan(kMicOffset + kMicBytes)});
}

}  // namespace opensspi::ntlm
