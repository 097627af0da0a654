// CHALLENGE_MESSAGE, MS-NLMP 2.2.1.2.
#pragma once

#include <cstdint>
#include <string>

#include "ntlm/messages/av_pairs.hpp"
#include "ntlm/messages/fields.hpp"

namespace opensspi::ntlm {

struct ChallengeMessage {
  std::uint32_t flags = 0;
  Challenge8 server_challenge{};
  std::u16string target_name;
  bool has_target_info = false;
  AvPairs target_info;  // views into the token it was parsed from

  static Result<ChallengeMessage> parse(Bytes token);
  // target_info: the serialized list.
  static Result<ByteVector> serialize(std::uint32_t flags, const Challenge8& server_challenge,
                                      std::u16string_view target_name, Bytes target_info);
};

}  // namespace opensspi::ntlm
