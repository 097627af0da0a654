#include "kerberos/silent_kdcs.hpp"

#include <algorithm>

namespace opensspi::kerberos {
namespace {

std::string seconds(SilentKdcs::Clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

std::unexpected<Error> silent(const std::string& name, const std::string& why) {
  return fail(Status::no_authenticating_authority, "KDC",
              name + ": " + why + "; it is not asked anew so soon. See [realms] in krb5.conf");
}

}  // namespace

SilentKdcs& SilentKdcs::of_process() {
  static auto* const kOnly = new SilentKdcs;  // workers may outlive main()
  return *kOnly;
}

Result<std::unique_ptr<SilentKdcs::Question>> SilentKdcs::ask(const std::string& name, Milliseconds patience) {
  const Clock::time_point now = now_();
  const std::scoped_lock lock(mutex_);
  State& state = states_[name];
  if (now < state.silent_until) return silent(name, "no KDC answered a moment ago");
  // A question is put a little later than its caller began to wait.
  const Milliseconds as_long = patience - std::min(patience / 4, kPrompt / 2);
  if (!state.open.empty() && now - state.open.begin()->first > as_long) {
    return silent(name,
                  "a KDC has been asked for " + seconds(now - state.open.begin()->first) + " s without an answer");
  }
  auto question = std::make_unique<Question>(*this, name, now);
  state.open.emplace(now, question.get());
  return question;
}

SilentKdcs::Question::~Question() { owner_.end(*this, name_, begun_, answered_); }

void SilentKdcs::end(const Question& question, const std::string& name, Clock::time_point begun, bool answered) {
  const Clock::time_point now = now_();
  const std::scoped_lock lock(mutex_);
  const auto at = states_.find(name);
  State& state = at->second;
  std::erase_if(state.open, [&](const auto& entry) { return entry.second == &question; });
  if (answered) {
    state.silent_until = {};
  } else if (now - begun > kPrompt) {
    state.silent_until = now + kHold;
  }
  if (state.open.empty() && state.silent_until < now) states_.erase(at);
}

}  // namespace opensspi::kerberos
