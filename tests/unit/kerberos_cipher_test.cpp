// AES-CTS and its MAC in one pass come to what they come to one after the other.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "crypto/aes_cts.hpp"

namespace opensspi::crypto {
namespace {

using Way = AesCts::Way;
using Covers = AesCts::Covers;

struct Case {
  Hash hash;
  Way way;
  Covers covers;
};

class KerberosCipher : public ::testing::TestWithParam<Case> {
 protected:
  // A message cut into pieces at random places, some of them empty.
  std::vector<MutableBytes> cut(ByteVector& message) {
    std::vector<MutableBytes> pieces;
    for (MutableBytes rest = message; !rest.empty();) {
      const std::size_t most = std::min<std::size_t>(rest.size(), 1 + random_() % 300);
      const MutableBytes piece = rest.first(random_() % (most + 1));
      pieces.push_back(piece);
      rest = rest.subspan(piece.size());
    }
    return pieces;
  }
  static void feed(HmacSha& mac, const std::vector<MutableBytes>& pieces) {
    for (const MutableBytes piece : pieces) mac.update(piece);
  }

  std::mt19937 random_{20261123};
};

TEST_P(KerberosCipher, OnePassEqualsTwo) {
  const auto [hash, way, covers] = GetParam();
  const ByteVector key(32, 0x5A);
  AesCts cipher(key, way);
  HmacSha mac(hash, key);
  for (std::size_t size = 17; size < 1200; size += size < 300 ? 1 : 13) {
    ByteVector message(size);
    std::iota(message.begin(), message.end(), static_cast<std::uint8_t>(size));
    ByteVector expected = message, expected_mac(20), made_mac(20);
    const std::size_t in_front = random_() % 80;  // what the MAC had before
    mac.update(ByteVector(in_front));
    std::vector<MutableBytes> pieces = cut(expected);
    if (covers == Covers::before) feed(mac, pieces);
    cipher.apply(pieces);
    if (covers == Covers::after) feed(mac, pieces);
    mac.finish(expected_mac);

    mac.update(ByteVector(in_front));
    cipher.apply(cut(message), mac, covers);
    mac.finish(made_mac);
    ASSERT_EQ(message, expected) << size;
    ASSERT_EQ(made_mac, expected_mac) << size;
  }
}

std::string name_of(const ::testing::TestParamInfo<Case>& test) {
  const std::string hash = test.param.hash == Hash::sha1     ? "sha1"
                           : test.param.hash == Hash::sha256 ? "sha256"
                                                             : "sha384";
  return hash + (test.param.way == Way::encrypt ? "_encrypt" : "_decrypt");
}

INSTANTIATE_TEST_SUITE_P(All, KerberosCipher,
                         ::testing::Values(Case{Hash::sha1, Way::encrypt, Covers::before},
                                           Case{Hash::sha1, Way::decrypt, Covers::after},
                                           Case{Hash::sha256, Way::encrypt, Covers::after},
                                           Case{Hash::sha384, Way::encrypt, Covers::after}),
                         name_of);

}  // namespace
}  // namespace opensspi::crypto
