// The form of the responses of an AUTHENTICATE_MESSAGE, and which of them may be looked at: the same for every source.
#pragma once

#include "accounts/account_source.hpp"
#include "accounts/owf.hpp"

namespace opensspi::accounts {

enum class ResponseForm { ntlm_v1, ntlm_v1_extended, ntlm_v2 };

inline constexpr std::size_t kProofBytes = 16;  // MS-NLMP 2.2.2.8: NTProofStr, the first of an NTLMv2 response

// SEC_E_LOGON_DENIED: a response that no policy allows (LM or LMv2 alone), NTLMv1 without allow_ntlm_v1, or lengths
// that no response has. Nothing is read before this says so.
Result<ResponseForm> response_form(const LogonRequest& request);

// What an NTLMv1 response encrypts: the server's challenge, or with extended session security the mixture with the
// client's, MS-NLMP 3.3.1.
Block8 v1_challenge(const LogonRequest& request, ResponseForm form);

}  // namespace opensspi::accounts
