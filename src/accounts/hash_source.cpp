#include "accounts/account_source.hpp"
#include "accounts/owf.hpp"
#include "accounts/response.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "crypto/digest.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "log-on";

// What stands in for an unknown account's hash: random, so that no password fits it, and one for the process.
Key16 dummy_hash() {
  static const auto* const kDummy = [] {
    auto* dummy = new Key16;
    system_host().random(dummy->writable());
    return dummy;
  }();
  return kDummy->clone();
}

struct Proven {
  bool matches = false;
  Key16 session_base_key;
};

// MS-NLMP 3.3.2: the proof covers the server's challenge and everything behind it.
Proven prove_v2(const Key16& nt_hash, const LogonRequest& request) {
  const Key16 key = ntowf_v2(nt_hash, request.user, request.domain);
  const Bytes claimed = request.nt_response.first(kProofBytes);
  const Key16 proof = nt_proof(key, request.server_challenge, request.nt_response.subspan(kProofBytes));
  return {equal_in_constant_time(proof.bytes(), claimed), crypto::hmac_md5(key.bytes(), {claimed})};
}

// MS-NLMP 3.3.1.
Proven prove_v1(const Key16& nt_hash, const LogonRequest& request, ResponseForm form) {
  const Block8 challenge = v1_challenge(request, form);
  const Response24 expected = desl(nt_hash, challenge);
  return {equal_in_constant_time(expected, request.nt_response), crypto::md4(nt_hash.bytes())};
}

// For an unknown account, so that it costs what a wrong password costs: a copy of names and a hash.
HashSource::Account stand_in(const LogonRequest& request) {
  HashSource::Account account;
  account.nt_hash = dummy_hash();
  account.account = request.user;
  account.domain = request.domain;
  return account;
}

// No password has this hash: it is what a program leaves that fills in none.
bool is_zeros(const Key16& nt_hash) { return equal_in_constant_time(nt_hash.bytes(), Key16().bytes()); }

std::string claim(const LogonRequest& request) {
  return "\"" + trace::printable(to_utf8(request.domain) + "\\" + to_utf8(request.user)) + "\"";
}

std::unexpected<Error> deny(std::string why) { return fail(Status::logon_denied, kCheck, std::move(why)); }

}  // namespace

Result<Verdict> HashSource::verify(const LogonRequest& request) const {
  const auto form = response_form(request);
  if (!form) return std::unexpected<Error>(form.error());
  auto found = find(request.user, request.domain);
  if (!found && found.error().status != Status::logon_denied) return fail(found);
  Account account = found ? std::move(*found) : stand_in(request);
  Proven proven =
      *form == ResponseForm::ntlm_v2 ? prove_v2(account.nt_hash, request) : prove_v1(account.nt_hash, request, *form);
  if (!found) return deny(claim(request) + ": " + found.error().detail);
  if (account.may_not_log_on.empty() && is_zeros(account.nt_hash)) {
    account.may_not_log_on = "its source gave no NT hash, but zeros";
  }
  if (!account.may_not_log_on.empty()) return deny(claim(request) + " may not log on: " + account.may_not_log_on);
  if (!proven.matches) return deny(claim(request) + ": the response does not fit the account's password");
  Verdict verdict;
  verdict.session_base_key = std::move(proven.session_base_key);
  verdict.has_lmowf_v1 = *form != ResponseForm::ntlm_v2 && account.has_lm_hash;
  if (verdict.has_lmowf_v1) verdict.lmowf_v1 = std::move(account.lm_hash);
  verdict.account = std::move(account.account);
  verdict.domain = std::move(account.domain);
  verdict.sids = std::move(account.sids);
  return verdict;
}

}  // namespace opensspi::accounts
