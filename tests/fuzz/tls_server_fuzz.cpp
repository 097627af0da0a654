// The handshake of a TLS server. Input: tokens as pieces; what a step leaves over goes in front of the next.
#include "fuzz/tls_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  auto context = tls_world().server();
  ByteVector waiting;
  for (int i = 0; i < 8 && !rest.empty(); ++i) {
    append(waiting, take_piece(rest));
    const auto step = context->step(server_input(waiting));
    require(!context->established());  // nobody knows the keys
    if (!step) break;
    if (step->status == Status::incomplete_message) continue;
    require(step->extra_bytes <= waiting.size());
    waiting.erase(waiting.begin(), waiting.end() - static_cast<std::ptrdiff_t>(step->extra_bytes));
  }
  return 0;
}
