// AUTHENTICATE_MESSAGE, MS-NLMP 2.2.1.3, and the NTLMv2_CLIENT_CHALLENGE inside it, 2.2.2.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/filetime.hpp"
#include "ntlm/messages/av_pairs.hpp"
#include "ntlm/messages/fields.hpp"

namespace opensspi::ntlm {

inline constexpr std::size_t kMicOffset = 72;
inline constexpr std::size_t kMicBytes = 16;

struct AuthenticateMessage {
  std::uint32_t flags = 0;
  Bytes lm_response, nt_response;  // views into the token
  Bytes encrypted_random_session_key;
  std::u16string domain, user, workstation;
  bool has_room_for_mic = false;  // nothing of the payload stands where the MIC would

  static Result<AuthenticateMessage> parse(Bytes token);

  // With room for a MIC, zeroed, at kMicOffset.
  Result<ByteVector> serialize() const;

  Bytes mic(Bytes token) const { return has_room_for_mic ? token.subspan(kMicOffset, kMicBytes) : Bytes{}; }
};

// NTLMv2_RESPONSE, 2.2.2.8: the proof, then what the proof covers.
struct Ntlmv2Response {
  static constexpr std::size_t kProofBytes = 16;
  static constexpr std::size_t kLeastBytes = 48;

  FileTime time;
  Bytes client_challenge;
  AvPairs pairs;

  static Result<Ntlmv2Response> parse(Bytes nt_response);
  // "temp" of 3.3.2: what follows the proof.
  static ByteVector serialize_temp(FileTime time, const Challenge8& client_challenge, Bytes pairs);
};

}  // namespace opensspi::ntlm
