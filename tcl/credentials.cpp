// Credentials: acquire, free, and the forms in which a script gives an account.
#include <algorithm>

#include "commands.hpp"
#include "conceal.hpp"
#include "errors.hpp"
#include "nt_hash.hpp"
#include "options.hpp"
#include "schannel.hpp"

namespace twapi {
namespace {

using opensspi::Credential;
using opensspi::Use;

constexpr const char* kRoles[] = {"client", "server", "inbound", "outbound", "both", nullptr};
constexpr Use kUses[] = {Use::outbound, Use::inbound, Use::inbound, Use::outbound, Use::both};
constexpr Tcl_WideInt kBoth = 4;

constexpr Option kOptions[] = {
    {"-credentials", Kind::text, 0, nullptr,
     "from sspi_winnt_identity_credentials, sspi_nthash_credentials or sspi_schannel_credentials"},
    {"-principal", Kind::name, 0, nullptr, "whose credentials; the user of this process if not given"},
    {"-package", Kind::name, 0, nullptr, "security package, NTLM if not given"},
    {"-role", Kind::choice, 0, kRoles, "client or outbound, server or inbound, both"},
    {"-getexpiration", Kind::toggle, 0, nullptr, "also return when the credentials expire"},
    {"-packagelist", Kind::name, 0, nullptr,
     "what Negotiate may use: \"Kerberos,NTLM\" those, in this order, \"!NTLM\" all but those"},
    kEndOfOptions};

struct Alias {
  std::u16string_view name, package;
};
constexpr Alias kAliases[] = {{u"unisp", kUnifiedProvider}, {u"ssl", kUnifiedProvider}, {u"tls", kUnifiedProvider}};

// How a package takes explicit credentials.
enum class Form { account, schannel, none };
struct PackageForm {
  std::u16string_view package;
  Form form;
};
constexpr PackageForm kForms[] = {{u"NTLM", Form::account},      {u"Negotiate", Form::account},
                                  {u"Kerberos", Form::account},  {u"WDigest", Form::account},
                                  {u"Schannel", Form::schannel}, {kUnifiedProvider, Form::schannel}};

bool same_package(std::u16string_view a, std::u16string_view b) {
  const auto upper = [](char16_t unit) { return unit >= u'a' && unit <= u'z' ? unit - 32 : unit + 0; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

Form form_of(std::u16string_view package) {
  for (const PackageForm& known : kForms) {
    if (same_package(known.package, package)) return known.form;
  }
  return Form::none;
}

std::u16string package_name(Tcl_Obj* given) {
  if (given == nullptr) return u"NTLM";
  std::u16string name = utf16_of(given);
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return std::u16string(alias.package);
  }
  return name;
}

constexpr std::string_view kHashMark = "nthash";  // the fourth element of what sspi_nthash_credentials returns

struct Request {
  std::u16string package, principal;
  Use use;
  std::u16string package_list;
};

// What is wrong with a list of packages stands in the message: no script for TWAPI has one.
int set_acquire_error(Tcl_Interp* interp, const opensspi::Error& error) {
  if (error.check != "PackageList") return set_error(interp, error);
  set_status_error(interp, error.status);
  return set_message(interp, error.message() + ": -packagelist: " + error.text);
}

// {USER DOMAIN PASSWORD}, or {USER DOMAIN HASH nthash}.
int acquire_account(Tcl_Interp* interp, const Request& request, Tcl_Obj* credentials, Credential& credential) {
  Objects list;
  if (!get_list(interp, credentials, list)) return TCL_ERROR;
  const bool is_hash = list.size() == 4 && text_of(list[3]) == kHashMark;
  if (list.size() != 3 && !is_hash) {
    return wrong_credentials(interp, request.package, list.size(), "sspi_winnt_identity_credentials", 3);
  }
  const std::u16string user = utf16_of(list[0]), domain = utf16_of(list[1]);
  const SecretText password = password_of(list[2]);
  auto made = Credential::acquire(request.package, request.use, request.principal,
                                  {user, domain, password.view(), is_hash}, request.package_list);
  if (!made) return set_acquire_error(interp, made.error());
  credential = std::move(*made);
  return TCL_OK;
}

int acquire_default(Tcl_Interp* interp, const Request& request, Credential& credential) {
  auto made = request.package_list.empty()
                  ? Credential::acquire(request.package, request.use, request.principal)
                  : Credential::acquire(request.package, request.use, request.principal, request.package_list);
  if (!made) return set_acquire_error(interp, made.error());
  credential = std::move(*made);
  return TCL_OK;
}

int acquire(InterpState& state, const Request& request, Tcl_Obj* credentials, Credential& credential) {
  if (credentials == nullptr || text_of(credentials).empty()) {
    return acquire_default(state.interp, request, credential);
  }
  switch (form_of(request.package)) {
    case Form::account:
      return acquire_account(state.interp, request, credentials, credential);
    case Form::schannel:
      return acquire_schannel(state, request.package, request.use, request.principal, credentials, credential);
    case Form::none:
      break;
  }
  return set_explained_error(
      state.interp, Toolkit::unsupported,
      "Non-default authentication is not supported for SSPI package " + opensspi::to_utf8(request.package) + ".");
}

int acquire_credentials(InterpState& state, Objects words) {
  Options options(kOptions);
  if (options.parse(state.interp, words.subspan(1)) != TCL_OK) return TCL_ERROR;
  const auto role = static_cast<std::size_t>(options.number(place(kOptions, "-role"), kBoth));
  const OptionValue& principal = options[place(kOptions, "-principal")];
  const OptionValue& list = options[place(kOptions, "-packagelist")];
  const Request request{package_name(options[place(kOptions, "-package")].object),
                        principal.object != nullptr ? utf16_of(principal.object) : std::u16string(), kUses[role],
                        list.object != nullptr ? utf16_of(list.object) : std::u16string()};
  if (!request.package_list.empty() && !same_package(request.package, u"Negotiate")) {
    return set_argument_error(state.interp, "Option -packagelist is for the package Negotiate, not for " +
                                                opensspi::to_utf8(request.package));
  }
  Credential credential;
  if (acquire(state, request, options[place(kOptions, "-credentials")].object, credential) != TCL_OK) return TCL_ERROR;
  const std::int64_t expiry = credential.expiry_ticks();
  add_credential(state, credential.handle(), request.package);
  const CredHandle handle = credential.release();
  if (!options.given(place(kOptions, "-getexpiration"))) {
    Tcl_SetObjResult(state.interp, credential_value(handle));
    return TCL_OK;
  }
  Tcl_SetObjResult(state.interp, new_list({new_text(std::string_view("-handle")), credential_value(handle),
                                           new_text(std::string_view("-expiration")), Tcl_NewWideIntObj(expiry)}));
  return TCL_OK;
}

int free_credentials(InterpState& state, Objects words) {
  CredHandle handle{};
  if (!get_credential(state.interp, words[1], handle)) return TCL_ERROR;
  forget_credential(handle);
  const SECURITY_STATUS status = FreeCredentialsHandle(&handle);
  return status == SEC_E_OK ? TCL_OK : set_error(state.interp, opensspi::failed(status).error());
}

int identity_credentials(InterpState& state, Objects words) {
  Tcl_SetObjResult(state.interp, new_list({words[1], words[2], words[3]}));
  return TCL_OK;
}

int nthash_credentials(InterpState& state, Objects words) {
  NtHash hash{};
  const bool good = parse_nt_hash(password_of(words[3]).view(), hash);
  wipe(hash.data(), hash.size());
  if (!good) {
    return set_argument_error(state.interp,
                              "The NT hash must be 32 hexadecimal digits, or such digits concealed with conceal");
  }
  Tcl_SetObjResult(state.interp, new_list({words[1], words[2], words[3], new_text(kHashMark)}));
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"sspi_acquire_credentials", &acquire_credentials, 1, -1, "?arg ...?"},
    {"sspi_free_credentials", &free_credentials, 2, 2, "cred"},
    {"sspi_winnt_identity_credentials", &identity_credentials, 4, 4, "user domain password"},
    {"sspi_nthash_credentials", &nthash_credentials, 4, 4, "user domain nthash"},
};

}  // namespace

CommandGroup credential_commands() { return kCommands; }

}  // namespace twapi
