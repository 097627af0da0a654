// sspi_last_failure and sspi_trace.
#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "commands.hpp"
#include "errors.hpp"
#include "trace.hpp"

namespace twapi {

// An interpreter that wants the trace. Lines come from any thread; they wait here until the interpreter's thread takes
// them from its event queue.
class TraceListener {
 public:
  TraceListener(InterpState& state, Tcl_Obj* prefix)
      : state_(&state), thread_(Tcl_GetCurrentThread()), prefix_(prefix) {}

  // Any thread.
  void offer(const char* line, const std::shared_ptr<TraceListener>& self);

  // The interpreter's thread.
  void deliver();
  void end() { state_ = nullptr; }
  Tcl_Obj* prefix() const { return prefix_.get(); }
  Tcl_ThreadId thread() const { return thread_; }

 private:
  std::vector<std::string> take();
  void call(Tcl_Interp* interp, const std::string& line) const;

  // A script that never enters its event loop must not fill the memory.
  static constexpr std::size_t kMostLines = 10000;

  InterpState* state_;
  Tcl_ThreadId thread_;
  Object prefix_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::size_t dropped_ = 0;
};

namespace {

struct TraceEvent {
  Tcl_Event header;  // first: Tcl frees the event by it
  std::shared_ptr<TraceListener>* listener;
};

int run_trace_event(Tcl_Event* event, int flags) {
  if ((flags & TCL_FILE_EVENTS) == 0) return 0;
  auto* listener = reinterpret_cast<TraceEvent*>(event)->listener;
  (*listener)->deliver();
  delete listener;
  return 1;
}

// Events that never run, since their thread or listener ends, give their reference back.
int is_event_of(Tcl_Event* event, void* listener) {
  if (event->proc != &run_trace_event) return 0;
  auto* held = reinterpret_cast<TraceEvent*>(event)->listener;
  if (held->get() != listener) return 0;
  delete held;
  return 1;
}

// The library has one trace; this hands its lines to all interpreters that asked.
struct TraceHub {
  std::mutex changing;   // around OpenSspiSetTrace; never held while a line is taken
  std::mutex listening;  // around the list
  std::vector<std::shared_ptr<TraceListener>> listeners;
};

TraceHub& hub() {
  static auto* made = new TraceHub;
  return *made;
}

void take_line(void* /*context*/, const char* line) noexcept {
  try {
    const std::scoped_lock lock(hub().listening);
    for (const auto& listener : hub().listeners) listener->offer(line, listener);
  } catch (const std::bad_alloc&) {
    return;  // a trace that loses a line is better than a log-on that fails
  }
}

bool nobody_listens() {
  const std::scoped_lock lock(hub().listening);
  return hub().listeners.empty();
}

SECURITY_STATUS add_listener(const std::shared_ptr<TraceListener>& listener) {
  const std::scoped_lock lock(hub().changing);
  if (nobody_listens()) {
    const SECURITY_STATUS status = OpenSspiSetTrace(&take_line, nullptr);
    if (status != SEC_E_OK) return status;
  }
  const std::scoped_lock list_lock(hub().listening);
  hub().listeners.push_back(listener);
  return SEC_E_OK;
}

void remove_listener(const std::shared_ptr<TraceListener>& listener) {
  const std::scoped_lock lock(hub().changing);
  {
    const std::scoped_lock list_lock(hub().listening);
    std::erase(hub().listeners, listener);
  }
  if (nobody_listens()) OpenSspiSetTrace(nullptr, nullptr);
}

int trace(InterpState& state, Objects words) {
  if (words.size() == 1) {
    if (state.trace) Tcl_SetObjResult(state.interp, state.trace->prefix());
    return TCL_OK;
  }
  Objects prefix;
  if (!get_list(state.interp, words[1], prefix)) return TCL_ERROR;
  end_trace(state);
  if (prefix.empty()) return TCL_OK;
  auto listener = std::make_shared<TraceListener>(state, words[1]);
  const SECURITY_STATUS status = add_listener(listener);
  if (status != SEC_E_OK) return set_status_error(state.interp, status);
  state.trace = std::move(listener);
  return TCL_OK;
}

int last_failure(InterpState& state, Objects /*words*/) {
  const opensspi::Error failure = opensspi::last_failure();
  const std::string_view name = opensspi::status_name(failure.status);
  Tcl_Obj* dict = Tcl_NewDictObj();
  put(dict, "-status", Tcl_NewWideIntObj(failure.status));
  put(dict, "-name", new_text(name));
  put(dict, "-package", new_text(std::string_view(failure.package)));
  put(dict, "-check", new_text(std::string_view(failure.check)));
  put(dict, "-text", new_text(std::string_view(failure.text)));
  Tcl_SetObjResult(state.interp, dict);
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_last_failure", &last_failure, 1, 1, nullptr},
    {"sspi_trace", &trace, 1, 2, "?prefix?"},
};

}  // namespace

CommandGroup diagnostic_commands() { return kCommands; }

void end_trace(InterpState& state) {
  if (!state.trace) return;
  remove_listener(state.trace);
  state.trace->end();
  Tcl_DeleteEvents(&is_event_of, state.trace.get());
  state.trace.reset();
}

// The first line of a batch wakes the thread; those that follow are taken with it.
void TraceListener::offer(const char* line, const std::shared_ptr<TraceListener>& self) {
  {
    const std::scoped_lock lock(mutex_);
    if (lines_.size() == kMostLines) {
      ++dropped_;
      return;
    }
    lines_.emplace_back(line);
    if (lines_.size() > 1) return;
  }
  void* memory = Tcl_Alloc(sizeof(TraceEvent));
  auto* event = static_cast<TraceEvent*>(memory);
  event->header.proc = &run_trace_event;
  event->header.nextPtr = nullptr;
  event->listener = new std::shared_ptr<TraceListener>(self);
  Tcl_ThreadQueueEvent(thread_, &event->header, TCL_QUEUE_TAIL);
  Tcl_ThreadAlert(thread_);
}

std::vector<std::string> TraceListener::take() {
  const std::scoped_lock lock(mutex_);
  if (dropped_ != 0) lines_.push_back("the trace lost " + std::to_string(dropped_) + " lines that nobody took in time");
  dropped_ = 0;
  return std::exchange(lines_, {});
}

void TraceListener::deliver() {
  const std::vector<std::string> lines = take();
  if (state_ == nullptr) return;
  Tcl_Interp* interp = state_->interp;
  Tcl_Preserve(interp);
  for (const std::string& line : lines) {
    if (state_ == nullptr || Tcl_InterpDeleted(interp)) break;  // the script before ended the trace
    call(interp, line);
  }
  Tcl_Release(interp);
}

void TraceListener::call(Tcl_Interp* interp, const std::string& line) const {
  const Object command(Tcl_DuplicateObj(prefix_.get()));
  Tcl_ListObjAppendElement(nullptr, command.get(), new_text(std::string_view(line)));
  const int code = Tcl_EvalObjEx(interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  if (code != TCL_OK) Tcl_BackgroundException(interp, code);
}

}  // namespace twapi
