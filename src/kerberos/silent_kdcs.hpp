// SilentKdcs: which KDCs let callers wait, so that the next caller does not wait for them too.
//
// A question is under a name: the realm, and for tickets the realm or host of the service. While one is open for longer
// than a new caller would wait, and for some seconds after it ended without an answer, the new caller is told at once.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"

namespace opensspi::kerberos {

class SilentKdcs {
 public:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  // What answers, or fails, sooner than this is asked anew each time.
  static constexpr Milliseconds kPrompt{500};
  static constexpr Milliseconds kHold{10'000};

  // `now`: the clock, which tests stop.
  explicit SilentKdcs(Clock::time_point (*now)() = Clock::now) : now_(now) {}

  // A question that is open until this ends.
  class Question {
   public:
    Question(SilentKdcs& owner, std::string name, Clock::time_point begun)
        : owner_(owner), name_(std::move(name)), begun_(begun) {}
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question();

    // The KDC answered, whatever it said.
    void answered() { answered_ = true; }

   private:
    SilentKdcs& owner_;
    const std::string name_;
    const Clock::time_point begun_;
    bool answered_ = false;
  };

  // SEC_E_NO_AUTHENTICATING_AUTHORITY: nobody answered this question a moment ago.
  Result<std::unique_ptr<Question>> ask(const std::string& name, Milliseconds patience);

  static SilentKdcs& of_process();

 private:
  struct State {
    std::multimap<Clock::time_point, const Question*> open;
    Clock::time_point silent_until{};
  };
  void end(const Question& question, const std::string& name, Clock::time_point begun, bool answered);

  Clock::time_point (*const now_)();
  std::mutex mutex_;
  std::map<std::string, State> states_;
};

}  // namespace opensspi::kerberos
