// The floor: the arithmetic of a message and nothing else, by nettle's functions one after the other. Sealing is
// RC4 over the data, HMAC-MD5 over number and data, RC4 over 8 bytes of it; signing leaves out the data's RC4; both
// ends.
#include <nettle/arcfour.h>
#include <nettle/hmac.h>

#include <cstring>

#include "bench_peer.hpp"

namespace {

using namespace bench;

struct End {
  arcfour_ctx rc4;
  hmac_md5_ctx hmac;
  std::uint32_t number;
};

void checksum(End& end, const std::vector<std::uint8_t>& data, std::uint8_t* sum) {
  std::uint8_t number[4];
  std::memcpy(number, &end.number, sizeof number);
  ++end.number;
  hmac_md5_update(&end.hmac, sizeof number, number);
  hmac_md5_update(&end.hmac, data.size(), data.data());
  hmac_md5_digest(&end.hmac, 8, sum);
}

class Nettle : public Subject {
 public:
  Nettle() {
    const std::uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    for (End* end : {&sender_, &receiver_}) {
      arcfour_set_key(&end->rc4, sizeof key, key);
      hmac_md5_set_key(&end->hmac, sizeof key, key);
      end->number = 0;
    }
  }
  bool has_handshake() const override { return false; }
  void sign_pair(std::vector<std::uint8_t>& buffer) override { pair(buffer, false); }
  void seal_pair(std::vector<std::uint8_t>& buffer) override { pair(buffer, true); }

 private:
  void pair(std::vector<std::uint8_t>& buffer, bool seal) {
    std::uint8_t sent[8], received[8];
    checksum(sender_, buffer, sent);
    if (seal) arcfour_crypt(&sender_.rc4, buffer.size(), buffer.data(), buffer.data());
    arcfour_crypt(&sender_.rc4, sizeof sent, sent, sent);
    if (seal) arcfour_crypt(&receiver_.rc4, buffer.size(), buffer.data(), buffer.data());
    checksum(receiver_, buffer, received);
    arcfour_crypt(&receiver_.rc4, sizeof received, received, received);
    expect(std::memcmp(sent, received, sizeof sent) == 0, "nettle's ends differ");
  }

  End sender_{}, receiver_{};
};

}  // namespace

int main() {
  Nettle subject;
  return serve(subject);
}
