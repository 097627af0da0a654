#include "nt_hash.hpp"

#include <bit>
#include <cstddef>
#include <vector>

#include "values.hpp"

namespace twapi {
namespace {

using State = std::array<std::uint32_t, 4>;

// RFC 1320 section 3.4: one round of 16 steps. `order` is the order of the words, `shifts` repeats every four steps.
template <typename Mix>
void round(State& s, const std::array<std::uint32_t, 16>& x, const std::array<std::uint8_t, 16>& order,
           const std::array<int, 4>& shifts, std::uint32_t addend, Mix mix) {
  for (std::size_t i = 0; i < 16; ++i) {
    std::uint32_t& a = s[(16 - i) % 4];
    const std::uint32_t b = s[(17 - i) % 4], c = s[(18 - i) % 4], d = s[(19 - i) % 4];
    a = std::rotl(a + mix(b, c, d) + x[order[i]] + addend, shifts[i % 4]);
  }
}

void compress(State& state, const std::uint8_t* block) {
  std::array<std::uint32_t, 16> x;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint8_t* at = block + 4 * i;
    x[i] = at[0] | (std::uint32_t{at[1]} << 8) | (std::uint32_t{at[2]} << 16) | (std::uint32_t{at[3]} << 24);
  }
  State s = state;
  using Word = std::uint32_t;
  round(s, x, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {3, 7, 11, 19}, 0,
        [](Word b, Word c, Word d) { return (b & c) | (~b & d); });
  round(s, x, {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, {3, 5, 9, 13}, 0x5A827999,
        [](Word b, Word c, Word d) { return (b & c) | (b & d) | (c & d); });
  round(s, x, {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}, {3, 9, 11, 15}, 0x6ED9EBA1,
        [](Word b, Word c, Word d) { return b ^ c ^ d; });
  for (std::size_t i = 0; i < 4; ++i) state[i] += s[i];
  wipe(x.data(), sizeof x);
}

int digit(char16_t unit) {
  if (unit >= u'0' && unit <= u'9') return unit - u'0';
  if (unit >= u'a' && unit <= u'f') return unit - u'a' + 10;
  if (unit >= u'A' && unit <= u'F') return unit - u'A' + 10;
  return -1;
}

}  // namespace

NtHash nt_hash(std::u16string_view password) {
  const std::size_t size_bytes = 2 * password.size();
  std::vector<std::uint8_t> message((size_bytes + 8) / 64 * 64 + 64);
  for (std::size_t i = 0; i < password.size(); ++i) {
    message[2 * i] = static_cast<std::uint8_t>(password[i] & 0xFF);
    message[2 * i + 1] = static_cast<std::uint8_t>(password[i] >> 8);
  }
  message[size_bytes] = 0x80;
  for (std::size_t i = 0; i < 8; ++i) {
    message[message.size() - 8 + i] = static_cast<std::uint8_t>((std::uint64_t{size_bytes} * 8) >> (8 * i));
  }
  State state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  for (std::size_t at = 0; at < message.size(); at += 64) compress(state, &message[at]);
  wipe(message.data(), message.size());
  NtHash hash;
  for (std::size_t i = 0; i < 16; ++i) hash[i] = static_cast<std::uint8_t>(state[i / 4] >> (8 * (i % 4)));
  return hash;
}

bool parse_nt_hash(std::u16string_view digits, NtHash& hash) {
  if (digits.size() != 2 * hash.size()) return false;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = digit(digits[2 * i]), low = digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    hash[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace twapi
