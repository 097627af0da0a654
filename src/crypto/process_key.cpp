#include "crypto/process_key.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>

#include "base/secret.hpp"

namespace opensspi::crypto {
namespace {

constexpr const char* kCheck = "memory protection key";
constexpr std::size_t kKeyBytes = 32;

struct Keys {
  std::uint8_t inner[kKeyBytes];
  std::uint8_t outer[kKeyBytes];
};

Result<const Keys*> no_memory(const char* what) {
  return fail(Status::insufficient_memory, kCheck,
              std::string(what) + " failed: " + std::strerror(errno) +
                  "; the key needs one page of locked memory (RLIMIT_MEMLOCK)");
}

// The page stays for the life of the process. It is not wiped in children of fork: a key of zeros there would be a
// known key.
Result<const Keys*> make_keys() {
  const auto size_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* page = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return no_memory("mmap");
  if (mlock(page, size_bytes) != 0 || madvise(page, size_bytes, MADV_DONTDUMP) != 0) {
    const auto failed = no_memory("mlock or madvise");
    munmap(page, size_bytes);
    return failed;
  }
  if (RAND_priv_bytes(static_cast<unsigned char*>(page), sizeof(Keys)) != 1) {
    munmap(page, size_bytes);
    return fail(Status::internal_error, kCheck, "no random numbers");
  }
  mprotect(page, size_bytes, PROT_READ);
  return static_cast<const Keys*>(page);
}

const Result<const Keys*>& process_keys() {
  static const Result<const Keys*> keys = make_keys();
  return keys;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// One pass of AES-256-CBC in place, without padding; the vector is zero, since the length leaves no room for another.
bool cbc(const std::uint8_t* key, MutableBytes data, bool encrypt) {
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const std::uint8_t vector[kConcealBlockBytes] = {};
  if (!context || EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, key, vector, encrypt ? 1 : 0) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1) {
    return false;
  }
  int written = 0;
  return EVP_CipherUpdate(context.get(), data.data(), &written, data.data(), static_cast<int>(data.size())) == 1 &&
         static_cast<std::size_t>(written) == data.size();
}

Result<const Keys*> keys_for(Bytes data) {
  if (data.size() % kConcealBlockBytes != 0 || data.size() > std::numeric_limits<int>::max()) {
    return fail(Status::invalid_parameter, "size of protected memory",
                std::to_string(data.size()) + " bytes are no multiple of 16 below 2 GiB");
  }
  return process_keys();
}

Result<Status> cipher_failed() { return fail(Status::internal_error, kCheck, "AES-256-CBC is not available"); }

}  // namespace

Result<Status> conceal(MutableBytes data) {
  const auto keys = keys_for(data);
  if (!keys) return std::unexpected(keys.error());
  if (data.empty()) return Status::ok;
  if (!cbc((*keys)->inner, data, true) || !cbc((*keys)->outer, data, false)) return cipher_failed();
  return Status::ok;
}

Result<Status> reveal(MutableBytes data) {
  const auto keys = keys_for(data);
  if (!keys) return std::unexpected(keys.error());
  if (data.empty()) return Status::ok;
  if (!cbc((*keys)->outer, data, true) || !cbc((*keys)->inner, data, false)) return cipher_failed();
  return Status::ok;
}

}  // namespace opensspi::crypto
