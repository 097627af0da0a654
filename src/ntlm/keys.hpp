// Keys, MS-NLMP 3.4.5, and the MIC, 3.1.5.1.2.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::ntlm {

// What KXKEY, 3.4.5.1, takes beside the SessionBaseKey; all but the flags matter to NTLMv1 only.
struct ExchangeInput {
  std::uint32_t flags = 0;
  bool ntlm_v1 = false;
  Bytes server_challenge;
  Bytes lm_response;
  const Key16* lmowf_v1 = nullptr;  // with LM_KEY; nullptr where it is not known
};

// False where LM_KEY was negotiated and the LM hash is not known.
bool key_exchange_key(const Key16& session_base_key, const ExchangeInput& input, Key16& out);

// 3.1.5.1.2 and 3.2.5.1.2: whether the AUTHENTICATE_MESSAGE brings the ExportedSessionKey, or it is the KeyExchangeKey.
bool exchanges_key(std::uint32_t flags);

enum class Direction { client_to_server, server_to_client };

// SIGNKEY, 3.4.5.2, with extended session security.
Key16 sign_key(const Key16& exported_session_key, Direction direction);

// SEALKEY, 3.4.5.3: as strong as the flags say. Without extended session security `direction` does not matter, and the
// key is 8 bytes with LM_KEY or DATAGRAM.
Secret seal_key(const Key16& exported_session_key, std::uint32_t flags, Direction direction);

// How many bits the sealing key has by the flags: 128, 56 or 40.
unsigned key_bits(std::uint32_t flags);

// Of the three messages; the bytes of the MIC in the AUTHENTICATE_MESSAGE count as zeros.
Key16 message_integrity_code(const Key16& exported_session_key, Bytes negotiate, Bytes challenge, Bytes authenticate);

}  // namespace opensspi::ntlm
