// AES-128-GCM alone, through OpenSSL's EVP, in records of 16 KiB: what no TLS can surpass.
#include <openssl/evp.h>

#include "tls_peer.hpp"

namespace {

using namespace bench;

constexpr std::size_t kTag = 16;

class Gcm {
 public:
  Gcm() {
    const std::uint8_t key[16] = {1};
    EVP_EncryptInit_ex(encrypt_, EVP_aes_128_gcm(), nullptr, key, nullptr);
    EVP_DecryptInit_ex(decrypt_, EVP_aes_128_gcm(), nullptr, key, nullptr);
  }
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;
  ~Gcm() {
    EVP_CIPHER_CTX_free(encrypt_);
    EVP_CIPHER_CTX_free(decrypt_);
  }
  void encrypt(const Buffer& in, Buffer& out) {
    for (std::size_t at = 0, to = 0; at < in.size(); at += kRecordPlain, to += kRecordPlain + kTag) {
      const int size = static_cast<int>(std::min(kRecordPlain, in.size() - at));
      int written = 0;
      EVP_EncryptInit_ex(encrypt_, nullptr, nullptr, nullptr, iv_);
      EVP_EncryptUpdate(encrypt_, nullptr, &written, iv_, 5);
      EVP_EncryptUpdate(encrypt_, out.data() + to, &written, in.data() + at, size);
      EVP_EncryptFinal_ex(encrypt_, out.data() + to + size, &written);
      EVP_CIPHER_CTX_ctrl(encrypt_, EVP_CTRL_GCM_GET_TAG, kTag, out.data() + to + size);
    }
  }
  void decrypt(Buffer& sealed, std::size_t plain_size, Buffer& out) {
    for (std::size_t at = 0, from = 0; at < plain_size; at += kRecordPlain, from += kRecordPlain + kTag) {
      const int size = static_cast<int>(std::min(kRecordPlain, plain_size - at));
      int written = 0;
      EVP_DecryptInit_ex(decrypt_, nullptr, nullptr, nullptr, iv_);
      EVP_DecryptUpdate(decrypt_, nullptr, &written, iv_, 5);
      EVP_DecryptUpdate(decrypt_, out.data() + at, &written, sealed.data() + from, size);
      EVP_CIPHER_CTX_ctrl(decrypt_, EVP_CTRL_GCM_SET_TAG, kTag, sealed.data() + from + size);
      expect(EVP_DecryptFinal_ex(decrypt_, out.data() + at + size, &written) == 1, "tag");
    }
  }

 private:
  EVP_CIPHER_CTX* encrypt_ = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* decrypt_ = EVP_CIPHER_CTX_new();
  std::uint8_t iv_[12] = {7};
};

}  // namespace

int main() {
  Gcm gcm;
  Verbs verbs;
  verbs["encrypt"] = [&](std::size_t size, double ms) {
    const Buffer plain = message_of(size);
    Buffer out(records_room(size));
    return mb_rate(size, ms, [&] { gcm.encrypt(plain, out); });
  };
  verbs["decrypt"] = [&](std::size_t size, double ms) {
    const Buffer plain = message_of(size);
    std::vector<Buffer> sealed(places_for(size), Buffer(records_room(size)));
    Buffer out(size + kTag);
    return opening_rate(
        size, ms, sealed.size(), [&](std::size_t i) { gcm.encrypt(plain, sealed[i]); },
        [&](std::size_t i) { gcm.decrypt(sealed[i], size, out); });
  };
  return serve(verbs);
}
