#include "accounts/response.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "NTLM response";
constexpr std::size_t kChallengeBytes = 8;
constexpr std::size_t kV1Bytes = 24;       // MS-NLMP 2.2.2.6; LM and LMv2 responses have the same length
constexpr std::size_t kLeastV2Bytes = 48;  // 16 of proof, 28 of fixed fields, one MsvAvEOL

std::unexpected<Error> deny(std::string why) { return fail(Status::logon_denied, kCheck, std::move(why)); }

std::string bytes_text(std::size_t size) { return std::to_string(size) + " bytes"; }

}  // namespace

Result<ResponseForm> response_form(const LogonRequest& request) {
  const std::size_t size = request.nt_response.size();
  if (request.server_challenge.size() != kChallengeBytes) {
    return fail(Status::internal_error, kCheck,
                "the server's challenge has " + bytes_text(request.server_challenge.size()) + "; it must have 8");
  }
  // CVE-2019-1338: nothing protects the names and flags beside an LMv2 response.
  if (size == 0) return deny("no NtChallengeResponse; an LM or LMv2 response alone is refused");
  if (size >= kLeastV2Bytes) return ResponseForm::ntlm_v2;
  if (size != kV1Bytes) {
    return deny("NtChallengeResponse has " + bytes_text(size) + "; NTLMv2 has at least 48, NTLMv1 has 24");
  }
  if (!request.allow_ntlm_v1) {
    return deny("the client sent an NTLMv1 response; only NTLMv2 is accepted (allow_weak would accept it)");
  }
  if (!request.extended_session_security) return ResponseForm::ntlm_v1;
  if (request.lm_response.size() != kV1Bytes) {
    return deny("LmChallengeResponse has " + bytes_text(request.lm_response.size()) +
                "; with extended session security it must have 24 that begin with the client's challenge");
  }
  return ResponseForm::ntlm_v1_extended;
}

Block8 v1_challenge(const LogonRequest& request, ResponseForm form) {
  if (form == ResponseForm::ntlm_v1_extended) {
    return session_challenge(request.server_challenge, request.lm_response.first(kChallengeBytes));
  }
  Block8 challenge{};
  copy_bytes(challenge, request.server_challenge.first(kChallengeBytes));
  return challenge;
}

}  // namespace opensspi::accounts
