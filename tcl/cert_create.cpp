// Making certificates.
#include <algorithm>

#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

constexpr const char* kOutputEncodings[] = {"der", "pem", nullptr};
constexpr const char* kKeySets[] = {"user", "machine", nullptr};
constexpr const char* kKeySpecs[] = {"keyexchange", "signature", nullptr};

constexpr Option kCreateOptions[] = {
    {"-altnames", Kind::text, 0, nullptr,
     "{NAMES ?CRITICAL?}, where NAMES is a list TYPE VALUE ..., of dns, email, ip, url"},
    {"-basicconstraints", Kind::text, 0, nullptr, "{{CA HASPATHLENGTH PATHLENGTH} ?CRITICAL?}"},
    {"-capathlen", Kind::integer, 0, nullptr, "how many authorities may stand below one; with -purpose ca"},
    {"-csp", Kind::text, 0, nullptr, "taken for the sake of scripts for Windows"},
    {"-csptype", Kind::text, 0, nullptr, "taken for the sake of scripts for Windows"},
    {"-encoding", Kind::choice, 0, kOutputEncodings, "return the certificate's bytes, der or pem, instead of a handle"},
    {"-end", Kind::text, 0, nullptr, "last moment of validity, UTC: 2026-12-31 23:59:59; a year if not given"},
    {"-enhkeyusage", Kind::text, 0, nullptr, "{USAGES ?CRITICAL?}: server_auth, client_auth, ... or identifiers"},
    {"-keycontainer", Kind::text, 0, nullptr, "PEM file or pkcs11: URI with the private key; a new key if not given"},
    {"-keysettype", Kind::choice, 0, kKeySets, "taken for the sake of scripts for Windows"},
    {"-keyspec", Kind::choice, 0, kKeySpecs, "taken for the sake of scripts for Windows"},
    {"-keyusage", Kind::text, 0, nullptr, "{USAGES ?CRITICAL?}: digital_signature, key_cert_sign, ..."},
    {"-purpose", Kind::text, 0, nullptr, "any of ca, client, server: usages and constraints that belong to it"},
    {"-signaturealgorithm", Kind::text, 0, nullptr, "as oid_ecdsa_sha256; for a new key it tells the kind of key too"},
    {"-silent", Kind::boolean, 0, nullptr, "taken for the sake of scripts for Windows"},
    {"-start", Kind::text, 0, nullptr, "first moment of validity, UTC; five minutes ago if not given"},
    kEndOfOptions};
using CreateOptions = Options<std::size(kCreateOptions)>;

struct Algorithm {
  std::string_view oid;
  ULONG key_type, key_bits;
  const char* digest;
};
constexpr Algorithm kAlgorithms[] = {{"1.2.840.113549.1.1.5", OPENSSPI_KEY_RSA, 2048, "SHA1"},
                                     {"1.2.840.113549.1.1.11", OPENSSPI_KEY_RSA, 2048, "SHA256"},
                                     {"1.2.840.113549.1.1.12", OPENSSPI_KEY_RSA, 3072, "SHA384"},
                                     {"1.2.840.113549.1.1.13", OPENSSPI_KEY_RSA, 4096, "SHA512"},
                                     {"1.2.840.10045.4.3.2", OPENSSPI_KEY_EC, 256, "SHA256"},
                                     {"1.2.840.10045.4.3.3", OPENSSPI_KEY_EC, 384, "SHA384"},
                                     {"1.2.840.10045.4.3.4", OPENSSPI_KEY_EC, 521, "SHA512"},
                                     {"1.3.101.112", OPENSSPI_KEY_ED25519, 0, nullptr}};

// A request, with the memory that it points to.
class Request {
 public:
  int parse(Tcl_Interp* interp, Tcl_Obj* subject, const CreateOptions& options);
  OPENSSPI_CERT_REQUEST& native();

 private:
  int parse_purposes(Tcl_Interp* interp, Tcl_Obj* list);
  int parse_constraints(Tcl_Interp* interp, Tcl_Obj* value);
  int parse_alternative_names(Tcl_Interp* interp, Tcl_Obj* value);
  int add_alternative_name(Tcl_Interp* interp, Tcl_Obj* type, Tcl_Obj* value);
  int parse_algorithm(Tcl_Interp* interp, Tcl_Obj* value);

  OPENSSPI_CERT_REQUEST request_{};
  ByteVector subject_;
  UsageList usages_;
  opensspi::WideText key_file_;
  std::vector<opensspi::WideText> names_;
  std::vector<const SEC_WCHAR*> name_pointers_;
};

// The first element of a list {VALUE ?CRITICAL?}. Whether it is critical, the standard tells: RFC 5280 4.2.1.
int first_of_pair(Tcl_Interp* interp, Tcl_Obj* value, const char* option, Tcl_Obj*& first) {
  Objects words;
  int critical = 0;
  if (!get_list(interp, value, words)) return TCL_ERROR;
  if (words.empty() || words.size() > 2) {
    return set_argument_error(interp, "Invalid value '" + std::string(text_of(value)) + "' for option " + option +
                                          ": it must be a list {VALUE ?CRITICAL?}");
  }
  first = words[0];
  return words.size() == 1 ? TCL_OK : Tcl_GetBooleanFromObj(interp, words[1], &critical);
}

int Request::parse_purposes(Tcl_Interp* interp, Tcl_Obj* list) {
  static constexpr const char* kPurposes[] = {"ca", "client", "server", nullptr};
  constexpr ULONG kEndUsage =
      CERT_DIGITAL_SIGNATURE_KEY_USAGE | CERT_KEY_ENCIPHERMENT_KEY_USAGE | CERT_KEY_AGREEMENT_KEY_USAGE;
  Objects words;
  if (!get_list(interp, list, words)) return TCL_ERROR;
  for (Tcl_Obj* word : words) {
    std::size_t purpose = 0;
    if (get_choice(interp, word, kPurposes, purpose) != TCL_OK) return TCL_ERROR;
    if (purpose == 0) {
      request_.CertificateAuthority = 1;
      request_.KeyUsage |= CERT_KEY_CERT_SIGN_KEY_USAGE | CERT_CRL_SIGN_KEY_USAGE;
      continue;
    }
    request_.KeyUsage |= kEndUsage;
    usages_.add(purpose == 1 ? szOID_PKIX_KP_CLIENT_AUTH : szOID_PKIX_KP_SERVER_AUTH);
  }
  return TCL_OK;
}

int Request::parse_constraints(Tcl_Interp* interp, Tcl_Obj* value) {
  Tcl_Obj* first = nullptr;
  Objects words;
  int authority = 0, limited = 0, limit = 0;
  if (first_of_pair(interp, value, "-basicconstraints", first) != TCL_OK || !get_list(interp, first, words)) {
    return TCL_ERROR;
  }
  if (words.size() != 3) return set_toolkit_error(interp, Toolkit::wrong_argument_count);
  if (Tcl_GetBooleanFromObj(interp, words[0], &authority) != TCL_OK ||
      Tcl_GetBooleanFromObj(interp, words[1], &limited) != TCL_OK ||
      Tcl_GetIntFromObj(interp, words[2], &limit) != TCL_OK) {
    return TCL_ERROR;
  }
  request_.CertificateAuthority = authority;
  if (limited != 0) request_.PathLength = limit;
  return TCL_OK;
}

// Four or sixteen bytes as text.
bool address_text(Bytes address, std::string& text) {
  if (address.size() == 4) {
    for (const std::uint8_t byte : address) text += (text.empty() ? "" : ".") + std::to_string(byte);
    return true;
  }
  if (address.size() != 16) return false;
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (i != 0 && i % 2 == 0) text += ':';
    text += kDigits[address[i] >> 4];
    text += kDigits[address[i] & 15];
  }
  return true;
}

int Request::add_alternative_name(Tcl_Interp* interp, Tcl_Obj* type, Tcl_Obj* value) {
  static constexpr const char* kTypes[] = {"dns", "email", "url", "ip", nullptr};
  static constexpr std::u16string_view kPrefixes[] = {u"DNS:", u"email:", u"URI:", u"IP:"};
  std::size_t kind = 0;
  if (get_choice(interp, type, kTypes, kind) != TCL_OK) return TCL_ERROR;
  std::u16string text(kPrefixes[kind]);
  if (kind == 3) {
    Bytes address;
    std::string digits;
    if (!get_bytes(interp, value, address)) return TCL_ERROR;
    if (!address_text(address, digits)) {
      return set_argument_error(interp, "Invalid address of " + std::to_string(address.size()) +
                                            " bytes for option -altnames: it must have 4 or 16 bytes");
    }
    text.append(digits.begin(), digits.end());
  } else {
    text += utf16_of(value);
  }
  names_.push_back(opensspi::to_wide(text));
  return TCL_OK;
}

// TYPE VALUE TYPE VALUE ..., or a list of such pairs.
int Request::parse_alternative_names(Tcl_Interp* interp, Tcl_Obj* value) {
  Tcl_Obj* first = nullptr;
  Objects words, pair;
  if (first_of_pair(interp, value, "-altnames", first) != TCL_OK || !get_list(interp, first, words)) return TCL_ERROR;
  const bool pairs = !words.empty() && get_list(nullptr, words[0], pair) && pair.size() == 2;
  if (!pairs && words.size() % 2 != 0) return set_toolkit_error(interp, Toolkit::wrong_argument_count);
  for (std::size_t i = 0; i < words.size(); i += pairs ? 1 : 2) {
    if (pairs && (!get_list(interp, words[i], pair) || pair.size() != 2)) {
      return set_toolkit_error(interp, Toolkit::wrong_argument_count);
    }
    const int result =
        pairs ? add_alternative_name(interp, pair[0], pair[1]) : add_alternative_name(interp, words[i], words[i + 1]);
    if (result != TCL_OK) return TCL_ERROR;
  }
  return TCL_OK;
}

int Request::parse_algorithm(Tcl_Interp* interp, Tcl_Obj* value) {
  std::string oid;
  if (get_oid(interp, value, oid) != TCL_OK) return TCL_ERROR;
  const auto found = std::ranges::find(kAlgorithms, oid, &Algorithm::oid);
  if (found == std::end(kAlgorithms)) return set_toolkit_error(interp, Toolkit::unsupported);
  request_.KeyType = found->key_type;
  request_.KeyBits = found->key_bits;
  request_.Digest = found->digest;
  return TCL_OK;
}

int Request::parse(Tcl_Interp* interp, Tcl_Obj* subject, const CreateOptions& options) {
  const auto given = [&](std::size_t index, auto&& parse_value) {
    Tcl_Obj* value = options[index].object;
    return value == nullptr ? TCL_OK : parse_value(value);
  };
  const auto usage_of = [&](const char* option, Tcl_Obj* value, auto&& parse_usage) {
    Tcl_Obj* first = nullptr;
    return first_of_pair(interp, value, option, first) == TCL_OK ? parse_usage(first) : TCL_ERROR;
  };
  request_.cbSize = sizeof request_;
  request_.PathLength = -1;
  if (options.given(place(kCreateOptions, "-capathlen"))) {
    request_.PathLength = static_cast<LONG>(options.number(place(kCreateOptions, "-capathlen"), -1));
  }
  const bool good =
      get_name(interp, subject, CERT_X500_NAME_STR, subject_) == TCL_OK &&
      given(place(kCreateOptions, "-purpose"), [&](Tcl_Obj* v) { return parse_purposes(interp, v); }) == TCL_OK &&
      given(place(kCreateOptions, "-basicconstraints"), [&](Tcl_Obj* v) { return parse_constraints(interp, v); }) ==
          TCL_OK &&
      given(place(kCreateOptions, "-altnames"), [&](Tcl_Obj* v) { return parse_alternative_names(interp, v); }) ==
          TCL_OK &&
      given(place(kCreateOptions, "-enhkeyusage"),
            [&](Tcl_Obj* v) {
              return usage_of("-enhkeyusage", v, [&](Tcl_Obj* list) { return usages_.parse(interp, list); });
            }) == TCL_OK &&
      given(place(kCreateOptions, "-keyusage"),
            [&](Tcl_Obj* v) {
              return usage_of("-keyusage", v,
                              [&](Tcl_Obj* list) { return get_key_usage(interp, list, request_.KeyUsage); });
            }) == TCL_OK &&
      given(place(kCreateOptions, "-signaturealgorithm"), [&](Tcl_Obj* v) { return parse_algorithm(interp, v); }) ==
          TCL_OK &&
      given(place(kCreateOptions, "-start"), [&](Tcl_Obj* v) { return get_time(interp, v, request_.NotBefore); }) ==
          TCL_OK &&
      given(place(kCreateOptions, "-end"), [&](Tcl_Obj* v) { return get_time(interp, v, request_.NotAfter); }) ==
          TCL_OK;
  if (!good) return TCL_ERROR;
  Tcl_Obj* container = options[place(kCreateOptions, "-keycontainer")].object;
  if (container != nullptr) key_file_ = opensspi::to_wide(utf16_of(container));
  return TCL_OK;
}

OPENSSPI_CERT_REQUEST& Request::native() {
  request_.Subject = blob_of(subject_);
  request_.EnhKeyUsage = usages_.native();
  request_.KeyFile = key_file_.empty() ? nullptr : key_file_.c_str();
  name_pointers_.clear();
  for (const opensspi::WideText& name : names_) name_pointers_.push_back(name.c_str());
  request_.cAltNames = static_cast<ULONG>(name_pointers_.size());
  request_.AltNames = name_pointers_.data();
  return request_;
}

int give_created(InterpState& state, const CreateOptions& options, CertificateRef certificate) {
  if (!options.given(place(kCreateOptions, "-encoding"))) return give(state, std::move(certificate));
  const Bytes der(certificate->pbCertEncoded, certificate->cbCertEncoded);
  const bool pem = options.number(place(kCreateOptions, "-encoding"), 0) == 1;
  Tcl_SetObjResult(state.interp, pem ? new_text(std::string_view(to_pem(der, "CERTIFICATE"))) : new_bytes(der));
  return TCL_OK;
}

// `issuer` nullptr: self-signed; `public_key` nullptr: a new key pair, or that of -keycontainer.
int create(InterpState& state, Tcl_Obj* subject, PublicKey* public_key, PCCERT_CONTEXT issuer, Objects words) {
  CreateOptions options(kCreateOptions);
  Request request;
  if (options.parse(state.interp, words) != TCL_OK || request.parse(state.interp, subject, options) != TCL_OK) {
    return TCL_ERROR;
  }
  OPENSSPI_CERT_REQUEST& native = request.native();
  native.Issuer = issuer;
  if (public_key != nullptr) {
    native.PublicKey = public_key->native();
    native.KeyType = native.KeyBits = 0;  // -signaturealgorithm then tells the digest only
  }
  PCCERT_CONTEXT made = nullptr;
  const SECURITY_STATUS status = OpenSspiCertCreate(&native, &made);
  if (status != SEC_E_OK) return set_status_error(state.interp, status);
  return give_created(state, options, CertificateRef(made));
}

int create_self_signed(InterpState& state, Objects words) {
  return create(state, words[1], nullptr, nullptr, words.subspan(2));
}

// PUBKEY is the subject's, who keeps the private key; "": a key pair is made here, or is that of -keycontainer.
int create_signed(InterpState& state, Objects words) {
  CertificateRef issuer;
  PublicKey key;
  if (get_certificate(state.interp, words[3], issuer) != TCL_OK) return TCL_ERROR;
  const bool given = !text_of(words[2]).empty();
  if (given && key.parse(state.interp, words[2]) != TCL_OK) return TCL_ERROR;
  return create(state, words[1], given ? &key : nullptr, issuer.get(), words.subspan(4));
}

constexpr CommandEntry kCommands[] = {
    {"cert_create_self_signed", &create_self_signed, 2, -1, "subject ?arg ...?"},
    {"cert_create", &create_signed, 4, -1, "subject pubkey hissuer ?arg ...?"},
};

}  // namespace

CommandGroup cert_create_commands() { return kCommands; }

}  // namespace twapi
