// Stores and certificates as bytes: PFX, PKCS#7, PEM, serialized, DER.
#include "certificates.hpp"
#include "commands.hpp"
#include "conceal.hpp"
#include "errors.hpp"

namespace twapi {
namespace {

constexpr std::string_view kCertificateLabel = "CERTIFICATE";

constexpr const char* kOutputEncodings[] = {"der", "pem", nullptr};
constexpr Option kEncodingOptions[] = {{"-encoding", Kind::choice, 0, kOutputEncodings, "der (the default) or pem"},
                                       kEndOfOptions};
constexpr Tcl_WideInt kPem = 1;
constexpr Option kImportOptions[] = {{"-encoding", Kind::choice, 0, kEncodings, "der, pem, or either if not given"},
                                     kEndOfOptions};

void set_pem_result(Tcl_Interp* interp, Bytes der, std::string_view label) {
  Tcl_SetObjResult(interp, new_text(std::string_view(to_pem(der, label))));
}

// ---- Stores. ----

// Asks for the size and then for the bytes.
template <typename Ask>
int save(Tcl_Interp* interp, ByteVector& bytes, Ask ask) {
  CRYPT_DATA_BLOB blob{};
  if (!ask(blob)) return set_certificate_error(interp);
  bytes.resize(blob.cbData);
  blob.pbData = bytes.data();
  if (!ask(blob)) return set_certificate_error(interp);
  bytes.resize(blob.cbData);
  return TCL_OK;
}

int save_as(Tcl_Interp* interp, HCERTSTORE store, DWORD form, ByteVector& bytes) {
  return save(interp, bytes, [&](CRYPT_DATA_BLOB& blob) {
    return CertSaveStore(store, kEncodingType, form, CERT_STORE_SAVE_TO_MEMORY, &blob, 0) != 0;
  });
}

constexpr Option kPfxOptions[] = {
    {"-exportprivatekeys", Kind::boolean, EXPORT_PRIVATE_KEYS, nullptr, "private keys too"},
    {"-failonmissingkey", Kind::boolean, REPORT_NO_PRIVATE_KEY, nullptr, "an error where a private key is not there"},
    {"-failonunexportablekey", Kind::boolean, REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY, nullptr,
     "an error where a private key cannot be exported"},
    kEndOfOptions};

int export_pfx(InterpState& state, Objects words) {
  Options options(kPfxOptions);
  StoreRef store;
  SecretText password;
  if (options.parse(state.interp, words.subspan(3)) != TCL_OK || get_store(state.interp, words[1], store) != TCL_OK ||
      get_concealed(state.interp, words[2], password) != TCL_OK) {
    return TCL_ERROR;
  }
  ByteVector bytes;
  const int result = save(state.interp, bytes, [&](CRYPT_DATA_BLOB& blob) {
    return PFXExportCertStoreEx(store.get(), &blob, reinterpret_cast<const SEC_WCHAR*>(password.data()), nullptr,
                                options.flags()) != 0;
  });
  if (result == TCL_OK) Tcl_SetObjResult(state.interp, new_bytes(bytes));
  return result;
}

int export_pkcs7(InterpState& state, Objects words) {
  Options options(kEncodingOptions);
  StoreRef store;
  ByteVector bytes;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK || get_store(state.interp, words[1], store) != TCL_OK ||
      save_as(state.interp, store.get(), CERT_STORE_SAVE_AS_PKCS7, bytes) != TCL_OK) {
    return TCL_ERROR;
  }
  if (options.number(place(kEncodingOptions, "-encoding"), 0) == kPem) {
    set_pem_result(state.interp, bytes, "PKCS7");
  } else {
    Tcl_SetObjResult(state.interp, new_bytes(bytes));
  }
  return TCL_OK;
}

int serialize(InterpState& state, Objects words) {
  StoreRef store;
  ByteVector bytes;
  if (get_store(state.interp, words[1], store) != TCL_OK ||
      save_as(state.interp, store.get(), CERT_STORE_SAVE_AS_STORE, bytes) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_SetObjResult(state.interp, new_bytes(bytes));
  return TCL_OK;
}

Bytes encoded(PCCERT_CONTEXT certificate) { return {certificate->pbCertEncoded, certificate->cbCertEncoded}; }

// The certificates, one PEM block behind the other.
int export_pem(InterpState& state, Objects words) {
  StoreRef store;
  if (get_store(state.interp, words[1], store) != TCL_OK) return TCL_ERROR;
  std::string text;
  CertificateRef current;
  while (true) {
    current.reset(CertEnumCertificatesInStore(store.get(), current.release()));
    if (!current) break;
    text += to_pem(encoded(current.get()), kCertificateLabel);
  }
  Tcl_SetObjResult(state.interp, new_text(std::string_view(text)));
  return TCL_OK;
}

// ---- One certificate. ----

int export_certificate(InterpState& state, Objects words) {
  Options options(kEncodingOptions);
  CertificateRef certificate;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK ||
      get_certificate(state.interp, words[1], certificate) != TCL_OK) {
    return TCL_ERROR;
  }
  const Bytes der = encoded(certificate.get());
  if (options.number(place(kEncodingOptions, "-encoding"), 0) == kPem) {
    set_pem_result(state.interp, der, kCertificateLabel);
  } else {
    Tcl_SetObjResult(state.interp, new_bytes(der));
  }
  return TCL_OK;
}

int import_certificate(InterpState& state, Objects words) {
  Options options(kImportOptions);
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK) return TCL_ERROR;
  const auto encoding = static_cast<Encoding>(options.number(place(kImportOptions, "-encoding"), 0));
  ByteVector der;
  if (get_certificate_der(state.interp, words[1], encoding, der) != TCL_OK) return TCL_ERROR;
  return give(state,
              CertificateRef(CertCreateCertificateContext(kEncodingType, der.data(), static_cast<DWORD>(der.size()))));
}

int release(InterpState& state, Objects words) {
  CertificateRef certificate;
  return release_certificate(state, words[1], certificate);
}

int duplicate(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (get_certificate(state.interp, words[1], certificate) != TCL_OK) return TCL_ERROR;
  return give(state, std::move(certificate));
}

constexpr CommandEntry kCommands[] = {
    {"cert_store_export_pfx", &export_pfx, 3, -1, "hstore password ?arg ...?"},
    {"cert_store_export_pkcs12", &export_pfx, 3, -1, "hstore password ?arg ...?"},
    {"cert_store_export_pkcs7", &export_pkcs7, 2, -1, "hstore ?arg ...?"},
    {"cert_store_export_pem", &export_pem, 2, 2, "hstore"},
    {"cert_store_serialize", &serialize, 2, 2, "hstore"},
    {"cert_export", &export_certificate, 2, -1, "hcert ?arg ...?"},
    {"cert_import", &import_certificate, 2, -1, "enccert ?arg ...?"},
    {"cert_release", &release, 2, 2, "hcert"},
    {"cert_duplicate", &duplicate, 2, 2, "hcert"},
};

}  // namespace

CommandGroup cert_export_commands() { return kCommands; }

int get_certificate_der(Tcl_Interp* interp, Tcl_Obj* value, Encoding encoding, ByteVector& der) {
  return get_der(interp, value, encoding, kCertificateLabel, der);
}

}  // namespace twapi
