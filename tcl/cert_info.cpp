// What a certificate says of itself.
#include <algorithm>

#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

int thumbprint(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK) return TCL_ERROR;
  std::uint8_t hash[20] = {};
  DWORD size_bytes = sizeof hash;
  if (!CertGetCertificateContextProperty(certificate.get(), CERT_SHA1_HASH_PROP_ID, hash, &size_bytes)) {
    return set_certificate_error(state.interp);
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : std::span(hash).first(std::min<std::size_t>(size_bytes, sizeof hash))) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  Tcl_SetObjResult(state.interp, new_text(std::string_view(text)));
  return TCL_OK;
}

Tcl_Obj* algorithm_value(const CRYPT_ALGORITHM_IDENTIFIER& algorithm) {
  return new_list({new_text(view_of(algorithm.pszObjId)), new_bytes(bytes_of(algorithm.Parameters))});
}

Tcl_Obj* extension_list(const CERT_INFO& info) {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const CERT_EXTENSION& extension : std::span(info.rgExtension, info.cExtension)) {
    const std::string_view oid = view_of(extension.pszObjId);
    Tcl_ListObjAppendElement(nullptr, list,
                             new_list({new_text(oid), Tcl_NewBooleanObj(extension.fCritical != 0),
                                       extension_value(oid, bytes_of(extension.Value))}));
  }
  return list;
}

int info(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK) return TCL_ERROR;
  const CERT_INFO& fields = *certificate->pCertInfo;
  constexpr DWORD kStyle = CERT_X500_NAME_STR;
  Tcl_Obj* dict = Tcl_NewDictObj();
  put(dict, "-version", Tcl_NewWideIntObj(fields.dwVersion));
  put(dict, "-serialnumber", new_bytes(bytes_of(fields.SerialNumber)));
  put(dict, "-signaturealgorithm", algorithm_value(fields.SignatureAlgorithm));
  put(dict, "-issuer", new_text(name_text(fields.Issuer, kStyle)));
  put(dict, "-start", time_value(fields.NotBefore));
  put(dict, "-end", time_value(fields.NotAfter));
  put(dict, "-subject", new_text(name_text(fields.Subject, kStyle)));
  put(dict, "-publickey",
      new_list({algorithm_value(fields.SubjectPublicKeyInfo.Algorithm),
                new_bytes(bytes_of(fields.SubjectPublicKeyInfo.PublicKey))}));
  put(dict, "-issuerid", new_bytes(bytes_of(fields.IssuerUniqueId)));
  put(dict, "-subjectid", new_bytes(bytes_of(fields.SubjectUniqueId)));
  put(dict, "-extensions", extension_list(fields));
  Tcl_SetObjResult(state.interp, dict);
  return TCL_OK;
}

// {CRITICAL VALUE}, or "" where there is no such extension.
int extension(InterpState& state, Objects words) {
  CertificateRef certificate;
  std::string oid;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      get_oid(state.interp, words[2], oid) != TCL_OK) {
    return TCL_ERROR;
  }
  const CERT_INFO& fields = *certificate->pCertInfo;
  for (const CERT_EXTENSION& candidate : std::span(fields.rgExtension, fields.cExtension)) {
    if (view_of(candidate.pszObjId) != oid) continue;
    Tcl_SetObjResult(state.interp, new_list({Tcl_NewBooleanObj(candidate.fCritical != 0),
                                             extension_value(oid, bytes_of(candidate.Value))}));
    return TCL_OK;
  }
  return TCL_OK;
}

int extensions(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, extension_list(*certificate->pCertInfo));
  return TCL_OK;
}

// "*" where the certificate does not say.
int key_usage(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK) return TCL_ERROR;
  std::uint8_t bits[2] = {};
  if (!CertGetIntendedKeyUsage(kEncodingType, certificate->pCertInfo, bits, sizeof bits)) {
    Tcl_SetObjResult(state.interp, new_text(std::string_view("*")));
    return TCL_OK;
  }
  Tcl_SetObjResult(state.interp, key_usage_words(bits));
  return TCL_OK;
}

constexpr const char* kUsageSources[] = {"both", "property", "extension", nullptr};
constexpr DWORD kUsageFlags[] = {0, CERT_FIND_PROP_ONLY_ENHKEY_USAGE_FLAG, CERT_FIND_EXT_ONLY_ENHKEY_USAGE_FLAG};

// "*" where every usage is allowed, which is told apart from none by the last error.
int enhanced_usage(InterpState& state, Objects words) {
  CertificateRef certificate;
  std::size_t source = 0;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      (words.size() == 3 && get_choice(state.interp, words[2], kUsageSources, source) != TCL_OK)) {
    return TCL_ERROR;
  }
  const Object any(new_text(std::string_view("*")));
  const auto every_usage = [] {
    return static_cast<SECURITY_STATUS>(OpenSspiGetLastCryptError()) == CRYPT_E_NOT_FOUND;
  };
  DWORD size_bytes = 0;
  const DWORD flags = kUsageFlags[source];
  if (!CertGetEnhancedKeyUsage(certificate.get(), flags, nullptr, &size_bytes)) {
    if (!every_usage()) return set_certificate_error(state.interp);
    Tcl_SetObjResult(state.interp, any.get());
    return TCL_OK;
  }
  std::vector<std::max_align_t> memory(size_bytes / sizeof(std::max_align_t) + 1);
  auto* usage = reinterpret_cast<CERT_ENHKEY_USAGE*>(memory.data());
  size_bytes = static_cast<DWORD>(memory.size() * sizeof(std::max_align_t));
  if (!CertGetEnhancedKeyUsage(certificate.get(), flags, usage, &size_bytes)) {
    return set_certificate_error(state.interp);
  }
  if (usage->cUsageIdentifier == 0 && every_usage()) {
    Tcl_SetObjResult(state.interp, any.get());
    return TCL_OK;
  }
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const char* oid : std::span(usage->rgpszUsageIdentifier, usage->cUsageIdentifier)) {
    Tcl_ListObjAppendElement(nullptr, list, new_text(usage_name(oid)));
  }
  Tcl_SetObjResult(state.interp, list);
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"cert_thumbprint", &thumbprint, 2, 2, "hcert"},   {"cert_info", &info, 2, 2, "hcert"},
    {"cert_extension", &extension, 3, 3, "hcert oid"}, {"cert_extensions", &extensions, 2, 2, "hcert"},
    {"cert_key_usage", &key_usage, 2, 2, "hcert"},     {"cert_enhkey_usage", &enhanced_usage, 2, 3, "hcert ?source?"},
};

}  // namespace

CommandGroup cert_info_commands() { return kCommands; }

}  // namespace twapi
