#include "stream_cipher.hpp"

#include <algorithm>
#include <cstring>

namespace twapi {
namespace {

constexpr std::size_t kOwedBytes = 512;  // an answer to the peer's KeyUpdate is a record of its own

// One record after another.
opensspi::Expected<std::size_t> encrypt_records(opensspi::Context& context, const SecPkgContext_StreamSizes& sizes,
                                                Bytes plain, MutableBytes out, ULONG qop) {
  std::size_t used = 0;
  while (!plain.empty()) {
    const Bytes part = plain.first(std::min<std::size_t>(plain.size(), sizes.cbMaximumMessage));
    const MutableBytes header = out.subspan(used, sizes.cbHeader);
    const MutableBytes body = out.subspan(used + sizes.cbHeader, part.size());
    const MutableBytes trailer = out.subspan(used + sizes.cbHeader + part.size(), sizes.cbTrailer);
    std::memcpy(body.data(), part.data(), part.size());
    const auto record = context.encrypt_record(header, body, trailer, qop);
    if (!record) return std::unexpected(record.error());
    used += record->token_bytes + record->data_bytes + record->padding_bytes;
    plain = plain.subspan(part.size());
  }
  return used;
}

// In place within a copy; each plain text is moved up to the one before. Ends where a longest plain text has no room.
Decrypted decrypt_records(opensspi::Context& context, Bytes input, MutableBytes out) {
  constexpr std::size_t kMostPlain = 16384;
  Decrypted result;
  ByteVector apart;
  if (out.size() < input.size()) apart.resize(input.size());
  const MutableBytes work = apart.empty() ? out.first(input.size()) : MutableBytes(apart);
  std::ranges::copy(input, work.begin());
  while (result.used_bytes < work.size()) {
    if (out.size() - result.plain_bytes < std::min(kMostPlain, work.size() - result.used_bytes)) break;
    const auto record = context.decrypt_record(work.subspan(result.used_bytes));
    if (!record) {
      result.status = record.error().status;
      break;
    }
    if (record->status == SEC_E_INCOMPLETE_MESSAGE) break;
    if (!record->plain.empty()) std::memmove(&out[result.plain_bytes], record->plain.data(), record->plain.size());
    result.plain_bytes += record->plain.size();
    const std::size_t left = std::min(record->extra_bytes, work.size() - result.used_bytes);
    const bool stuck = left == work.size() - result.used_bytes;
    result.used_bytes = work.size() - left;
    result.status = record->status;
    if (record->status != SEC_E_OK || stuck) break;
  }
  return result;
}

}  // namespace

std::size_t stream_room(const SecPkgContext_StreamSizes& sizes, std::size_t plain_bytes) {
  const std::size_t records = plain_bytes / std::max<std::size_t>(sizes.cbMaximumMessage, 1) + 1;
  return plain_bytes + records * (std::size_t{sizes.cbHeader} + sizes.cbTrailer) + kOwedBytes;
}

opensspi::Expected<std::size_t> encrypt_stream(opensspi::Context& context, const SecPkgContext_StreamSizes& sizes,
                                               Bytes plain, MutableBytes out, ULONG qop) {
  if (qop == 0) {
    CtxtHandle handle = context.handle();
    std::size_t size_bytes = out.size();
    const SECURITY_STATUS status = OpenSspiEncryptStream(&handle, plain.data(), plain.size(), out.data(), &size_bytes);
    if (status == SEC_E_OK) return size_bytes;
    if (status != SEC_E_UNSUPPORTED_FUNCTION) return opensspi::failed(status);
  }
  return encrypt_records(context, sizes, plain, out, qop);
}

Decrypted decrypt_stream(opensspi::Context& context, Bytes input, MutableBytes out) {
  CtxtHandle handle = context.handle();
  Decrypted result;
  result.used_bytes = input.size();
  result.plain_bytes = out.size();
  result.status = OpenSspiDecryptStream(&handle, input.data(), &result.used_bytes, out.data(), &result.plain_bytes);
  if (result.status == SEC_E_UNSUPPORTED_FUNCTION) return decrypt_records(context, input, out);
  return result;
}

}  // namespace twapi
