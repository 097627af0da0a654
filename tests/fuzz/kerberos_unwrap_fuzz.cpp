// Messages of a Kerberos context: the first byte chooses encryption type, style, role and form of the buffers. What is
// refused leaves zeros.
#include <algorithm>
#include <cstdlib>

#include "core/buffers.hpp"
#include "kerberos/protection.hpp"

using namespace opensspi;
using namespace opensspi::kerberos;

namespace {

constexpr Enctype kEnctypes[] = {Enctype::aes128_sha1, Enctype::aes256_sha384, Enctype::rc4, Enctype::aes128_sha256};

std::unique_ptr<Protection> receiver(std::uint8_t choice) {
  const Enctype enctype = kEnctypes[choice & 3];
  const AesProfile* const profile = aes_profile(enctype);
  SessionKeys keys;
  keys.initiator = (choice & 4) != 0;
  keys.dce_style = (choice & 8) != 0;
  keys.detects_replay = keys.detects_order = true;
  keys.context_key = {enctype, Secret(profile == nullptr ? 16 : profile->key_bytes)};
  return make_protection(keys).value();
}

bool all_zero(const ByteVector& bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t choice = data[0];
  const std::size_t cut = std::min<std::size_t>(data[1], size - 2);
  auto protection = receiver(choice);
  ByteVector all(data + 2, data + size);
  if ((choice & 16) != 0) {
    SecBuffer buffers[] = {{static_cast<ULONG>(all.size()), SECBUFFER_STREAM, all.data()},
                           {0, SECBUFFER_DATA, nullptr}};
    if (!protection->unwrap(buffers) && !all_zero(all)) std::abort();
    return 0;
  }
  ByteVector token(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(cut));
  ByteVector rest(all.begin() + static_cast<std::ptrdiff_t>(cut), all.end());
  if ((choice & 32) != 0) {
    (void)protection->verify_bytes(rest, token);
    return 0;
  }
  SecBuffer buffers[] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
                         {static_cast<ULONG>(rest.size()), SECBUFFER_DATA, rest.data()},
                         {0, SECBUFFER_PADDING, nullptr}};
  if (!protection->unwrap(buffers) && !all_zero(rest)) std::abort();
  return 0;
}
