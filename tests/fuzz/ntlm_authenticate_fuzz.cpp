// AUTHENTICATE_MESSAGE from any bytes: read or refused, and what was read is read again from what is written.
#include <algorithm>

#include "fuzz/fuzz_world.hpp"
#include "ntlm/describe.hpp"
#include "ntlm/messages/authenticate.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

namespace {

bool same(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes token(data, size);
  (void)ntlm::describe_message(token);
  const auto message = ntlm::AuthenticateMessage::parse(token);
  if (!message) return 0;
  (void)ntlm::Ntlmv2Response::parse(message->nt_response);
  require(message->mic(token).size() == (message->has_room_for_mic ? 16U : 0U));
  const auto written = message->serialize();
  require(written.has_value());
  const auto again = ntlm::AuthenticateMessage::parse(*written);
  require(again && again->flags == message->flags && again->user == message->user && again->domain == message->domain &&
          again->workstation == message->workstation && same(again->nt_response, message->nt_response) &&
          same(again->lm_response, message->lm_response) &&
          same(again->encrypted_random_session_key, message->encrypted_random_session_key) && again->has_room_for_mic);
  return 0;
}
