// Names of subjects and issuers.
#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

constexpr Option kNameOptions[] = {
    {"-name", Kind::text, 0, nullptr,
     "email, simpledisplay, friendlydisplay, dns, url, upn, rdn, or an attribute as oid_common_name (the default)"},
    {"-format", Kind::choice, 0, kNameFormats, "of an rdn: x500 (CN=a), oid (2.5.4.3=a), simple (a)"},
    {"-noplus", Kind::boolean, CERT_NAME_STR_NO_PLUS_FLAG, nullptr, "values of one part stand side by side, without +"},
    {"-noquote", Kind::boolean, CERT_NAME_STR_NO_QUOTING_FLAG, nullptr, "special characters are not quoted"},
    {"-reverse", Kind::boolean, CERT_NAME_STR_REVERSE_FLAG, nullptr, "the last part first"},
    {"-separator", Kind::choice, 0, kSeparators, "between the parts: comma, semicolon, newline"},
    kEndOfOptions};

constexpr Option kBlobOptions[] = {
    {"-format", Kind::choice, 0, kNameFormats, "x500 (CN=a), oid (2.5.4.3=a), simple (a)"},
    {"-noplus", Kind::boolean, CERT_NAME_STR_NO_PLUS_FLAG, nullptr, "+ does not separate the values of one part"},
    {"-noquote", Kind::boolean, CERT_NAME_STR_NO_QUOTING_FLAG, nullptr, "quotes have no meaning"},
    {"-reverse", Kind::boolean, CERT_NAME_STR_REVERSE_FLAG, nullptr, "the last part first"},
    {"-separator", Kind::choice, 0, kSeparators, "between the parts: comma, semicolon, newline"},
    kEndOfOptions};

// Here the separator has a shorter name.
constexpr const char* kBlobSeparators[] = {"comma", "semi", "newline", nullptr};
constexpr Option kTextOptions[] = {
    {"-format", Kind::choice, 0, kNameFormats, "x500 (CN=a), oid (2.5.4.3=a), simple (a)"},
    {"-noplus", Kind::boolean, CERT_NAME_STR_NO_PLUS_FLAG, nullptr, "values of one part stand side by side, without +"},
    {"-noquote", Kind::boolean, CERT_NAME_STR_NO_QUOTING_FLAG, nullptr, "special characters are not quoted"},
    {"-reverse", Kind::boolean, CERT_NAME_STR_REVERSE_FLAG, nullptr, "the last part first"},
    {"-separator", Kind::choice, 0, kBlobSeparators, "between the parts: comma, semi, newline"},
    kEndOfOptions};

template <const auto& kTable>
DWORD style_of(const Options<std::size(kTable)>& options) {
  return NameStyle{options[place(kTable, "-format")], options[place(kTable, "-noplus")],
                   options[place(kTable, "-noquote")], options[place(kTable, "-reverse")],
                   options[place(kTable, "-separator")]}
      .flags();
}

// ---- cert_subject_name, cert_issuer_name ----

struct NameKind {
  std::string_view name;
  DWORD type;
};
constexpr NameKind kNameKinds[] = {{"email", CERT_NAME_EMAIL_TYPE},
                                   {"simpledisplay", CERT_NAME_SIMPLE_DISPLAY_TYPE},
                                   {"friendlydisplay", CERT_NAME_FRIENDLY_DISPLAY_TYPE},
                                   {"dns", CERT_NAME_DNS_TYPE},
                                   {"url", CERT_NAME_URL_TYPE},
                                   {"upn", CERT_NAME_UPN_TYPE},
                                   {"rdn", CERT_NAME_RDN_TYPE}};

Tcl_Obj* name_string(PCCERT_CONTEXT certificate, DWORD type, DWORD flags, void* parameter) {
  const DWORD units = CertGetNameStringW(certificate, type, flags, parameter, nullptr, 0);
  opensspi::WideText text(units, 0);
  CertGetNameStringW(certificate, type, flags, parameter, text.data(), units);
  return new_text(opensspi::from_wide(text.c_str()));
}

int name_of(InterpState& state, Objects words, DWORD flags) {
  Options options(kNameOptions);
  CertificateRef certificate;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK ||
      get_certificate(state.interp, words[1], certificate) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_Obj* wanted = options[place(kNameOptions, "-name")].object;
  const std::string_view name = wanted == nullptr ? "oid_common_name" : text_of(wanted);
  for (const NameKind& kind : kNameKinds) {
    if (kind.name != name) continue;
    DWORD style = style_of<kNameOptions>(options);
    Tcl_SetObjResult(state.interp, name_string(certificate.get(), kind.type, flags, &style));
    return TCL_OK;
  }
  std::string oid = szOID_COMMON_NAME;
  if (wanted != nullptr && get_oid(state.interp, wanted, oid) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, name_string(certificate.get(), CERT_NAME_ATTR_TYPE, flags, oid.data()));
  return TCL_OK;
}

int subject_name(InterpState& state, Objects words) { return name_of(state, words, 0); }
int issuer_name(InterpState& state, Objects words) { return name_of(state, words, CERT_NAME_ISSUER_FLAG); }

// ---- Blobs. ----

int name_to_blob(InterpState& state, Objects words) {
  Options options(kBlobOptions);
  ByteVector der;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK) return TCL_ERROR;
  DWORD style = style_of<kBlobOptions>(options);
  // Without a choice every separator counts.
  if (!options.given(place(kBlobOptions, "-separator"))) style &= ~DWORD{CERT_NAME_STR_COMMA_FLAG};
  if (get_name(state.interp, words[1], style, der) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, new_bytes(der));
  return TCL_OK;
}

int blob_to_name(InterpState& state, Objects words) {
  Options options(kTextOptions);
  Bytes der;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK || !get_bytes(state.interp, words[1], der)) {
    return TCL_ERROR;
  }
  const std::u16string text = name_text(blob_of(der), style_of<kTextOptions>(options));
  if (text.empty() && der.size() > 2) return set_status_error(state.interp, CRYPT_E_ASN1_BADTAG);
  Tcl_SetObjResult(state.interp, new_text(text));
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"cert_subject_name", &subject_name, 2, -1, "hcert ?arg ...?"},
    {"cert_issuer_name", &issuer_name, 2, -1, "hcert ?arg ...?"},
    {"cert_name_to_blob", &name_to_blob, 2, -1, "name ?arg ...?"},
    {"cert_blob_to_name", &blob_to_name, 2, -1, "blob ?arg ...?"},
};

}  // namespace

CommandGroup cert_name_commands() { return kCommands; }

DWORD NameStyle::flags() const {
  constexpr DWORD kFormats[] = {CERT_X500_NAME_STR, CERT_OID_NAME_STR, CERT_SIMPLE_NAME_STR};
  constexpr DWORD kSeparatorFlags[] = {CERT_NAME_STR_COMMA_FLAG, CERT_NAME_STR_SEMICOLON_FLAG, CERT_NAME_STR_CRLF_FLAG};
  DWORD style = kFormats[format.number] | kSeparatorFlags[separator.number];
  if (noplus.number != 0) style |= CERT_NAME_STR_NO_PLUS_FLAG;
  if (noquote.number != 0) style |= CERT_NAME_STR_NO_QUOTING_FLAG;
  if (reverse.number != 0) style |= CERT_NAME_STR_REVERSE_FLAG;
  return style;
}

std::u16string name_text(const CERT_NAME_BLOB& name, DWORD style) {
  CERT_NAME_BLOB blob = name;
  const DWORD units = CertNameToStrW(X509_ASN_ENCODING, &blob, style, nullptr, 0);
  opensspi::WideText text(units, 0);
  CertNameToStrW(X509_ASN_ENCODING, &blob, style, text.data(), units);
  return opensspi::from_wide(text.c_str());
}

int get_name(Tcl_Interp* interp, Tcl_Obj* text, DWORD style, ByteVector& der) {
  const opensspi::WideText name = opensspi::to_wide(utf16_of(text));
  DWORD size_bytes = 0;
  if (!CertStrToNameW(X509_ASN_ENCODING, name.c_str(), style, nullptr, nullptr, &size_bytes, nullptr)) {
    return set_certificate_error(interp);
  }
  der.resize(size_bytes);
  if (!CertStrToNameW(X509_ASN_ENCODING, name.c_str(), style, nullptr, der.data(), &size_bytes, nullptr)) {
    return set_certificate_error(interp);
  }
  der.resize(size_bytes);
  return TCL_OK;
}

}  // namespace twapi
