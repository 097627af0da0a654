#include "base/trace.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.hpp"
#include "base/trace_file.hpp"

namespace opensspi::trace {
namespace {

// A function and how many calls of it run.
struct Slot {
  Function function;
  void* context;
  std::atomic<int> calls{0};
};

struct State {
  std::unique_ptr<TraceFile> file;  // set once, before anybody sees the state
  std::mutex mutex;                 // never held while a function is called
  std::shared_ptr<Slot> current;
  std::vector<std::shared_ptr<Slot>> retired;  // replaced; calls of them may still run
};

// 1 where a file or a function is there; -1 until the environment has been read.
constinit std::atomic<int> listening{-1};

// The function that this thread is within.
thread_local const Slot* entered = nullptr;

State* state_of_process = nullptr;

// Another thread may hold the mutex, or be within the function, when a process forks; the child has only this thread.
void before_fork() { state_of_process->mutex.lock(); }
void parent_after_fork() { state_of_process->mutex.unlock(); }
void child_after_fork() {
  State& state = *state_of_process;
  const auto recount = [](Slot& slot) { slot.calls = &slot == entered ? 1 : 0; };
  if (state.current) recount(*state.current);
  for (const auto& slot : state.retired) recount(*slot);
  state.mutex.unlock();
}

std::unique_ptr<TraceFile> open_file_of_environment() {
  const char* path = secure_getenv("OPENSSPI_TRACE");
  if (path == nullptr || *path == '\0') return nullptr;
  auto file = TraceFile::open(path);
  if (file) return std::move(*file);
  // The owner asked for a trace and gets none: the only place left to say so.
  std::fprintf(stderr, "opensspi: OPENSSPI_TRACE: %s\n", file.error().detail.c_str());
  return nullptr;
}

State* make_state() {
  auto* state = new State;  // never destroyed: threads may trace while the process ends
  state->file = open_file_of_environment();
  state_of_process = state;
  pthread_atfork(before_fork, parent_after_fork, child_after_fork);
  listening = state->file != nullptr ? 1 : 0;
  return state;
}

State& the_state() {
  static State* const kState = make_state();
  return *kState;
}

// A call of the function of the moment; empty where there is none, or where this thread is within one already.
class Call {
 public:
  explicit Call(State& state) {
    if (entered != nullptr) return;
    const std::lock_guard lock(state.mutex);
    if (!state.current) return;
    slot_ = state.current;
    ++slot_->calls;
    entered = slot_.get();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (!slot_) return;
    entered = nullptr;
    if (--slot_->calls == 0) slot_->calls.notify_all();
  }

  void operator()(const char* text) const {
    if (slot_) slot_->function(slot_->context, text);
  }

 private:
  std::shared_ptr<Slot> slot_;
};

void append_printable(std::string& to, char c) {
  if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
    to.push_back(c);
  } else {
    const auto byte = static_cast<std::uint8_t>(c);
    to += "\\x" + to_hex({&byte, 1});
  }
}

// "2026-11-23T06:10:00.123456Z [4711] NTLM: ": the time in UTC, the kernel's number of the thread.
std::string head(std::string_view package) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  std::array<char, 32> date{};
  const std::size_t length = strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 64> rest{};
  std::snprintf(rest.data(), rest.size(), ".%06ldZ [%ld] ", now.tv_nsec / 1000, static_cast<long>(gettid()));
  return std::string(date.data(), length) + rest.data() + std::string(package) + ": ";
}

void hand_out(State& state, std::string& line_text) {
  Call{state}(line_text.c_str());
  if (!state.file) return;
  line_text.push_back('\n');
  state.file->write(line_text);
}

void wait_until_idle(const Slot& slot) {
  for (int calls = slot.calls; calls != 0; calls = slot.calls) slot.calls.wait(calls);
}

}  // namespace

bool enabled() {
  if (listening.load(std::memory_order_relaxed) < 0) the_state();
  return listening.load(std::memory_order_relaxed) > 0;
}

void line(std::string_view package, std::string_view text) {
  if (!enabled()) return;
  State& state = the_state();
  const std::string first = head(package);
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string one = first;
    for (const char c : text.substr(0, end)) append_printable(one, c);
    hand_out(state, one);
    if (end == text.size()) return;
    text.remove_prefix(end + 1);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) append_printable(out, c);
  return out;
}

void set_function(Function function, void* context) {
  State& state = the_state();
  std::vector<std::shared_ptr<Slot>> earlier;
  {
    const std::lock_guard lock(state.mutex);
    if (state.current) state.retired.push_back(std::move(state.current));
    state.current = function == nullptr ? nullptr : std::make_shared<Slot>(function, context);
    listening = state.file != nullptr || state.current != nullptr ? 1 : 0;
    earlier = state.retired;
  }
  if (entered != nullptr) return;
  for (const auto& slot : earlier) wait_until_idle(*slot);
  const std::lock_guard lock(state.mutex);
  std::erase_if(state.retired, [](const auto& slot) { return slot->calls == 0; });
}

}  // namespace opensspi::trace
