#include "accounts/winbind.hpp"

#include <algorithm>
#include <optional>

#include "accounts/response.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "base/workers.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "winbind";

// What winbindd's or the domain's NTSTATUS means to an SSPI caller. A status of the account itself is always
// SEC_E_LOGON_DENIED, so that a peer cannot tell one from another.
struct Meaning {
  std::uint32_t nt_status;
  Status status;
  const char* text;
};

constexpr Status kDenied = Status::logon_denied;
constexpr Status kNoAuthority = Status::no_authenticating_authority;

constexpr const char* kNoPrivilege =
    "winbindd verifies log-ons only for root and the group winbindd_priv: run as a user who is a member of it (usermod "
    "-aG winbindd_priv USER), and start the process anew";

constexpr Meaning kMeanings[] = {
    {0xC0000064, kDenied, "there is no such user"},
    {0xC000006A, kDenied, "the password is wrong"},
    {0xC000006D, kDenied,
     "the user or the password is wrong, or netbios_name in [host] is not the name by which this host joined the "
     "domain"},
    {0xC000006E, kDenied, "the account has a restriction that forbids it"},
    {0xC000006F, kDenied, "the account may not log on at this hour"},
    {0xC0000070, kDenied, "the account may not log on from this workstation"},
    {0xC0000071, kDenied, "the password has expired"},
    {0xC0000072, kDenied, "the account is disabled"},
    {0xC00000DF, kDenied, "there is no such domain"},
    {0xC000015B, kDenied, "the account may not log on over a network"},
    {0xC0000193, kDenied, "the account has expired"},
    {0xC0000198, kDenied, "it is a domain's trust account"},
    {0xC0000199, kDenied, "it is a workstation's trust account"},
    {0xC000019A, kDenied, "it is a server's trust account"},
    {0xC0000224, kDenied, "the password must be changed first"},
    {0xC0000234, kDenied, "the account is locked out"},
    {0xC0000413, kDenied, "the domain's authentication firewall forbids this account here"},
    {0xC0000022, kNoAuthority, kNoPrivilege},
    {0xC000005E, kNoAuthority, "no domain controller can be reached (wbinfo --ping-dc tells more)"},
    {0xC0000233, kNoAuthority, "no domain controller can be found (wbinfo --ping-dc tells more)"},
    {0xC00000B5, kNoAuthority, "the domain controller did not answer in time"},
    {0xC00000BE, kNoAuthority, "the domain controller's address cannot be reached"},
    {0xC00000DC, kNoAuthority, "the domain controller is in a state in which it cannot answer"},
    {0xC0000133, kNoAuthority, "the clocks of this host and of the domain controller differ too much"},
    {0xC000018A, kNoAuthority, "this host is not joined to the domain (net ads testjoin tells more)"},
    {0xC000018B, kNoAuthority, "the domain has no account for this host; join it again (net ads join)"},
    {0xC000018D, kNoAuthority, "the trust between this host and the domain is broken; join it again (net ads join)"},
};

std::unexpected<Error> refuse(Status status, std::string why) { return fail(status, kCheck, std::move(why)); }

std::unexpected<Error> refuse_nt_status(const std::string& who, std::uint32_t nt_status) {
  const auto* meaning = std::ranges::find(kMeanings, nt_status, &Meaning::nt_status);
  if (meaning == std::end(kMeanings)) {
    return refuse(Status::internal_error, who + ": winbindd answered NTSTATUS " + hex32(nt_status));
  }
  return refuse(meaning->status, who + ": " + meaning->text + " (NTSTATUS " + hex32(nt_status) + ")");
}

// What the library hands out, freed when it ends.
class Answer {
 public:
  explicit Answer(const wbc::Library& library) : library_(library) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (info != nullptr) {
      wipe(info->user_session_key, sizeof info->user_session_key);
      wipe(info->lm_session_key, sizeof info->lm_session_key);
      library_.free_memory(info);
    }
    if (error != nullptr) library_.free_memory(error);
  }

  wbc::AuthUserInfo* info = nullptr;
  wbc::AuthErrorInfo* error = nullptr;

 private:
  const wbc::Library& library_;
};

// A log-on as the library wants it: terminated texts, and bytes that it does not declare const.
struct Question {
  std::string user, domain, workstation;
  ByteVector nt_response, lm_response;
  wbc::AuthUserParams parameters{};

  Question(const LogonRequest& request, ResponseForm form);
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
};

Question::Question(const LogonRequest& request, ResponseForm form)
    : user(to_utf8(request.user)),
      domain(to_utf8(request.domain)),
      workstation(to_utf8(request.workstation)),
      nt_response(request.nt_response.begin(), request.nt_response.end()) {
  // With extended session security a domain controller gets the mixed challenge, and the LM field is no response.
  const Block8 challenge = v1_challenge(request, form);
  if (form != ResponseForm::ntlm_v1_extended)
    lm_response.assign(request.lm_response.begin(), request.lm_response.end());
  parameters.account_name = user.c_str();
  parameters.domain_name = domain.c_str();
  parameters.workstation_name = workstation.c_str();
  // As an NTLM server of Windows does: services log on as their machine.
  parameters.parameter_control = wbc::kAllowServerTrustAccount | wbc::kAllowWorkstationTrustAccount;
  parameters.level = wbc::kLevelResponse;
  copy_bytes(parameters.response.challenge, challenge);
  parameters.response.nt_length = static_cast<std::uint32_t>(nt_response.size());
  parameters.response.nt_data = nt_response.data();
  parameters.response.lm_length = static_cast<std::uint32_t>(lm_response.size());
  parameters.response.lm_data = lm_response.empty() ? nullptr : lm_response.data();
}

constinit Workers workers{
    "winbind", "winbindd hangs, or waits for a domain controller that does; see wbinfo --ping and --ping-dc"};

std::unexpected<Error> refusal(const wbc::Library& library, wbc::Error outcome, const Answer& answer,
                               const std::string& who) {
  if (outcome == wbc::Error::authentication_error && answer.error != nullptr) {
    return refuse_nt_status(who, answer.error->nt_status);
  }
  if (outcome == wbc::Error::unknown_user) return refuse(kDenied, who + ": there is no such user");
  if (outcome == wbc::Error::domain_not_found) return refuse(kDenied, who + ": there is no such domain");
  const char* text = library.error_text(outcome);
  return refuse(Status::internal_error, who + ": libwbclient answered " + (text == nullptr ? "nothing" : text));
}

// The library says the same of a privileged pipe that this process cannot open; the other pipe is for everybody.
std::unexpected<Error> unavailable(const wbc::Library& library, wbc::Context* context) {
  if (library.ping(context) == wbc::Error::success) return refuse(kNoAuthority, kNoPrivilege);
  return refuse(kNoAuthority, "winbindd does not answer; start it (systemctl start winbind) and see wbinfo --ping");
}

std::optional<std::u16string> text_of(const char* utf8) {
  if (utf8 == nullptr || *utf8 == '\0') return std::nullopt;
  auto text = to_utf16(utf8);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

Result<Verdict> verdict_of(const wbc::Library& library, const wbc::AuthUserInfo& info, const std::string& who) {
  Verdict verdict;
  auto account = text_of(info.account_name);
  auto domain = text_of(info.domain_name);
  if (!account || !domain) return refuse(Status::internal_error, who + ": winbindd named no account and domain for it");
  verdict.account = std::move(*account);
  verdict.domain = std::move(*domain);
  for (std::uint32_t i = 0; i < info.sid_count; ++i) {
    std::array<char, wbc::kSidTextBytes> text{};
    const int length = library.sid_to_text(&info.sids[i].sid, text.data(), static_cast<int>(text.size()));
    if (length <= 0) return refuse(Status::internal_error, who + ": winbindd gave a malformed SID");
    verdict.sids.push_back(text_of(text.data()).value_or(u""));
  }
  verdict.guest = (info.user_flags & wbc::kUserIsGuest) != 0;
  if (verdict.guest) return verdict;  // MS-NLMP 3.2.5.1.2: its session key stays Z(16)
  copy_bytes(verdict.session_base_key.writable(), info.user_session_key);
  if (equal_in_constant_time(verdict.session_base_key.bytes(), Key16().bytes())) {
    return refuse(Status::internal_error, who + ": winbindd gave no session key for it");
  }
  return verdict;
}

Result<Verdict> ask(const wbc::Library& library, const Question& question, const std::string& who) {
  // A connection of its own for each log-on: the library's contexts are neither for threads nor for forks.
  const std::unique_ptr<wbc::Context, void (*)(wbc::Context*)> context(library.create_context(), library.free_context);
  if (!context) return refuse(Status::insufficient_memory, "libwbclient has no memory for a connection");
  Answer answer(library);
  const wbc::Error outcome =
      library.authenticate_user(context.get(), &question.parameters, &answer.info, &answer.error);
  if (outcome == wbc::Error::winbind_not_available) return unavailable(library, context.get());
  if (outcome != wbc::Error::success || answer.info == nullptr) return refusal(library, outcome, answer, who);
  return verdict_of(library, *answer.info, who);
}

class WinbindSource final : public AccountSource {
 public:
  WinbindSource(const wbc::Library& library, Milliseconds deadline) : library_(library), deadline_(deadline) {}

  std::string name() const override { return "winbind"; }
  Result<Verdict> verify(const LogonRequest& request) const override;

 private:
  const wbc::Library library_;
  const Milliseconds deadline_;
};

Result<Verdict> WinbindSource::verify(const LogonRequest& request) const {
  const auto form = response_form(request);
  if (!form) return std::unexpected<Error>(form.error());
  auto question = std::make_unique<const Question>(request, *form);
  const std::string who = "\"" + trace::printable(question->domain + "\\" + question->user) + "\"";
  if (request.user.contains(u'\0') || request.domain.contains(u'\0') || request.workstation.contains(u'\0')) {
    return refuse(kDenied, who + ": a name has a NUL character");
  }
  // All by value: the thread may outlive this call, and the source.
  return workers.within<Verdict>(
      deadline_, "whether " + who + " may log on",
      [library = library_, question = std::move(question), who] { return ask(library, *question, who); });
}

}  // namespace

Result<std::shared_ptr<const AccountSource>> open_winbind_source(Milliseconds deadline) {
  auto library = wbc::load();
  if (!library) return fail(library);
  return make_winbind_source(*library, deadline);
}

std::shared_ptr<const AccountSource> make_winbind_source(const wbc::Library& library, Milliseconds deadline) {
  return std::make_shared<WinbindSource>(library, deadline);
}

}  // namespace opensspi::accounts
