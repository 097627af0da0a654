// How fast a processor of this kind can sign at all: SHA-1 is a chain of 20 SHA1RNDS4 for each block, each waiting for
// the one before it. Here is that chain and nothing else: no message schedule, no memory, no padding.
#include <cpuid.h>
#include <immintrin.h>

#include "bench_peer.hpp"

namespace {

using namespace bench;

bool has_sha() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

__attribute__((target("sha,sse4.1"))) __m128i chain(__m128i state, std::size_t blocks) {
  const __m128i words = _mm_set1_epi32(0x5A827999);
  for (std::size_t i = 0; i < blocks; ++i) {
    for (int round = 0; round < 20; ++round) state = _mm_sha1rnds4_epu32(state, words, 0);
  }
  return state;
}

class Limit : public Subject {
 public:
  bool has_handshake() const override { return false; }
  bool has_seal() const override { return false; }
  // Twice the message, the block with its end, and the outer hash; the padded keys were hashed before.
  void sign_pair(std::vector<std::uint8_t>& buffer) override { state_ = chain(state_, 2 * (buffer.size() / 64 + 2)); }
  void seal_pair(std::vector<std::uint8_t>&) override {}

 private:
  __m128i state_ = _mm_setzero_si128();
};

}  // namespace

int main() {
  if (!has_sha()) die("the processor has no SHA instructions", 0);
  Limit subject;
  return serve(subject);
}
