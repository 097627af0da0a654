// sspi_schannel_credentials, and the use of what it returns.
#include "schannel.hpp"

#include "commands.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "opensspi/schannel.h"
#include "options.hpp"

namespace twapi {
namespace {

constexpr const char* kRevocationChecks[] = {"full", "endonly", "excluderoot", "none", nullptr};
constexpr ULONG kRevocationFlags[] = {SCH_CRED_REVOCATION_CHECK_CHAIN, SCH_CRED_REVOCATION_CHECK_END_CERT,
                                      SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT, 0};

constexpr Option kOptions[] = {
    {"-certificates", Kind::text, 0, nullptr, "certificate handles with private keys, one for each kind of key"},
    {"-rootstore", Kind::text, 0, nullptr, "store with the roots that client certificates must end in"},
    {"-sessionlifespan", Kind::integer, 0, nullptr,
     "milliseconds that a session may be resumed; 0: the system's default"},
    {"-usedefaultclientcert", Kind::boolean, 0, nullptr,
     "look for a client's certificate in the personal store; true if no certificate is given"},
    {"-disablereconnects", Kind::boolean, SCH_CRED_DISABLE_RECONNECTS, nullptr, "resume no session"},
    {"-revocationcheck", Kind::choice, 0, kRevocationChecks, "which certificates are checked for revocation"},
    {"-ignoreerrorrevocationoffline", Kind::boolean, SCH_CRED_IGNORE_REVOCATION_OFFLINE, nullptr,
     "accept where the revocation list cannot be had"},
    {"-ignoreerrornorevocationcheck", Kind::boolean, SCH_CRED_IGNORE_NO_REVOCATION_CHECK, nullptr,
     "accept where the certificate names no revocation list"},
    {"-validateservercert", Kind::boolean, 0, nullptr, "the package checks the server's certificate"},
    {"-cipherstrength", Kind::text, 0, nullptr,
     "smallest and largest number of key bits; 0: default, -1: no encryption"},
    {"-protocols", Kind::text, 0, nullptr, "protocols that may be used; none: the system's default"},
    kEndOfOptions};

struct Protocol {
  std::string_view name;
  ULONG bits;
};
constexpr Protocol kProtocols[] = {{"ssl2", SP_PROT_SSL2_SERVER | SP_PROT_SSL2_CLIENT},
                                   {"ssl3", SP_PROT_SSL3_SERVER | SP_PROT_SSL3_CLIENT},
                                   {"tls1", SP_PROT_TLS1_SERVER | SP_PROT_TLS1_CLIENT},
                                   {"tls1.1", SP_PROT_TLS1_1_SERVER | SP_PROT_TLS1_1_CLIENT},
                                   {"tls1.2", SP_PROT_TLS1_2_SERVER | SP_PROT_TLS1_2_CLIENT},
                                   {"tls1.3", SP_PROT_TLS1_3_SERVER | SP_PROT_TLS1_3_CLIENT}};

int protocol_bits(Tcl_Interp* interp, Tcl_Obj* list, ULONG& bits) {
  Objects names;
  if (list == nullptr) return TCL_OK;
  if (!get_list(interp, list, names)) return TCL_ERROR;
  for (Tcl_Obj* name : names) {
    const Protocol* found = nullptr;
    std::string known;
    for (const Protocol& protocol : kProtocols) {
      if (protocol.name == text_of(name)) found = &protocol;
      known += (known.empty() ? "" : ", ") + std::string(protocol.name);
    }
    if (found == nullptr) {
      return set_argument_error(interp, "Bad value \"" + std::string(text_of(name)) + "\". Must be one of " + known);
    }
    bits |= found->bits;
  }
  return TCL_OK;
}

// One element is both; none is the default of both.
int strengths(Tcl_Interp* interp, Tcl_Obj* list, Tcl_Obj*& smallest, Tcl_Obj*& largest) {
  Objects bits;
  if (list != nullptr && !get_list(interp, list, bits)) return TCL_ERROR;
  if (bits.size() > 2) {
    return set_message(interp, "Invalid value '" + std::string(text_of(list)) +
                                   "' for option -cipherstrength: it must be a list of one or two numbers of bits, the "
                                   "smallest and the largest");
  }
  smallest = bits.empty() ? Tcl_NewWideIntObj(0) : bits.front();
  largest = bits.empty() ? Tcl_NewWideIntObj(0) : bits.back();
  return TCL_OK;
}

ULONG credential_flags(const Options<std::size(kOptions)>& options) {
  ULONG flags = options.flags();
  const bool validate = options.number(place(kOptions, "-validateservercert"), 1) != 0;
  // A client that is given no certificate has one found, if the server asks for it.
  const OptionValue& certificates = options[place(kOptions, "-certificates")];
  const bool has_own = certificates.object != nullptr && !text_of(certificates.object).empty();
  const bool look_up = options.number(place(kOptions, "-usedefaultclientcert"), has_own ? 0 : 1) != 0;
  flags |= validate ? SCH_CRED_AUTO_CRED_VALIDATION : SCH_CRED_MANUAL_CRED_VALIDATION;
  flags |= look_up ? SCH_CRED_USE_DEFAULT_CREDS : SCH_CRED_NO_DEFAULT_CREDS;
  return flags | kRevocationFlags[options.number(place(kOptions, "-revocationcheck"), 3)];
}

int schannel_credentials(InterpState& state, Objects words) {
  Options options(kOptions);
  if (options.parse(state.interp, words.subspan(1)) != TCL_OK) return TCL_ERROR;
  const Tcl_WideInt lifespan_ms = options.number(place(kOptions, "-sessionlifespan"), 0);
  if (lifespan_ms < 0) {
    return set_argument_error(state.interp, "Invalid value '" + std::to_string(lifespan_ms) +
                                                "' for option -sessionlifespan: milliseconds, 0 for the default");
  }
  ULONG protocols = 0;
  Tcl_Obj *smallest = nullptr, *largest = nullptr;
  if (protocol_bits(state.interp, options[place(kOptions, "-protocols")].object, protocols) != TCL_OK ||
      strengths(state.interp, options[place(kOptions, "-cipherstrength")].object, smallest, largest) != TCL_OK) {
    return TCL_ERROR;
  }
  const auto given = [&](std::size_t index, const char* otherwise) {
    return options.given(index) ? options[index].object : new_text(std::string_view(otherwise));
  };
  const auto number = [](Tcl_WideInt value) { return Tcl_NewWideIntObj(value); };
  Tcl_SetObjResult(state.interp, new_list({number(SCHANNEL_CRED_VERSION), given(place(kOptions, "-certificates"), ""),
                                           given(place(kOptions, "-rootstore"), "NULL"), Tcl_NewObj(), Tcl_NewObj(),
                                           number(protocols), smallest, largest, number(lifespan_ms),
                                           number(credential_flags(options)), number(0)}));
  return TCL_OK;
}

// A number of the list, which a script may have made by hand.
int get_dword(Tcl_Interp* interp, Tcl_Obj* value, const char* what, DWORD& word) {
  Tcl_WideInt number = 0;
  const std::string place = "'" + std::string(text_of(value)) + "' for " + what + " in the credentials";
  if (Tcl_GetWideIntFromObj(interp, value, &number) != TCL_OK) {
    return set_message(interp, "Non-integer value " + place + ".");
  }
  if (number < INT32_MIN || number > UINT32_MAX) {
    return set_toolkit_error(interp, Toolkit::invalid_arguments, "Value " + place + " does not fit 32 bits.");
  }
  word = static_cast<DWORD>(number);
  return TCL_OK;
}

// A credential, with the memory that it points to.
struct NativeCredential {
  SCHANNEL_CRED structure{};
  std::vector<CertificateRef> certificates;
  std::vector<PCCERT_CONTEXT> pointers;
  StoreRef root_store;
};

int get_certificates(Tcl_Interp* interp, Tcl_Obj* list, NativeCredential& credential) {
  Objects handles;
  if (!get_list(interp, list, handles)) return TCL_ERROR;
  for (Tcl_Obj* handle : handles) {
    CertificateRef certificate;
    if (get_certificate(interp, handle, certificate) != TCL_OK) return TCL_ERROR;
    credential.pointers.push_back(certificate.get());
    credential.certificates.push_back(std::move(certificate));
  }
  return TCL_OK;
}

// Another version or format has the provider read the memory as another structure, whose pointers the script's numbers
// would be.
int check_kind(Tcl_Interp* interp, Tcl_Obj* value, const char* what, DWORD given, DWORD due) {
  if (given == due) return TCL_OK;
  return set_toolkit_error(interp, Toolkit::invalid_arguments,
                           "Invalid value '" + std::string(text_of(value)) + "' for " + what +
                               " in the credentials. Must be " + std::to_string(due) +
                               ", as sspi_schannel_credentials returns.");
}

// The places of the list are those of SCHANNEL_CRED.
int fill(Tcl_Interp* interp, Objects list, NativeCredential& native) {
  SCHANNEL_CRED& credential = native.structure;
  if (get_dword(interp, list[0], "the version", credential.dwVersion) != TCL_OK ||
      check_kind(interp, list[0], "the version", credential.dwVersion, SCHANNEL_CRED_VERSION) != TCL_OK ||
      get_certificates(interp, list[1], native) != TCL_OK ||
      get_store_or_null(interp, list[2], native.root_store) != TCL_OK ||
      get_dword(interp, list[5], "-protocols", credential.grbitEnabledProtocols) != TCL_OK ||
      get_dword(interp, list[6], "-cipherstrength", credential.dwMinimumCipherStrength) != TCL_OK ||
      get_dword(interp, list[7], "-cipherstrength", credential.dwMaximumCipherStrength) != TCL_OK ||
      get_dword(interp, list[8], "-sessionlifespan", credential.dwSessionLifespan) != TCL_OK ||
      get_dword(interp, list[9], "the flags", credential.dwFlags) != TCL_OK ||
      get_dword(interp, list[10], "the format", credential.dwCredFormat) != TCL_OK ||
      check_kind(interp, list[10], "the format", credential.dwCredFormat, 0) != TCL_OK) {
    return TCL_ERROR;
  }
  credential.cCreds = static_cast<DWORD>(native.pointers.size());
  credential.paCred = native.pointers.data();
  credential.hRootStore = native.root_store.get();
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_schannel_credentials", &schannel_credentials, 1, -1, "?arg ...?"},
};

}  // namespace

CommandGroup schannel_commands() { return kCommands; }

int acquire_schannel(InterpState& state, std::u16string_view package, opensspi::Use use, std::u16string_view principal,
                     Tcl_Obj* credentials, opensspi::Credential& credential) {
  constexpr std::size_t kElements = 11;
  Objects list;
  if (!get_list(state.interp, credentials, list)) return TCL_ERROR;
  if (list.size() != kElements) {
    return wrong_credentials(state.interp, package, list.size(), "sspi_schannel_credentials", kElements);
  }
  NativeCredential native;
  if (fill(state.interp, list, native) != TCL_OK) return TCL_ERROR;
  auto made = opensspi::Credential::acquire_with(package, use, principal, &native.structure);
  if (!made) return set_error(state.interp, made.error());
  credential = std::move(*made);
  return TCL_OK;
}

}  // namespace twapi
