// Opening stores, and what ends them.
#include "certificates.hpp"
#include "commands.hpp"
#include "conceal.hpp"
#include "errors.hpp"

namespace twapi {
namespace {

// ---- cert_temporary_store ----

constexpr const char* kKeySets[] = {"user", "machine", nullptr};
constexpr Option kTemporaryOptions[] = {
    {"-encoding", Kind::choice, 0, kEncodings, "of the PKCS#7 data: der, pem, or either if not given"},
    {"-serialized", Kind::bytes, 0, nullptr, "content: a store as cert_store_serialize returns it"},
    {"-pkcs7", Kind::bytes, 0, nullptr, "content: certificates in PKCS#7"},
    {"-password", Kind::bytes, 0, nullptr, "of the PFX data, concealed; empty or not given: none"},
    {"-pfx", Kind::bytes, 0, nullptr, "content: certificates and private keys in PFX (PKCS#12)"},
    {"-pkcs12", Kind::bytes, 0, nullptr, "the same as -pfx"},
    {"-exportableprivatekeys", Kind::boolean, CRYPT_EXPORTABLE, nullptr, "the private keys can be exported again"},
    {"-userprotected", Kind::boolean, CRYPT_USER_PROTECTED, nullptr, "the system asks the user before a key is used"},
    {"-keysettype", Kind::choice, 0, kKeySets, "where the system keeps the keys: user or machine"},
    kEndOfOptions};
using TemporaryOptions = Options<std::size(kTemporaryOptions)>;

int open_pfx(InterpState& state, const TemporaryOptions& options, Bytes content) {
  SecretText password;
  if (get_concealed(state.interp, options[place(kTemporaryOptions, "-password")].object, password) != TCL_OK) {
    return TCL_ERROR;
  }
  constexpr DWORD kKeySetFlags[] = {CRYPT_USER_KEYSET, CRYPT_MACHINE_KEYSET};
  DWORD flags = options.flags();
  if (options.given(place(kTemporaryOptions, "-keysettype"))) {
    flags |= kKeySetFlags[options.number(place(kTemporaryOptions, "-keysettype"), 0)];
  }
  CRYPT_DATA_BLOB blob = blob_of(content);
  return give(state, StoreRef(PFXImportCertStore(&blob, reinterpret_cast<const SEC_WCHAR*>(password.data()), flags)));
}

int open_blob(InterpState& state, const char* provider, Bytes content) {
  CRYPT_DATA_BLOB blob = blob_of(content);
  return give(state, StoreRef(CertOpenStore(provider, kEncodingType, 0, 0, &blob)));
}

int open_pkcs7(InterpState& state, const TemporaryOptions& options) {
  const auto encoding = static_cast<Encoding>(options.number(place(kTemporaryOptions, "-encoding"), 0));
  ByteVector der;
  if (get_der(state.interp, options[place(kTemporaryOptions, "-pkcs7")].object, encoding, "PKCS7", der) != TCL_OK) {
    return TCL_ERROR;
  }
  return open_blob(state, CERT_STORE_PROV_PKCS7, der);
}

int temporary_store(InterpState& state, Objects words) {
  TemporaryOptions options(kTemporaryOptions);
  if (options.parse(state.interp, words.subspan(1)) != TCL_OK) return TCL_ERROR;
  constexpr std::size_t kContents[] = {place(kTemporaryOptions, "-pfx"), place(kTemporaryOptions, "-pkcs12"),
                                       place(kTemporaryOptions, "-pkcs7"), place(kTemporaryOptions, "-serialized")};
  std::size_t count = 0, given = 0;
  for (const std::size_t content : kContents) {
    if (!options.given(content)) continue;
    ++count;
    given = content;
  }
  if (count > 1) {
    return set_argument_error(state.interp, "At most one of -pfx, -pkcs12, -pkcs7 or -serialized may be specified.");
  }
  if (count == 0) return give(state, StoreRef(CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, nullptr)));
  if (given == place(kTemporaryOptions, "-pkcs7")) return open_pkcs7(state, options);
  Bytes content;
  if (!get_bytes(state.interp, options[given].object, content)) return TCL_ERROR;
  if (given == place(kTemporaryOptions, "-serialized")) return open_blob(state, CERT_STORE_PROV_SERIALIZED, content);
  return open_pfx(state, options, content);
}

// ---- cert_file_store_open, cert_system_store_open ----

constexpr Option kOpenOptions[] = {
    {"-backupprivilege", Kind::boolean, CERT_STORE_BACKUP_RESTORE_FLAG, nullptr, "use the privileges of a backup"},
    {"-commitenable", Kind::boolean, CERT_FILE_STORE_COMMIT_ENABLE_FLAG, nullptr,
     "changes are written to the file when the store is closed"},
    {"-create", Kind::boolean, CERT_STORE_CREATE_NEW_FLAG, nullptr, "an error where the store exists already"},
    {"-deferclose", Kind::boolean, CERT_STORE_DEFER_CLOSE_UNTIL_LAST_FREE_FLAG, nullptr,
     "the store is closed with the last of its certificates"},
    {"-existing", Kind::boolean, CERT_STORE_OPEN_EXISTING_FLAG, nullptr, "an error where the store does not exist"},
    {"-includearchived", Kind::boolean, CERT_STORE_ENUM_ARCHIVED_FLAG, nullptr, "archived certificates are shown too"},
    {"-maxpermissions", Kind::boolean, CERT_STORE_MAXIMUM_ALLOWED_FLAG, nullptr, "open with all rights there are"},
    {"-readonly", Kind::boolean, CERT_STORE_READONLY_FLAG, nullptr, "nothing is written"},
    kEndOfOptions};

int file_store(InterpState& state, Objects words) {
  Options options(kOpenOptions);
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK) return TCL_ERROR;
  const Object normal(Tcl_FSGetNormalizedPath(state.interp, words[1]));
  if (!normal) return TCL_ERROR;
  const opensspi::WideText path = opensspi::to_wide(utf16_of(normal.get()));
  return give(state,
              StoreRef(CertOpenStore(CERT_STORE_PROV_FILENAME_W, kEncodingType, 0, options.flags(), path.c_str())));
}

constexpr const char* kLocations[] = {"user",
                                      "users",
                                      "service",
                                      "services",
                                      "localmachine",
                                      "localmachineenterprise",
                                      "localmachinegrouppolicy",
                                      "usergrouppolicy",
                                      nullptr};
constexpr DWORD kLocationFlags[] = {CERT_SYSTEM_STORE_CURRENT_USER,
                                    CERT_SYSTEM_STORE_USERS,
                                    CERT_SYSTEM_STORE_CURRENT_SERVICE,
                                    CERT_SYSTEM_STORE_SERVICES,
                                    CERT_SYSTEM_STORE_LOCAL_MACHINE,
                                    CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE,
                                    CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY,
                                    CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY};

// cert_system_store_open NAME ?LOCATION? ?options?; the location is a word that is no option.
int system_store(InterpState& state, Objects words) {
  std::size_t location = 0, at = 2;
  if (words.size() > at && !text_of(words[at]).starts_with('-')) {
    if (get_choice(state.interp, words[at], kLocations, location) != TCL_OK) return TCL_ERROR;
    ++at;
  }
  Options options(kOpenOptions);
  if (options.parse(state.interp, words.subspan(at)) != TCL_OK) return TCL_ERROR;
  const opensspi::WideText name = opensspi::to_wide(utf16_of(words[1]));
  const DWORD flags = kLocationFlags[location] | (options.flags() & ~DWORD{CERT_FILE_STORE_COMMIT_ENABLE_FLAG});
  return give(state, StoreRef(CertOpenStore(CERT_STORE_PROV_SYSTEM_W, kEncodingType, 0, flags, name.c_str())));
}

int store_release(InterpState& state, Objects words) {
  StoreRef store;
  return release_store(state, words[1], store);
}

constexpr CommandEntry kCommands[] = {
    {"cert_temporary_store", &temporary_store, 1, -1, "?arg ...?"},
    {"cert_file_store_open", &file_store, 2, -1, "path ?arg ...?"},
    {"cert_system_store_open", &system_store, 2, -1, "name ?location? ?arg ...?"},
    {"cert_store_release", &store_release, 2, 2, "hstore"},
};

}  // namespace

CommandGroup cert_open_commands() { return kCommands; }

int give(InterpState& state, CertificateRef certificate) {
  if (!certificate) return set_certificate_error(state.interp);
  Tcl_SetObjResult(state.interp, new_handle(state, std::move(certificate)));
  return TCL_OK;
}

int give(InterpState& state, StoreRef store) {
  if (!store) return set_certificate_error(state.interp);
  Tcl_SetObjResult(state.interp, new_handle(state, std::move(store)));
  return TCL_OK;
}

int get_choice(Tcl_Interp* interp, Tcl_Obj* value, const char* const* choices, std::size_t& place) {
  const std::string_view text = text_of(value);
  std::string known;
  for (place = 0; choices[place] != nullptr; ++place) {
    if (text == choices[place]) return TCL_OK;
    known += (known.empty() ? "" : ", ") + std::string(choices[place]);
  }
  return set_argument_error(interp, "Bad value \"" + std::string(text) + "\". Must be one of " + known);
}

}  // namespace twapi
