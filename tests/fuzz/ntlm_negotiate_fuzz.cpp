// NEGOTIATE_MESSAGE from any bytes: read or refused, and what was read is read again from what is written.
#include "fuzz/fuzz_world.hpp"
#include "ntlm/describe.hpp"
#include "ntlm/messages/negotiate.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes token(data, size);
  (void)ntlm::describe_message(token);
  const auto message = ntlm::NegotiateMessage::parse(token);
  if (!message) return 0;
  const ByteVector written = message->serialize();
  const auto again = ntlm::NegotiateMessage::parse(written);
  // The names are not written again, and their flags then say nothing that is not there.
  require(again && again->flags == message->flags);
  return 0;
}
