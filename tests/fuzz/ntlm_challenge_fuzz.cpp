// CHALLENGE_MESSAGE from any bytes: read or refused, and what was read is read again from what is written.
#include "fuzz/fuzz_world.hpp"
#include "ntlm/describe.hpp"
#include "ntlm/messages/challenge.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes token(data, size);
  (void)ntlm::describe_message(token);
  const auto message = ntlm::ChallengeMessage::parse(token);
  if (!message) return 0;
  const ByteVector info = message->has_target_info ? message->target_info.serialize() : ByteVector{};
  const auto written =
      ntlm::ChallengeMessage::serialize(message->flags, message->server_challenge, message->target_name, info);
  require(written.has_value());
  const auto again = ntlm::ChallengeMessage::parse(*written);
  require(again && again->flags == message->flags && again->target_name == message->target_name &&
          again->server_challenge == message->server_challenge && again->has_target_info == message->has_target_info &&
          again->target_info.serialize() == message->target_info.serialize());
  return 0;
}
