#include "state.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "accounts.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "tls_channel.hpp"
#include "trace.hpp"

namespace twapi {
namespace {

// ---- A context's name, with the context behind it kept in the value. ----

ContextState* cached(const Tcl_Obj* value) { return static_cast<ContextState*>(value->internalRep.twoPtrValue.ptr1); }

void free_context_rep(Tcl_Obj* value) {
  cached(value)->drop_reference();
  value->typePtr = nullptr;
}

extern const Tcl_ObjType kContextType;

void set_context_rep(Tcl_Obj* value, ContextState* context) {
  context->add_reference();
  value->internalRep.twoPtrValue.ptr1 = context;
  value->internalRep.twoPtrValue.ptr2 = nullptr;
  value->typePtr = &kContextType;
}

void copy_context_rep(Tcl_Obj* from, Tcl_Obj* to) { set_context_rep(to, cached(from)); }

// The text is always there: a name becomes such a value, never the other way round.
const Tcl_ObjType kContextType = {"twapi_context",
                                  &free_context_rep,
                                  &copy_context_rep,
                                  nullptr,
                                  nullptr
#ifdef TCL_OBJTYPE_V0
                                  ,
                                  TCL_OBJTYPE_V0
#endif
};

void cache_context(Tcl_Obj* value, ContextState* context) {
  text_of(value);
  if (value->typePtr != nullptr && value->typePtr->freeIntRepProc != nullptr) value->typePtr->freeIntRepProc(value);
  set_context_rep(value, context);
}

ContextState* look_up(InterpState& state, Tcl_Obj* handle) {
  if (handle->typePtr == &kContextType && cached(handle)->owner == &state) return cached(handle);
  const auto found = state.contexts.find(std::string(text_of(handle)));
  if (found == state.contexts.end()) return nullptr;
  cache_context(handle, found->second);
  return found->second;
}

std::string next_name(opensspi::Role role) {
  static std::atomic<std::uint64_t> count{0};
  return (role == opensspi::Role::client ? "sspiclient#" : "sspiserver#") + std::to_string(++count);
}

// ---- The credentials of the process. ----

struct CredentialEntry {
  CredHandle handle;
  const InterpState* owner;
  CredentialInfo info;
};

// Never destroyed: threads may still run when the process ends.
struct CredentialTable {
  std::mutex mutex;
  std::vector<CredentialEntry> entries;

  std::vector<CredentialEntry>::iterator find(const CredHandle& handle) {
    return std::ranges::find_if(entries, [&](const CredentialEntry& entry) {
      return entry.handle.dwLower == handle.dwLower && entry.handle.dwUpper == handle.dwUpper;
    });
  }
};

CredentialTable& credential_table() {
  static auto* table = new CredentialTable;
  return *table;
}

bool get_word(Tcl_Obj* value, ULONG_PTR& word) {
  Tcl_WideInt number = 0;
  if (Tcl_GetWideIntFromObj(nullptr, value, &number) != TCL_OK) return false;
  word = static_cast<ULONG_PTR>(number);
  return true;
}

bool equal_ignoring_case(std::u16string_view a, std::u16string_view b) {
  const auto lower = [](char16_t unit) -> char16_t {
    return unit >= u'A' && unit <= u'Z' ? static_cast<char16_t>(unit + 32) : unit;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool ContextState::is_tls() const {
  return equal_ignoring_case(package, u"Schannel") ||
         equal_ignoring_case(package, u"Microsoft Unified Security Protocol Provider");
}

bool ContextState::is_negotiate() const { return equal_ignoring_case(package, u"Negotiate"); }

InterpState::~InterpState() {
  while (!tls_channels.empty()) leave_interpreter(*tls_channels.back());
  end_trace(*this);
  end_account_callbacks(*this);
  while (!contexts.empty()) delete_context(contexts.begin()->second);
  free_credentials_of(*this);
  release_handles_of(*this);
}

ContextState* find_context(InterpState& state, Tcl_Obj* handle) {
  ContextState* context = look_up(state, handle);
  if (context == nullptr) {
    set_argument_error(state.interp, "Invalid SSPI security context handle " + std::string(text_of(handle)));
  } else if (context->busy) {
    set_argument_error(state.interp,
                       "SSPI security context " + context->name + " is in use by the step that called this");
    return nullptr;
  }
  return context;
}

Tcl_Obj* add_context(InterpState& state, ContextState* context) {
  context->name = next_name(context->context.role());
  context->add_reference();
  state.contexts.emplace(context->name, context);
  Tcl_Obj* value = new_text(std::string_view(context->name));
  set_context_rep(value, context);
  return value;
}

void delete_context(ContextState* context) {
  context->owner->contexts.erase(context->name);
  context->owner = nullptr;
  context->context.close();
  context->input = {};
  context->output = {};
  context->accounts.reset();
  context->drop_reference();
}

Tcl_Obj* credential_value(CredHandle handle) {
  return new_list({Tcl_NewWideIntObj(static_cast<Tcl_WideInt>(handle.dwLower)),
                   Tcl_NewWideIntObj(static_cast<Tcl_WideInt>(handle.dwUpper))});
}

bool get_credential(Tcl_Interp* interp, Tcl_Obj* value, CredHandle& handle) {
  Objects words;
  const bool good = get_list(nullptr, value, words) && words.size() == 2 && get_word(words[0], handle.dwLower) &&
                    get_word(words[1], handle.dwUpper);
  // The value is not repeated: who confuses handle and credentials gives a password here.
  if (!good) {
    set_toolkit_error(interp, Toolkit::invalid_arguments,
                      "Invalid security handle format: a handle is the list of two integers that "
                      "sspi_acquire_credentials returned");
  }
  return good;
}

void add_credential(InterpState& state, CredHandle handle, std::u16string package) {
  CredentialTable& table = credential_table();
  const std::scoped_lock lock(table.mutex);
  table.entries.push_back({handle, &state, {std::move(package), nullptr}});
}

CredentialInfo credential_info(CredHandle handle) {
  CredentialTable& table = credential_table();
  const std::scoped_lock lock(table.mutex);
  const auto entry = table.find(handle);
  return entry == table.entries.end() ? CredentialInfo{} : entry->info;
}

void set_credential_accounts(CredHandle handle, std::shared_ptr<AccountCallback> accounts) {
  CredentialTable& table = credential_table();
  const std::scoped_lock lock(table.mutex);
  const auto entry = table.find(handle);
  if (entry != table.entries.end()) entry->info.accounts = std::move(accounts);
}

void forget_credential(CredHandle handle) {
  CredentialTable& table = credential_table();
  const std::scoped_lock lock(table.mutex);
  const auto entry = table.find(handle);
  if (entry != table.entries.end()) table.entries.erase(entry);
}

void free_credentials_of(const InterpState& state) {
  std::vector<CredentialEntry> mine;
  {
    CredentialTable& table = credential_table();
    const std::scoped_lock lock(table.mutex);
    std::erase_if(table.entries, [&](CredentialEntry& entry) {
      if (entry.owner != &state) return false;
      mine.push_back(std::move(entry));
      return true;
    });
  }
  for (CredentialEntry& entry : mine) FreeCredentialsHandle(&entry.handle);
}

}  // namespace twapi
