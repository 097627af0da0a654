// sspi_account_source: where a server credential's log-ons are verified, also by a script.
#include "accounts.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "commands.hpp"
#include "conceal.hpp"
#include "errors.hpp"
#include "nt_hash.hpp"

namespace twapi {

// A command prefix of an interpreter, called as `{*}prefix USER DOMAIN` in the interpreter's own thread.
class AccountCallback {
 public:
  AccountCallback(const InterpState& state, std::string_view prefix)
      : interp_(state.interp), owner_(&state), thread_(Tcl_GetCurrentThread()), prefix_(prefix) {}

  bool belongs_to(const InterpState& state) const { return owner_ == &state; }
  bool callable() const { return thread_ == Tcl_GetCurrentThread() && interp_ != nullptr; }
  void end() { interp_ = nullptr; }

  SECURITY_STATUS call(std::u16string_view user, std::u16string_view domain, OPENSSPI_ACCOUNT& account) const;

 private:
  Tcl_Interp* interp_;
  const InterpState* owner_;
  Tcl_ThreadId thread_;
  std::string prefix_;  // text: the last reference may go in another thread, where no Tcl_Obj may be freed
};

namespace {

// The provider knows a callback by a number, since its contexts may outlive everything of ours.
struct CallbackTable {
  std::mutex mutex;
  std::uintptr_t last_number = 0;
  std::unordered_map<std::uintptr_t, std::weak_ptr<AccountCallback>> callbacks;
};

CallbackTable& callback_table() {
  static auto* table = new CallbackTable;
  return *table;
}

std::shared_ptr<AccountCallback> find_callback(std::uintptr_t number) {
  CallbackTable& table = callback_table();
  const std::scoped_lock lock(table.mutex);
  const auto found = table.callbacks.find(number);
  return found == table.callbacks.end() ? nullptr : found->second.lock();
}

std::uintptr_t add_callback(const std::shared_ptr<AccountCallback>& callback) {
  CallbackTable& table = callback_table();
  const std::scoped_lock lock(table.mutex);
  std::erase_if(table.callbacks, [](const auto& entry) { return entry.second.expired(); });
  table.callbacks.emplace(++table.last_number, callback);
  return table.last_number;
}

Tcl_Obj* dict_value(Tcl_Obj* dict, const char* name) {
  const Object key(Tcl_NewStringObj(name, -1));
  Tcl_Obj* value = nullptr;
  Tcl_DictObjGet(nullptr, dict, key.get(), &value);
  return value;
}

template <std::size_t N>
bool copy_name(Tcl_Obj* value, SEC_WCHAR (&to)[N]) {
  if (value == nullptr) return true;
  const std::u16string name = utf16_of(value);
  if (name.size() >= N || has_nul(value)) return false;
  std::ranges::copy(name, to);
  to[name.size()] = 0;
  return true;
}

// What is wrong with the script's answer; nullptr for nothing.
const char* read_answer(Tcl_Obj* answer, OPENSSPI_ACCOUNT& account) {
  Tcl_Size size = 0;
  if (Tcl_DictObjSize(nullptr, answer, &size) != TCL_OK) return "the answer is no dict";
  Tcl_Obj* hash_value = dict_value(answer, "-nthash");
  Tcl_Obj* password_value = dict_value(answer, "-password");
  if ((hash_value == nullptr) == (password_value == nullptr)) return "the answer needs one of -nthash and -password";
  const SecretText secret = password_of(hash_value != nullptr ? hash_value : password_value);
  NtHash hash{};
  if (hash_value == nullptr) {
    hash = nt_hash(secret.view());
  } else if (!parse_nt_hash(secret.view(), hash)) {
    return "-nthash is not 32 hexadecimal digits, nor such digits concealed";
  }
  std::memcpy(account.NtHash, hash.data(), hash.size());
  wipe(hash.data(), hash.size());
  if (!copy_name(dict_value(answer, "-account"), account.Account) ||
      !copy_name(dict_value(answer, "-domain"), account.Domain)) {
    return "-account and -domain are at most 256 characters, none of them NUL";
  }
  return nullptr;
}

SECURITY_STATUS answer_of(Tcl_Interp* interp, OPENSSPI_ACCOUNT& account) {
  const Object answer(Tcl_GetObjResult(interp));
  if (text_of(answer.get()).empty()) return SEC_E_LOGON_DENIED;
  const char* fault = read_answer(answer.get(), account);
  if (fault == nullptr) return SEC_E_OK;
  set_argument_error(interp, std::string("account source callback: ") + fault);
  Tcl_BackgroundException(interp, TCL_ERROR);
  return SEC_E_INTERNAL_ERROR;
}

SECURITY_STATUS call_script(void* number, const SEC_WCHAR* user, const SEC_WCHAR* domain,
                            OPENSSPI_ACCOUNT* account) noexcept {
  try {
    const auto callback = find_callback(reinterpret_cast<std::uintptr_t>(number));
    if (!callback || !callback->callable()) return SEC_E_INTERNAL_ERROR;
    return callback->call(opensspi::from_wide(user), opensspi::from_wide(domain), *account);
  } catch (const std::bad_alloc&) {
    return SEC_E_INSUFFICIENT_MEMORY;
  }
}

int set_accounts(Tcl_Interp* interp, CredHandle handle, OPENSSPI_ACCOUNTS accounts) {
  const SECURITY_STATUS status =
      SetCredentialsAttributesW(&handle, OPENSSPI_CRED_ATTR_ACCOUNTS, &accounts, sizeof accounts);
  return status == SEC_E_OK ? TCL_OK : set_error(interp, opensspi::failed(status).error());
}

// `{callback PREFIX}`: everything behind the word is the prefix.
int set_callback(InterpState& state, CredHandle handle, Objects prefix) {
  if (prefix.empty()) {
    return set_argument_error(state.interp, "Invalid account source 'callback': a command prefix must follow the word");
  }
  const Object list(Tcl_NewListObj(static_cast<Tcl_Size>(prefix.size()), prefix.data()));
  const auto callback = std::make_shared<AccountCallback>(state, text_of(list.get()));
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a number all the way, never an address
  void* number = reinterpret_cast<void*>(add_callback(callback));
  if (set_accounts(state.interp, handle, {nullptr, &call_script, number}) != TCL_OK) return TCL_ERROR;
  set_credential_accounts(handle, callback);
  return TCL_OK;
}

int account_source(InterpState& state, Objects words) {
  CredHandle handle{};
  if (!get_credential(state.interp, words[1], handle)) return TCL_ERROR;
  Objects source;
  if (get_list(nullptr, words[2], source) && !source.empty() && text_of(source[0]) == "callback") {
    return set_callback(state, handle, source.subspan(1));
  }
  if (has_nul(words[2])) {
    return set_argument_error(state.interp, "Invalid account source '" + std::string(text_of(words[2])) +
                                                "': it has a NUL character, which no path has");
  }
  const opensspi::WideText name = opensspi::to_wide(utf16_of(words[2]));
  return set_accounts(state.interp, handle, {name.c_str(), nullptr, nullptr});
}

constexpr CommandEntry kCommands[] = {
    {"sspi_account_source", &account_source, 3, 3, "cred source"},
};

}  // namespace

CommandGroup account_commands() { return kCommands; }

// The state of the interpreter is kept: this runs inside a command that has yet to set its own result.
SECURITY_STATUS AccountCallback::call(std::u16string_view user, std::u16string_view domain,
                                      OPENSSPI_ACCOUNT& account) const {
  Tcl_Interp* interp = interp_;
  Tcl_Preserve(interp);
  Tcl_InterpState saved = Tcl_SaveInterpState(interp, TCL_OK);
  const Object command(new_text(std::string_view(prefix_)));
  Tcl_ListObjAppendElement(nullptr, command.get(), new_text(user));
  Tcl_ListObjAppendElement(nullptr, command.get(), new_text(domain));
  SECURITY_STATUS status = SEC_E_INTERNAL_ERROR;
  const int code = Tcl_EvalObjEx(interp, command.get(), TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  if (code == TCL_OK || code == TCL_RETURN) {
    status = answer_of(interp, account);
  } else {
    Tcl_BackgroundException(interp, code);
  }
  Tcl_RestoreInterpState(interp, saved);
  Tcl_Release(interp);
  return status;
}

void end_account_callbacks(const InterpState& state) {
  CallbackTable& table = callback_table();
  const std::scoped_lock lock(table.mutex);
  for (const auto& [number, entry] : table.callbacks) {
    const auto callback = entry.lock();
    if (callback && callback->belongs_to(state)) callback->end();
  }
}

}  // namespace twapi
