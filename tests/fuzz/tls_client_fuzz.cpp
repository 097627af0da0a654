// The handshake of a TLS client. Input: what the server says, as pieces.
#include "fuzz/tls_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  auto context = tls_world().client();
  require(context->step(client_input({})).has_value());
  ByteVector waiting;
  for (int i = 0; i < 8 && !rest.empty(); ++i) {
    append(waiting, take_piece(rest));
    const auto step = context->step(client_input(waiting));
    require(!context->established());
    if (!step) break;
    if (step->status == Status::incomplete_message) continue;
    require(step->extra_bytes <= waiting.size());
    waiting.erase(waiting.begin(), waiting.end() - static_cast<std::ptrdiff_t>(step->extra_bytes));
  }
  return 0;
}
