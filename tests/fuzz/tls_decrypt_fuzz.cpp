// Records of an established connection: real ones that the input alters, cuts and mixes with its own bytes.
#include <algorithm>

#include "fuzz/tls_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  const auto pair = tls_world().pair();
  static constexpr std::string_view kPlain = "what was sealed";
  const std::uint8_t how = take_byte(rest), at = take_byte(rest), flip = take_byte(rest);
  ByteVector wire(*pair.client->stream_bound(kPlain.size()));
  wire.resize(*pair.client->encrypt_stream(bytes_of(kPlain), wire));
  const bool altered = flip != 0;
  if (altered) wire[at % wire.size()] = static_cast<std::uint8_t>(wire[at % wire.size()] ^ flip);
  if ((how & 1) != 0) wire.insert(wire.begin(), rest.begin(), rest.end());
  if ((how & 2) != 0) append(wire, rest);
  ByteVector plain(wire.size());
  core::Context::StreamProgress progress;
  const auto status = pair.server->decrypt_stream(wire, plain, progress);
  require(progress.consumed <= wire.size() && progress.plain <= plain.size());
  const Bytes got = Bytes(plain).first(progress.plain);
  // Only what was sealed comes out, whole, and only unaltered.
  require(got.empty() || (!altered && std::ranges::equal(got, bytes_of(kPlain))));  // not secret
  if (!altered && (how & 1) == 0) require(got.size() == kPlain.size());
  (void)status;
  return 0;
}
