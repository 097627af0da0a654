// What a context answers.
#include "certificates.hpp"
#include "commands.hpp"
#include "context_options.hpp"
#include "errors.hpp"
#include "opensspi/schannel.h"

namespace twapi {
namespace {

using opensspi::Role;

void append(Tcl_Obj* list, const char* key, Tcl_Obj* value) {
  Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj(key, -1));
  Tcl_ListObjAppendElement(nullptr, list, value);
}

const Option* options_of(Role role) { return role == Role::client ? kClientContextOptions : kServerContextOptions; }

int features(InterpState& state, Objects words) {
  const ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  const auto flags = context->context.flags();
  if (!flags) return set_error(state.interp, flags.error());
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  append(list, "-raw", Tcl_NewWideIntObj(*flags));
  for (const Option* option = options_of(context->context.role()); option->name != nullptr; ++option) {
    if (option->kind == Kind::boolean) append(list, option->name, Tcl_NewBooleanObj((*flags & option->flag) != 0));
  }
  Tcl_SetObjResult(state.interp, list);
  return TCL_OK;
}

int sizes(InterpState& state, Objects words) {
  const ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  const auto answer = context->context.sizes();
  if (!answer) return set_error(state.interp, answer.error());
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  append(list, "-maxtoken", Tcl_NewWideIntObj(answer->cbMaxToken));
  append(list, "-maxsig", Tcl_NewWideIntObj(answer->cbMaxSignature));
  append(list, "-blocksize", Tcl_NewWideIntObj(answer->cbBlockSize));
  append(list, "-trailersize", Tcl_NewWideIntObj(answer->cbSecurityTrailer));
  Tcl_SetObjResult(state.interp, list);
  return TCL_OK;
}

int username(InterpState& state, Objects words) {
  const ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  const auto name = context->context.user_name();
  if (!name) return set_error(state.interp, name.error());
  Tcl_SetObjResult(state.interp, new_text(*name));
  return TCL_OK;
}

int certificate(InterpState& state, Tcl_Obj* handle, ULONG attribute) {
  const ContextState* context = find_context(state, handle);
  if (context == nullptr) return TCL_ERROR;
  const auto answer = context->context.query<PCCERT_CONTEXT>(attribute);
  if (!answer) return set_error(state.interp, answer.error());
  if (*answer == nullptr) return set_status_error(state.interp, SEC_E_NO_CREDENTIALS);
  Tcl_SetObjResult(state.interp, new_handle(state, CertificateRef(*answer)));
  return TCL_OK;
}

int remote_certificate(InterpState& state, Objects words) {
  return certificate(state, words[1], SECPKG_ATTR_REMOTE_CERT_CONTEXT);
}

int local_certificate(InterpState& state, Objects words) {
  return certificate(state, words[1], SECPKG_ATTR_LOCAL_CERT_CONTEXT);
}

int issuers_accepted(InterpState& state, Objects words) {
  const ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  const auto answer = context->context.query<SecPkgContext_IssuerListInfoEx>(SECPKG_ATTR_ISSUER_LIST_EX);
  if (!answer) return set_error(state.interp, answer.error());
  const opensspi::Owned<CERT_NAME_BLOB> owner(answer->aIssuers);
  Tcl_Obj* names = Tcl_NewListObj(0, nullptr);
  for (const CERT_NAME_BLOB& issuer : std::span(answer->aIssuers, answer->cIssuers)) {
    Tcl_ListObjAppendElement(nullptr, names, new_text(name_text(issuer, CERT_X500_NAME_STR)));
  }
  Tcl_SetObjResult(state.interp, names);
  return TCL_OK;
}

// ---- sspi_context_info: what is known, field by field; what a package cannot tell is left out. ----

const char* phase_name(Phase phase) {
  switch (phase) {
    case Phase::negotiating:
      return "negotiating";
    case Phase::established:
      return "established";
    case Phase::disconnected:
      return "disconnected";
    case Phase::failed:
      return "failed";
  }
  return "";
}

void put_account(Tcl_Obj* dict, const opensspi::Context& context) {
  const auto account = context.account();
  if (!account) return;
  put(dict, "-account", new_text(account->account));
  put(dict, "-domain", new_text(account->domain));
  put(dict, "-source", new_text(account->source));
  Tcl_Obj* sids = Tcl_NewListObj(0, nullptr);
  for (const std::u16string& sid : account->sids) Tcl_ListObjAppendElement(nullptr, sids, new_text(sid));
  put(dict, "-sids", sids);
  put(dict, "-anonymous", Tcl_NewBooleanObj(account->anonymous));
  put(dict, "-guest", Tcl_NewBooleanObj(account->guest));
}

void put_keys(Tcl_Obj* dict, const opensspi::Context& context) {
  if (const auto key = context.session_key()) {
    put(dict, "-sessionkeylength", Tcl_NewWideIntObj(static_cast<Tcl_WideInt>(key->size_bytes)));
  }
  if (const auto info = context.key_info()) {
    put(dict, "-keybits", Tcl_NewWideIntObj(info->key_bits));
    put(dict, "-signaturealgorithm", new_text(info->signature_algorithm));
    put(dict, "-encryptionalgorithm", new_text(info->encryption_algorithm));
  }
}

void put_flags(Tcl_Obj* dict, const opensspi::Context& context) {
  const auto flags = context.flags();
  if (!flags) return;
  Tcl_Obj* names = Tcl_NewListObj(0, nullptr);
  for (const Option* option = options_of(context.role()); option->name != nullptr; ++option) {
    const bool is_flag = option->kind == Kind::boolean || option->kind == Kind::request;
    if (!is_flag || (*flags & option->flag) == 0) continue;
    Tcl_ListObjAppendElement(nullptr, names, Tcl_NewStringObj(option->name + 1, -1));
  }
  put(dict, "-flags", names);
}

void put_text(Tcl_Obj* dict, const char* key, const opensspi::Expected<std::u16string>& text) {
  if (text) put(dict, key, new_text(*text));
}

// What a log-on inside this channel of TLS is bound to: the text that -channelbindings takes.
void put_endpoint_bindings(Tcl_Obj* dict, const opensspi::Context& context) {
  const auto answer = context.query<SecPkgContext_Bindings>(SECPKG_ATTR_ENDPOINT_BINDINGS);
  if (!answer) return;
  const opensspi::Owned<SEC_CHANNEL_BINDINGS> bindings(answer->Bindings);
  const auto* start = reinterpret_cast<const std::uint8_t*>(answer->Bindings);
  put(dict, "-endpointbindings",
      new_bytes({start + bindings->dwApplicationDataOffset, bindings->cbApplicationDataLength}));
}

// The word of -protocols for the wire's version.
const char* protocol_name(DWORD version) {
  constexpr const char* kNames[] = {"tls1", "tls1.1", "tls1.2", "tls1.3"};
  constexpr DWORD kFirst = 0x0301;
  return version >= kFirst && version - kFirst < std::size(kNames) ? kNames[version - kFirst] : "";
}

void put_connection(Tcl_Obj* dict, const opensspi::Context& context) {
  SecPkgContext_CipherInfo asked{};
  asked.dwVersion = SECPKGCONTEXT_CIPHERINFO_V1;
  if (const auto cipher = context.query(SECPKG_ATTR_CIPHER_INFO, asked)) {
    put(dict, "-protocol", Tcl_NewStringObj(protocol_name(cipher->dwProtocol), -1));
    put(dict, "-ciphersuite", new_text(opensspi::from_wide(cipher->szCipherSuite)));
    put(dict, "-cipherbits", Tcl_NewWideIntObj(cipher->dwCipherLen));
  }
  if (const auto session = context.query<SecPkgContext_SessionInfo>(SECPKG_ATTR_SESSION_INFO)) {
    put(dict, "-resumed", Tcl_NewBooleanObj((session->dwFlags & SSL_SESSION_RECONNECT) != 0));
  }
  const auto chosen = context.query<SecPkgContext_ApplicationProtocol>(SECPKG_ATTR_APPLICATION_PROTOCOL);
  if (chosen && chosen->ProtoNegoStatus == SecApplicationProtocolNegotiationStatus_Success) {
    put(dict, "-alpn", new_bytes({chosen->ProtocolId, chosen->ProtocolIdSize}));
  }
  put_endpoint_bindings(dict, context);
}

int context_info(InterpState& state, Objects words) {
  const ContextState* context = find_context(state, words[1]);
  if (context == nullptr) return TCL_ERROR;
  const opensspi::Context& native = context->context;
  Tcl_Obj* dict = Tcl_NewDictObj();
  const auto package = native.package();
  put(dict, "-package", new_text(package ? package->name : context->package));
  put(dict, "-role", Tcl_NewStringObj(native.role() == Role::client ? "client" : "server", -1));
  put(dict, "-state", Tcl_NewStringObj(phase_name(context->phase), -1));
  put_account(dict, native);
  put_flags(dict, native);
  put_keys(dict, native);
  // Another package would fail to answer, and sspi_last_failure would tell of that.
  if (context->is_tls() && context->phase == Phase::established) put_connection(dict, native);
  put_text(dict, "-clienttarget", native.client_target());
  if (context->is_negotiate()) put_text(dict, "-fallback", native.fallback_reason());
  if (const auto expiry = native.expiry_ticks()) put(dict, "-expiration", Tcl_NewWideIntObj(*expiry));
  Tcl_SetObjResult(state.interp, dict);
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_context_features", &features, 2, 2, "ctx"},
    {"sspi_context_sizes", &sizes, 2, 2, "ctx"},
    {"sspi_context_username", &username, 2, 2, "ctx"},
    {"sspi_context_info", &context_info, 2, 2, "ctx"},
    {"sspi_remote_cert", &remote_certificate, 2, 2, "ctx"},
    {"sspi_local_cert", &local_certificate, 2, 2, "ctx"},
    {"sspi_issuers_accepted_by_peer", &issuers_accepted, 2, 2, "ctx"},
};

}  // namespace

CommandGroup query_commands() { return kCommands; }

}  // namespace twapi
