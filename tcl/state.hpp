// What the extension keeps: contexts of an interpreter, credentials of the process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "opensspi/sspi.hpp"
#include "tcl_api.hpp"
#include "values.hpp"

namespace twapi {

class AccountCallback;
class TraceListener;
class TlsChannel;
struct InterpState;

enum class Phase { negotiating, established, disconnected, failed };

// A security context as a script sees it. Values that name it hold a reference, so that the look-up costs nothing; what
// they reach after sspi_delete_context is a shell whose owner is nullptr. Lives in one thread.
class ContextState {
 public:
  ContextState(InterpState& owning, opensspi::Context&& made) : owner(&owning), context(std::move(made)) {}

  void add_reference() { ++references_; }
  void drop_reference() {
    if (--references_ == 0) delete this;
  }
  bool is_tls() const;
  bool is_negotiate() const;

  InterpState* owner;
  opensspi::Context context;
  std::string name;
  std::u16string package;  // of its credentials
  std::shared_ptr<AccountCallback> accounts;
  Phase phase = Phase::negotiating;
  SECURITY_STATUS failure = SEC_E_OK;  // in Phase::failed
  ByteVector input;                    // from the peer, not used so far: half of a message, or the data behind the last
  ByteVector output;                   // for the peer, not handed over so far
  std::optional<SecPkgContext_Sizes> sizes;  // as of the last step
  std::optional<SecPkgContext_StreamSizes> stream_sizes;
  bool busy = false;  // inside a step, which may call a script for an account

 private:
  ~ContextState() = default;
  int references_ = 0;
};

struct InterpState {
  explicit InterpState(Tcl_Interp* owning) : interp(owning) {}
  InterpState(const InterpState&) = delete;
  InterpState& operator=(const InterpState&) = delete;
  ~InterpState();

  Tcl_Interp* interp;
  std::unordered_map<std::string, ContextState*> contexts;  // one reference each
  std::shared_ptr<TraceListener> trace;
  std::vector<TlsChannel*> tls_channels;             // that call scripts of this interpreter
  std::string tls_socket_command = "::socket";       // a command prefix, which makes the sockets below
  std::optional<CredHandle> tls_client_credentials;  // of channels that were given none
};

// ---- Contexts. ----

// The context that a value names; nullptr with the error where it names none, or where a script called by its own step
// asks for it.
ContextState* find_context(InterpState& state, Tcl_Obj* handle);

// Takes the context into the interpreter and gives the value that names it.
Tcl_Obj* add_context(InterpState& state, ContextState* context);
void delete_context(ContextState* context);

// ---- Credentials: handles are two integers, of no interpreter; each is freed with the interpreter that acquired it.
// ----

struct CredentialInfo {
  std::u16string package;
  std::shared_ptr<AccountCallback> accounts;
};

Tcl_Obj* credential_value(CredHandle handle);
bool get_credential(Tcl_Interp* interp, Tcl_Obj* value, CredHandle& handle);
void add_credential(InterpState& state, CredHandle handle, std::u16string package);
CredentialInfo credential_info(CredHandle handle);  // empty for a handle that is not known
void set_credential_accounts(CredHandle handle, std::shared_ptr<AccountCallback> accounts);
void forget_credential(CredHandle handle);
void free_credentials_of(const InterpState& state);

}  // namespace twapi
