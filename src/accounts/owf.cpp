#include "accounts/owf.hpp"

#include "base/text.hpp"
#include "crypto/cipher.hpp"
#include "crypto/digest.hpp"

namespace opensspi::accounts {

Key16 ntowf_v1(Bytes password_utf16le) { return crypto::md4(password_utf16le); }

bool lmowf_v1(Bytes password_utf16le, Key16& out) {
  static constexpr std::size_t kMostCharacters = 14;
  const std::size_t length = password_utf16le.size() / 2;
  if (length > kMostCharacters) return false;
  SecretArray<kMostCharacters> oem;
  for (std::size_t i = 0; i < length; ++i) {
    if (password_utf16le[2 * i + 1] != 0 || password_utf16le[2 * i] >= 0x80) return false;
    oem.writable()[i] = static_cast<std::uint8_t>(upcase(static_cast<char16_t>(password_utf16le[2 * i])));
  }
  const Bytes magic = bytes_of("KGS!@#$%");
  const auto first = crypto::des(oem.bytes().first<7>(), magic.first<8>());
  const auto second = crypto::des(oem.bytes().last<7>(), magic.first<8>());
  copy_bytes(out.writable().first<8>(), first);
  copy_bytes(out.writable().last<8>(), second);
  return true;
}

Key16 ntowf_v2(const Key16& nt_hash, std::u16string_view user, std::u16string_view domain) {
  ByteVector name;
  name.reserve(2 * (user.size() + domain.size()));
  for (const char16_t unit : user) {
    const char16_t upper = upcase(unit);
    append_utf16le(name, {&upper, 1});
  }
  append_utf16le(name, domain);
  return crypto::hmac_md5(nt_hash.bytes(), {name});
}

Key16 nt_proof(const Key16& ntowf_v2, Bytes server_challenge, Bytes temp) {
  return crypto::hmac_md5(ntowf_v2.bytes(), {server_challenge, temp});
}

Response24 desl(const Key16& key, std::span<const std::uint8_t, 8> data) {
  SecretArray<21> padded;
  copy_bytes(padded.writable(), key.bytes());
  Response24 out;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto block = crypto::des(std::span<const std::uint8_t, 7>(padded.bytes().subspan(7 * i, 7)), data);
    copy_bytes(MutableBytes(out).subspan(8 * i, 8), block);
  }
  return out;
}

Block8 session_challenge(Bytes server_challenge, Bytes client_challenge) {
  const Key16 digest = crypto::md5({server_challenge, client_challenge});
  Block8 out;
  copy_bytes(out, digest.bytes().first<8>());
  return out;
}

}  // namespace opensspi::accounts
