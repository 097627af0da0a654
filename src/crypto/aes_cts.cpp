#include "crypto/aes_cts.hpp"

#include <algorithm>
#include <climits>
#include <new>
#include <stdexcept>

#include "base/secret.hpp"

namespace opensspi::crypto {
namespace {

constexpr AesBlock kZeros{};

// OpenSSL fails here only without memory or without its AES: then nothing may go on.
void must(int result, const char* what) {
  if (result != 1) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed; is its AES available?");
}

// Walks over pieces as if they were one run of bytes.
class Cursor {
 public:
  explicit Cursor(std::span<const MutableBytes> pieces) : pieces_(pieces) { skip_empty(); }

  MutableBytes here() const { return pieces_.front().subspan(offset_); }
  void advance(std::size_t bytes) {
    offset_ += bytes;
    skip_empty();
  }
  // Calls `each(piece part, offset in the run)` over the next `bytes`, and moves past them.
  template <typename Each>
  void over(std::size_t bytes, Each&& each) {
    for (std::size_t done = 0; done < bytes;) {
      const MutableBytes part = here().first(std::min(here().size(), bytes - done));
      each(part, done);
      done += part.size();
      advance(part.size());
    }
  }

 private:
  void skip_empty() {
    while (!pieces_.empty() && offset_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const MutableBytes> pieces_;
  std::size_t offset_ = 0;
};

void gather(Cursor from, MutableBytes to) {
  from.over(to.size(), [&](MutableBytes part, std::size_t at) { copy_bytes(to.subspan(at), part); });
}

void scatter(Cursor& to, Bytes from) {
  to.over(from.size(), [&](MutableBytes part, std::size_t at) { copy_bytes(part, from.subspan(at, part.size())); });
}

const EVP_CIPHER* cbc_cipher(std::size_t key_bytes) {
  // Fetched once: a fetch costs more than a short message.
  static const EVP_CIPHER* const kAes128 = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  static const EVP_CIPHER* const kAes256 = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  return key_bytes == 32 ? kAes256 : kAes128;
}

}  // namespace

AesCts::AesCts(Bytes key, Way way) : context_(EVP_CIPHER_CTX_new()), way_(way) {
  if (!context_) throw std::bad_alloc();
  const EVP_CIPHER* const cipher = cbc_cipher(key.size());
  must(cipher != nullptr ? 1 : 0, "EVP_CIPHER_fetch");
  must(EVP_CipherInit_ex(context_.get(), cipher, nullptr, key.data(), kZeros.data(), way == Way::encrypt ? 1 : 0),
       "EVP_CipherInit_ex");
  must(EVP_CIPHER_CTX_set_padding(context_.get(), 0), "EVP_CIPHER_CTX_set_padding");
}

AesBlock aes_encrypt_block(Bytes key, const AesBlock& block) {
  AesBlock out = block;
  // From a vector of zeros the first block of CBC is the bare cipher.
  std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })> context(
      EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  must(EVP_CipherInit_ex(context.get(), cbc_cipher(key.size()), nullptr, key.data(), kZeros.data(), 1),
       "EVP_CipherInit_ex");
  int made = 0;
  must(EVP_CipherUpdate(context.get(), out.data(), &made, block.data(), static_cast<int>(block.size())),
       "EVP_CipherUpdate");
  return out;
}

void AesCts::cbc(std::uint8_t* data, std::size_t bytes) {
  constexpr std::size_t kMost = (INT_MAX / kAesBlockBytes) * kAesBlockBytes;  // OpenSSL counts in an int
  // EVP_Cipher, since whole blocks need none of what EVP_CipherUpdate keeps for half ones.
  while (bytes != 0) {
    const std::size_t part = std::min(bytes, kMost);
    const auto asked = static_cast<unsigned>(part);
    must(EVP_Cipher(context_.get(), data, data, asked) == static_cast<int>(asked) ? 1 : 0, "EVP_Cipher");
    data += part;
    bytes -= part;
  }
}

// The last whole block and what follows it, `before` being the block of ciphertext in front of them.
void AesCts::last_blocks(MutableBytes blocks, const AesBlock& before) {
  const std::size_t rest = blocks.size() - kAesBlockBytes;
  std::array<std::uint8_t, 2 * kAesBlockBytes> work{};
  copy_bytes(work, blocks);
  std::uint8_t* const first = work.data();
  std::uint8_t* const second = first + kAesBlockBytes;
  if (way_ == Way::encrypt) {
    cbc(first, work.size());
    // The last block goes in front of the one before it, of which the end is cut off.
    copy_bytes(blocks, Bytes(second, kAesBlockBytes));
    copy_bytes(blocks.subspan(kAesBlockBytes), Bytes(first, rest));
  } else {
    AesBlock stolen;
    std::copy_n(first, kAesBlockBytes, stolen.begin());  // the last block of ciphertext
    cbc(first, kAesBlockBytes);
    for (std::size_t i = 0; i < kAesBlockBytes; ++i) first[i] ^= before[i];
    // Now the bare decryption: its end is the end of the block that was cut.
    AesBlock last;
    for (std::size_t i = 0; i < kAesBlockBytes; ++i) last[i] = static_cast<std::uint8_t>(first[i] ^ second[i]);
    std::copy(first + rest, first + kAesBlockBytes, second + rest);
    cbc(second, kAesBlockBytes);
    for (std::size_t i = 0; i < kAesBlockBytes; ++i) second[i] ^= static_cast<std::uint8_t>(stolen[i] ^ before[i]);
    copy_bytes(blocks, Bytes(second, kAesBlockBytes));
    copy_bytes(blocks.subspan(kAesBlockBytes), Bytes(last).first(rest));
    wipe(last.data(), last.size());
  }
  wipe(work.data(), work.size());
}

// Two blocks of the hash are few enough instructions for a processor to look beyond them, and enough to make up for the
// calls. A block of SHA-384 is too many: there, nothing is gained by taking turns.
std::size_t AesCts::Authentication::stride(std::size_t run) const {
  constexpr std::size_t kMostBlockBytes = 64;
  if (mac == nullptr || mac->block_bytes() > kMostBlockBytes) return run;
  const std::size_t to_block_end = mac->bytes_to_block_end() / kAesBlockBytes * kAesBlockBytes;
  return std::min(run, to_block_end + mac->block_bytes());
}

void AesCts::work(std::span<const MutableBytes> pieces, const Authentication& authentication) {
  std::size_t total = 0;
  for (const MutableBytes piece : pieces) total += piece.size();
  if (total <= kAesBlockBytes) throw std::logic_error("AES-CTS needs more than one block");
  must(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, kZeros.data(), -1), "EVP_CipherInit_ex");

  std::size_t whole = ((total + kAesBlockBytes - 1) / kAesBlockBytes - 2) * kAesBlockBytes;
  const std::size_t tail = total - whole;
  AesBlock before{};  // the latest block of ciphertext
  const auto take = [&](MutableBytes run) {
    if (way_ == Way::decrypt) std::copy_n(run.data() + run.size() - kAesBlockBytes, kAesBlockBytes, before.begin());
    authentication.feed(run, Covers::before);
    cbc(run.data(), run.size());
    authentication.feed(run, Covers::after);
    whole -= run.size();
  };
  Cursor at(pieces);
  while (whole != 0) {
    const MutableBytes here = at.here();
    const std::size_t run = std::min(here.size(), whole) / kAesBlockBytes * kAesBlockBytes;
    if (run != 0) {
      const MutableBytes part = here.first(authentication.stride(run));
      take(part);
      at.advance(part.size());
      continue;
    }
    AesBlock block;  // it straddles pieces
    gather(at, block);
    take(block);
    scatter(at, block);
    wipe(block.data(), block.size());
  }
  std::array<std::uint8_t, 2 * kAesBlockBytes> last;
  const MutableBytes blocks = MutableBytes(last).first(tail);
  gather(at, blocks);
  authentication.feed(blocks, Covers::before);
  last_blocks(blocks, before);
  authentication.feed(blocks, Covers::after);
  scatter(at, blocks);
  wipe(last.data(), last.size());
}

}  // namespace opensspi::crypto
