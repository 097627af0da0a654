// The arithmetic of Kerberos' messages alone, through OpenSSL's EVP: AES-CBC and HMAC, each way, nothing else.
// Argument: aes256 (HMAC-SHA-1) or sha384 (HMAC-SHA-384), both with AES-256.
#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "bench_peer.hpp"

namespace {

using namespace bench;

// What stands around the data under cipher and MAC: confounder and copy of the header.
constexpr std::size_t kAround = 32;

class Evp : public Subject {
 public:
  explicit Evp(const char* digest);
  bool has_handshake() const override { return false; }
  void sign_pair(std::vector<std::uint8_t>& buffer) override;
  void seal_pair(std::vector<std::uint8_t>& buffer) override;

 private:
  static EVP_CIPHER_CTX* cipher(bool encrypt);
  void hash(const std::vector<std::uint8_t>& buffer);
  void pass(EVP_CIPHER_CTX* context);

  EVP_MAC_CTX* mac_;
  EVP_CIPHER_CTX* encrypt_ = cipher(true);
  EVP_CIPHER_CTX* decrypt_ = cipher(false);
  std::vector<std::uint8_t> work_;
};

Evp::Evp(const char* digest) : mac_(EVP_MAC_CTX_new(EVP_MAC_fetch(nullptr, "HMAC", nullptr))) {
  std::string name = digest;
  const std::array<std::uint8_t, 32> key{};
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", name.data(), 0), OSSL_PARAM_construct_end()};
  expect(EVP_MAC_init(mac_, key.data(), key.size(), parameters) == 1, "EVP_MAC_init");
}

EVP_CIPHER_CTX* Evp::cipher(bool encrypt) {
  const std::array<std::uint8_t, 32> key{};
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  expect(EVP_CipherInit_ex(context, EVP_aes_256_cbc(), nullptr, key.data(), key.data(), encrypt ? 1 : 0) == 1,
         "EVP_CipherInit_ex");
  EVP_CIPHER_CTX_set_padding(context, 0);
  return context;
}

void Evp::hash(const std::vector<std::uint8_t>& buffer) {
  std::array<std::uint8_t, 64> out;
  std::size_t size = 0;
  EVP_MAC_init(mac_, nullptr, 0, nullptr);
  EVP_MAC_update(mac_, buffer.data(), buffer.size());
  expect(EVP_MAC_final(mac_, out.data(), &size, out.size()) == 1, "EVP_MAC_final");
}

void Evp::pass(EVP_CIPHER_CTX* context) {
  static constexpr std::uint8_t kVector[16] = {};
  EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, kVector, -1);
  int made = 0;
  expect(EVP_CipherUpdate(context, work_.data(), &made, work_.data(), static_cast<int>(work_.size())) == 1,
         "EVP_CipherUpdate");
}

void Evp::sign_pair(std::vector<std::uint8_t>& buffer) {
  hash(buffer);
  hash(buffer);
}

void Evp::seal_pair(std::vector<std::uint8_t>& buffer) {
  work_.resize((buffer.size() + kAround + 15) / 16 * 16);
  hash(work_);
  pass(encrypt_);
  pass(decrypt_);
  hash(work_);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) die("usage: kerberos_evp aes256|sha384", 0);
  Evp subject(std::strcmp(arguments[1], "sha384") == 0 ? "SHA384" : "SHA1");
  return serve(subject);
}
