// What is in a store: adding, finding, going through it, deleting.
#include <algorithm>
#include <optional>

#include "cert_properties.hpp"
#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

// ---- Adding. ----

constexpr const char* kDispositions[] = {"preserve", "update", "overwrite", "duplicate", nullptr};
constexpr DWORD kDispositionValues[] = {CERT_STORE_ADD_NEW, CERT_STORE_ADD_NEWER, CERT_STORE_ADD_REPLACE_EXISTING,
                                        CERT_STORE_ADD_ALWAYS};

constexpr Option kAddOptions[] = {
    {"-disposition", Kind::choice, 0, kDispositions,
     "where it is there already: preserve (an error, the default), update (by a newer one), overwrite, duplicate"},
    kEndOfOptions};
constexpr Option kAddEncodedOptions[] = {
    {"-disposition", Kind::choice, 0, kDispositions,
     "where it is there already: preserve (an error, the default), update (by a newer one), overwrite, duplicate"},
    {"-encoding", Kind::choice, 0, kEncodings, "der, pem, or either if not given"},
    kEndOfOptions};

int add_certificate(InterpState& state, Objects words) {
  Options options(kAddOptions);
  StoreRef store;
  CertificateRef certificate;
  if (options.parse(state.interp, words.subspan(3)) != TCL_OK || get_store(state.interp, words[1], store) != TCL_OK ||
      get_certificate(state.interp, words[2], certificate) != TCL_OK) {
    return TCL_ERROR;
  }
  const DWORD disposition = kDispositionValues[options.number(place(kAddOptions, "-disposition"), 0)];
  PCCERT_CONTEXT copy = nullptr;
  if (!CertAddCertificateContextToStore(store.get(), certificate.get(), disposition, &copy)) {
    return set_certificate_error(state.interp);
  }
  return give(state, CertificateRef(copy));
}

int add_encoded(InterpState& state, Objects words) {
  Options options(kAddEncodedOptions);
  StoreRef store;
  if (options.parse(state.interp, words.subspan(3)) != TCL_OK || get_store(state.interp, words[1], store) != TCL_OK) {
    return TCL_ERROR;
  }
  const auto encoding = static_cast<Encoding>(options.number(place(kAddEncodedOptions, "-encoding"), 0));
  ByteVector der;
  if (get_certificate_der(state.interp, words[2], encoding, der) != TCL_OK) return TCL_ERROR;
  const DWORD disposition = kDispositionValues[options.number(place(kAddEncodedOptions, "-disposition"), 0)];
  PCCERT_CONTEXT copy = nullptr;
  if (!CertAddEncodedCertificateToStore(store.get(), kEncodingType, der.data(), static_cast<DWORD>(der.size()),
                                        disposition, &copy)) {
    return set_certificate_error(state.interp);
  }
  return give(state, CertificateRef(copy));
}

// ---- Finding. ----

// What the term of a search is.
enum class Term { none, certificate, text, blob, property, public_key };

struct SearchType {
  const char* name;
  DWORD type;
  Term term;
};
constexpr SearchType kSearchTypes[] = {{"any", CERT_FIND_ANY, Term::none},
                                       {"existing", CERT_FIND_EXISTING, Term::certificate},
                                       {"certificate", CERT_FIND_EXISTING, Term::certificate},
                                       {"has_private_key", CERT_FIND_HAS_PRIVATE_KEY, Term::none},
                                       {"issuer_name", CERT_FIND_ISSUER_NAME, Term::blob},
                                       {"issuer_substring", CERT_FIND_ISSUER_STR_W, Term::text},
                                       {"key_identifier", CERT_FIND_KEY_IDENTIFIER, Term::blob},
                                       {"md5_hash", CERT_FIND_MD5_HASH, Term::blob},
                                       {"property", CERT_FIND_PROPERTY, Term::property},
                                       {"pubkey_md5_hash", CERT_FIND_PUBKEY_MD5_HASH, Term::blob},
                                       {"public_key", CERT_FIND_PUBLIC_KEY, Term::public_key},
                                       {"sha1_hash", CERT_FIND_SHA1_HASH, Term::blob},
                                       {"signature_hash", CERT_FIND_SIGNATURE_HASH, Term::blob},
                                       {"subject_name", CERT_FIND_SUBJECT_NAME, Term::blob},
                                       {"subject_substring", CERT_FIND_SUBJECT_STR_W, Term::text}};

// A search, with the memory that its parameter points to.
class Search {
 public:
  // `type` and `term` may be nullptr: any certificate.
  int parse(Tcl_Interp* interp, Tcl_Obj* type, Tcl_Obj* term);

  // The next one behind `previous`, which is freed.
  CertificateRef next(HCERTSTORE store, CertificateRef previous) const {
    return CertificateRef(
        CertFindCertificateInStore(store, kEncodingType, 0, type_->type, parameter_, previous.release()));
  }

 private:
  int parse_term(Tcl_Interp* interp, Tcl_Obj* term);
  int keep_bytes(Tcl_Interp* interp, Tcl_Obj* value, ByteVector& kept) {
    Bytes bytes;
    if (!get_bytes(interp, value, bytes)) return TCL_ERROR;
    kept.assign(bytes.begin(), bytes.end());
    return TCL_OK;
  }

  const SearchType* type_ = nullptr;
  const void* parameter_ = nullptr;
  CertificateRef certificate_;
  opensspi::WideText text_;
  ByteVector bytes_;
  CRYPT_DATA_BLOB blob_{};
  DWORD property_ = 0;
  PublicKey public_key_;
};

int Search::parse(Tcl_Interp* interp, Tcl_Obj* type, Tcl_Obj* term) {
  const std::string_view name = type == nullptr ? "any" : text_of(type);
  std::string known;
  for (const SearchType& candidate : kSearchTypes) {
    if (candidate.name == name) type_ = &candidate;
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  if (type_ == nullptr) {
    return set_argument_error(interp, "Bad value \"" + std::string(name) + "\". Must be one of " + known);
  }
  if (type_->term == Term::none) return TCL_OK;
  if (term == nullptr) {
    return set_argument_error(interp, "Search type " + std::string(name) + " needs a term to search for");
  }
  return parse_term(interp, term);
}

int Search::parse_term(Tcl_Interp* interp, Tcl_Obj* term) {
  switch (type_->term) {
    case Term::none:
      return TCL_OK;
    case Term::certificate:
      if (get_certificate(interp, term, certificate_) != TCL_OK) return TCL_ERROR;
      parameter_ = certificate_.get();
      return TCL_OK;
    case Term::text:
      text_ = opensspi::to_wide(utf16_of(term));
      parameter_ = text_.c_str();
      return TCL_OK;
    case Term::blob:
      if (keep_bytes(interp, term, bytes_) != TCL_OK) return TCL_ERROR;
      blob_ = blob_of(bytes_);
      parameter_ = &blob_;
      return TCL_OK;
    case Term::property:
      if (get_property_id(interp, term, property_) != TCL_OK) return TCL_ERROR;
      parameter_ = &property_;
      return TCL_OK;
    case Term::public_key:
      parameter_ = public_key_.native();
      return public_key_.parse(interp, term);
  }
  return TCL_OK;
}

// The next certificate as the result, or "" at the end.
int give_next(InterpState& state, CertificateRef found) {
  if (found) return give(state, std::move(found));
  constexpr SECURITY_STATUS kNoMoreFiles = 18;  // what Windows' stores outside memory end with
  const auto status = static_cast<SECURITY_STATUS>(OpenSspiGetLastCryptError());
  if (status == CRYPT_E_NOT_FOUND || status == kNoMoreFiles) return TCL_OK;
  return set_status_error(state.interp, status);
}

// PREV of an enumeration, which is released in any case. NULL and "" begin.
int take_previous(InterpState& state, Tcl_Obj* value, CertificateRef& previous) {
  const std::string_view text = text_of(value);
  if (text.empty() || text == "NULL" || text == "0") return TCL_OK;
  return release_certificate(state, value, previous);
}

int find_certificate(InterpState& state, Objects words) {
  CertificateRef previous;
  if (words.size() > 4 && take_previous(state, words[4], previous) != TCL_OK) return TCL_ERROR;
  StoreRef store;
  Search search;
  if (get_store(state.interp, words[1], store) != TCL_OK ||
      search.parse(state.interp, words.size() > 2 ? words[2] : nullptr, words.size() > 3 ? words[3] : nullptr) !=
          TCL_OK) {
    return TCL_ERROR;
  }
  return give_next(state, search.next(store.get(), std::move(previous)));
}

int enum_contents(InterpState& state, Objects words) {
  CertificateRef previous;
  if (words.size() > 2 && take_previous(state, words[2], previous) != TCL_OK) return TCL_ERROR;
  StoreRef store;
  if (get_store(state.interp, words[1], store) != TCL_OK) return TCL_ERROR;
  return give_next(state, CertificateRef(CertEnumCertificatesInStore(store.get(), previous.release())));
}

// ---- cert_store_iterate ----

// Runs the body for one certificate, with a handle that is gone afterwards.
int run_body(InterpState& state, Tcl_Obj* variable, Tcl_Obj* body, PCCERT_CONTEXT certificate) {
  const Object handle(new_handle(state, CertificateRef(CertDuplicateCertificateContext(certificate))));
  int code = TCL_ERROR;
  if (Tcl_ObjSetVar2(state.interp, variable, nullptr, handle.get(), TCL_LEAVE_ERR_MSG) != nullptr) {
    code = Tcl_EvalObjEx(state.interp, body, 0);
  }
  CertificateRef released;
  Tcl_InterpState saved = Tcl_SaveInterpState(state.interp, code);
  release_certificate(state, handle.get(), released);  // the body may have done it
  return Tcl_RestoreInterpState(state.interp, saved);
}

int iterate(InterpState& state, Objects words) {
  StoreRef store;
  Search search;
  if (get_store(state.interp, words[1], store) != TCL_OK ||
      search.parse(state.interp, words.size() > 4 ? words[4] : nullptr, words.size() > 5 ? words[5] : nullptr) !=
          TCL_OK) {
    return TCL_ERROR;
  }
  int code = TCL_OK;
  CertificateRef current;
  while (code == TCL_OK || code == TCL_CONTINUE) {
    current = search.next(store.get(), std::move(current));
    if (!current) break;
    code = run_body(state, words[2], words[3], current.get());
  }
  if (code == TCL_ERROR) {
    Tcl_AppendObjToErrorInfo(
        state.interp, Tcl_ObjPrintf("\n    (\"cert_store_iterate\" body line %d)", Tcl_GetErrorLine(state.interp)));
  }
  if (code == TCL_ERROR || code == TCL_RETURN) return code;
  if (Tcl_ObjSetVar2(state.interp, words[2], nullptr, Tcl_NewObj(), TCL_LEAVE_ERR_MSG) == nullptr) return TCL_ERROR;
  Tcl_ResetResult(state.interp);
  return code == TCL_BREAK || code == TCL_CONTINUE ? TCL_OK : code;
}

// The handle is released as well.
int delete_certificate(InterpState& state, Objects words) {
  CertificateRef certificate;
  if (release_certificate(state, words[1], certificate) != TCL_OK) return TCL_ERROR;
  if (!CertDeleteCertificateFromStore(certificate.release())) return set_certificate_error(state.interp);
  return TCL_OK;
}

constexpr CommandEntry kCommands[] = {
    {"cert_store_add_certificate", &add_certificate, 3, -1, "hstore hcert ?arg ...?"},
    {"cert_store_add_encoded_certificate", &add_encoded, 3, -1, "hstore enccert ?arg ...?"},
    {"cert_store_find_certificate", &find_certificate, 2, 5, "hstore ?type? ?term? ?hcert?"},
    {"cert_store_enum_contents", &enum_contents, 2, 3, "hstore ?hcert?"},
    {"cert_store_iterate", &iterate, 4, 6, "hstore varname script ?type? ?term?"},
    {"cert_store_delete_certificate", &delete_certificate, 2, 2, "hcert"},
    {"cert_delete_from_store", &delete_certificate, 2, 2, "hcert"},
};

}  // namespace

CommandGroup cert_contents_commands() { return kCommands; }

}  // namespace twapi
