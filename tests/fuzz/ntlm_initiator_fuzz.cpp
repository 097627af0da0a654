// The whole initiator. Input: a byte of policy, a byte of request, the CHALLENGE_MESSAGE.
#include "fuzz/fuzz_world.hpp"
#include "ntlm/messages/authenticate.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  const std::uint8_t policy = take_byte(rest), request = take_byte(rest);
  core::StepInput input;
  if ((request & 1) != 0) input.flags |= ISC_REQ_INTEGRITY;
  if ((request & 2) != 0) input.flags |= ISC_REQ_CONFIDENTIALITY;
  if ((request & 4) != 0) input.flags |= ISC_REQ_DATAGRAM;
  if ((request & 8) != 0) input.flags |= ISC_REQ_NULL_SESSION;
  if ((request & 16) != 0) input.target = u"HTTP/server";
  auto context = world().initiator(policy);
  require(context->step(input).has_value());
  input.token = rest;
  const auto answer = context->step(input);
  require(answer.has_value() == context->established());
  if (!answer) return 0;
  const auto message = ntlm::AuthenticateMessage::parse(answer->output);
  require(message && message->has_room_for_mic);
  // What was asked for is in force, whatever the server says.
  const std::uint32_t attributes = context->attributes();
  if ((request & 8) == 0) {
    require((request & 3) == 0 || (attributes & ISC_RET_INTEGRITY) != 0);
    require((request & 2) == 0 || (attributes & ISC_RET_CONFIDENTIALITY) != 0);
  }
  use(*context);
  return 0;
}
