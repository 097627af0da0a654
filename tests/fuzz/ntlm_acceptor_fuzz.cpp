// The whole acceptor. Input: a byte of policy, a byte of request, the NEGOTIATE_MESSAGE as a piece, the
// AUTHENTICATE_MESSAGE.
#include "fuzz/fuzz_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

namespace {

core::StepInput input_of(Bytes token, std::uint8_t request) {
  static const ByteVector application = {'t', 'l', 's'};
  core::StepInput input;
  input.token = token;
  if ((request & 1) != 0) input.flags |= ASC_REQ_ALLOW_NULL_SESSION;
  if ((request & 2) != 0) input.flags |= ASC_REQ_DATAGRAM;
  if ((request & 4) != 0) input.flags |= ASC_REQ_ALLOW_MISSING_BINDINGS;
  if ((request & 8) != 0) input.flags |= ASC_REQ_PROXY_BINDINGS;
  if ((request & 16) != 0) input.bindings = core::ChannelBindings{0, {}, 0, {}, application};
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  const std::uint8_t policy = take_byte(rest), request = take_byte(rest);
  auto context = world().acceptor(policy);
  const auto first = context->step(input_of(take_piece(rest), request));
  require(!context->established());
  if (first) require(first->status == Status::continue_needed && !first->output.empty());
  const auto second = context->step(input_of(rest, request));
  require(second.has_value() == context->established());
  if (second) {
    require(first.has_value() && second->output.empty());
    use(*context);
  }
  const auto third = context->step(input_of(rest, request));
  require(!third && third.error().status == Status::out_of_sequence);
  return 0;
}
