// Chains, and whether a certificate is good for TLS.
#include <algorithm>

#include "certificates.hpp"
#include "commands.hpp"
#include "errors.hpp"
#include "oids.hpp"

namespace twapi {
namespace {

constexpr const char* kEngines[] = {"user", "machine", nullptr};
constexpr const char* kRevocationChecks[] = {"all", "leaf", "excluderoot", "none", nullptr};
constexpr DWORD kRevocationFlags[] = {CERT_CHAIN_REVOCATION_CHECK_CHAIN, CERT_CHAIN_REVOCATION_CHECK_END_CERT,
                                      CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT, 0};

constexpr Option kChainOptions[] = {
    {"-cacheendcert", Kind::boolean, CERT_CHAIN_CACHE_END_CERT, nullptr, "the system keeps the certificate"},
    {"-disableauthrootautoupdate", Kind::boolean, CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE, nullptr,
     "the system does not look for new roots"},
    {"-engine", Kind::choice, 0, kEngines, "whose roots: user (the default) or machine"},
    {"-hstore", Kind::text, 0, nullptr, "store where further certificates of the chain are looked for"},
    {"-revocationcheck", Kind::choice, 0, kRevocationChecks, "all (the default), leaf, excluderoot, none"},
    {"-revocationcheckcacheonly", Kind::boolean, CERT_CHAIN_REVOCATION_CHECK_CACHE_ONLY, nullptr,
     "only revocation lists that are at hand"},
    {"-urlretrievalcacheonly", Kind::boolean, CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL, nullptr, "nothing is fetched"},
    {"-usageall", Kind::text, 0, nullptr, "usages that the certificate must have, all of them"},
    {"-usageany", Kind::text, 0, nullptr, "usages of which the certificate must have one"},
    kEndOfOptions};

constexpr Option kVerifyOptions[] = {
    {"-cacheendcert", Kind::boolean, CERT_CHAIN_CACHE_END_CERT, nullptr, "the system keeps the certificate"},
    {"-disableauthrootautoupdate", Kind::boolean, CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE, nullptr,
     "the system does not look for new roots"},
    {"-engine", Kind::choice, 0, kEngines, "whose roots: user (the default) or machine"},
    {"-hstore", Kind::text, 0, nullptr, "store where further certificates of the chain are looked for"},
    {"-ignoreerrors", Kind::text, 0, nullptr,
     "any of time, basicconstraints, unknownca, usage, name, policy, revocation, criticalextensions"},
    {"-revocationcheck", Kind::choice, 0, kRevocationChecks, "all (the default), leaf, excluderoot, none"},
    {"-revocationcheckcacheonly", Kind::boolean, CERT_CHAIN_REVOCATION_CHECK_CACHE_ONLY, nullptr,
     "only revocation lists that are at hand"},
    {"-server", Kind::name, 0, nullptr, "the name that the certificate of a server must be for"},
    {"-trustedroots", Kind::text, 0, nullptr, "certificates that are trusted as roots beside the system's"},
    {"-urlretrievalcacheonly", Kind::boolean, CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL, nullptr, "nothing is fetched"},
    {"-usageall", Kind::text, 0, nullptr, "usages that the certificate must have, all of them"},
    {"-usageany", Kind::text, 0, nullptr, "usages of which the certificate must have one"},
    kEndOfOptions};
using VerifyOptions = Options<std::size(kVerifyOptions)>;

// ---- Building. ----

// What a chain is built for; the same options in both tables.
template <const auto& kTable>
int build(InterpState& state, PCCERT_CONTEXT certificate, const Options<std::size(kTable)>& options,
          std::string_view default_usage, ChainRef& chain) {
  Tcl_Obj* all = options[place(kTable, "-usageall")].object;
  Tcl_Obj* any = options[place(kTable, "-usageany")].object;
  if (all != nullptr && any != nullptr) {
    return set_argument_error(state.interp, "Only one of -usageall and -usageany may be specified");
  }
  UsageList usages;
  StoreRef store;
  Tcl_Obj* given = all != nullptr ? all : any;
  if (given != nullptr && usages.parse(state.interp, given) != TCL_OK) return TCL_ERROR;
  if (given == nullptr && !default_usage.empty()) usages.add(default_usage);
  Tcl_Obj* hstore = options[place(kTable, "-hstore")].object;
  if (hstore != nullptr && get_store_or_null(state.interp, hstore, store) != TCL_OK) return TCL_ERROR;

  CERT_CHAIN_PARA parameters{};
  parameters.cbSize = sizeof parameters;
  parameters.RequestedUsage.dwType = all != nullptr ? USAGE_MATCH_TYPE_AND : USAGE_MATCH_TYPE_OR;
  parameters.RequestedUsage.Usage = usages.native();
  const DWORD flags = options.flags() | kRevocationFlags[options.number(place(kTable, "-revocationcheck"), 0)];
  const HCERTCHAINENGINE engine =
      options.number(place(kTable, "-engine"), 0) == 1 ? HCCE_LOCAL_MACHINE : HCCE_CURRENT_USER;
  PCCERT_CHAIN_CONTEXT made = nullptr;
  if (!CertGetCertificateChain(engine, certificate, nullptr, store.get(), &parameters, flags, nullptr, &made)) {
    return set_certificate_error(state.interp);
  }
  chain.reset(made);
  return TCL_OK;
}

int chain_build(InterpState& state, Objects words) {
  Options options(kChainOptions);
  CertificateRef certificate;
  ChainRef chain;
  if (options.parse(state.interp, words.subspan(2)) != TCL_OK ||
      get_certificate(state.interp, words[1], certificate) != TCL_OK ||
      build<kChainOptions>(state, certificate.get(), options, {}, chain) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_SetObjResult(state.interp, new_handle(state, std::move(chain)));
  return TCL_OK;
}

int chain_release(InterpState& state, Objects words) {
  ChainRef chain;
  return release_chain(state, words[1], chain);
}

// ---- What a chain says. ----

struct TrustBit {
  DWORD bit;
  const char* word;
};
constexpr TrustBit kTrustErrors[] = {{CERT_TRUST_IS_NOT_TIME_VALID, "time"},
                                     {CERT_TRUST_IS_NOT_TIME_NESTED, "validityperiodnesting"},
                                     {CERT_TRUST_IS_REVOKED, "revoked"},
                                     {CERT_TRUST_IS_NOT_SIGNATURE_VALID, "signature"},
                                     {CERT_TRUST_IS_NOT_VALID_FOR_USAGE, "wrongusage"},
                                     {CERT_TRUST_IS_UNTRUSTED_ROOT, "untrustedroot"},
                                     {CERT_TRUST_REVOCATION_STATUS_UNKNOWN, "revocationunknown"},
                                     {CERT_TRUST_IS_CYCLIC, "trustcycle"},
                                     {CERT_TRUST_INVALID_EXTENSION, "extension"},
                                     {CERT_TRUST_INVALID_POLICY_CONSTRAINTS, "policy"},
                                     {CERT_TRUST_INVALID_BASIC_CONSTRAINTS, "basicconstraints"},
                                     {CERT_TRUST_INVALID_NAME_CONSTRAINTS, "nameconstraints"},
                                     {CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT, "unsupportednameconstraint"},
                                     {CERT_TRUST_HAS_NOT_DEFINED_NAME_CONSTRAINT, "undefinednameconstraint"},
                                     {CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT, "unpermittednameconstraint"},
                                     {CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT, "excludednameconstraint"},
                                     {CERT_TRUST_IS_OFFLINE_REVOCATION, "revocationoffline"},
                                     {CERT_TRUST_NO_ISSUANCE_CHAIN_POLICY, "noissuancepolicy"},
                                     {CERT_TRUST_IS_EXPLICIT_DISTRUST, "distrust"},
                                     {CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT, "criticalextension"},
                                     {CERT_TRUST_HAS_WEAK_SIGNATURE, "weaksignature"},
                                     {CERT_TRUST_IS_PARTIAL_CHAIN, "partialchain"}};
constexpr TrustBit kTrustInfo[] = {{CERT_TRUST_HAS_EXACT_MATCH_ISSUER, "hasexactmatchissuer"},
                                   {CERT_TRUST_HAS_KEY_MATCH_ISSUER, "haskeymatchissuer"},
                                   {CERT_TRUST_HAS_NAME_MATCH_ISSUER, "hasnamematchissuer"},
                                   {CERT_TRUST_IS_SELF_SIGNED, "isselfsigned"},
                                   {CERT_TRUST_HAS_PREFERRED_ISSUER, "haspreferredissuer"},
                                   {CERT_TRUST_HAS_ISSUANCE_CHAIN_POLICY, "hasissuancechainpolicy"},
                                   {CERT_TRUST_HAS_VALID_NAME_CONSTRAINTS, "hasvalidnameconstraints"},
                                   {CERT_TRUST_IS_COMPLEX_CHAIN, "iscomplexchain"}};

Tcl_Obj* words_of(DWORD bits, std::span<const TrustBit> table) {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const TrustBit& entry : table) {
    if ((bits & entry.bit) != 0) Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj(entry.word, -1));
  }
  return list;
}

int trust_errors(InterpState& state, Objects words) {
  ChainRef chain;
  if (get_chain(state.interp, words[1], chain) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, words_of(chain->TrustStatus.dwErrorStatus, kTrustErrors));
  return TCL_OK;
}

int trust_info(InterpState& state, Objects words) {
  ChainRef chain;
  if (get_chain(state.interp, words[1], chain) != TCL_OK) return TCL_ERROR;
  Tcl_SetObjResult(state.interp, words_of(chain->TrustStatus.dwInfoStatus, kTrustInfo));
  return TCL_OK;
}

// {HCERT ERRORS INFO} for each certificate, the end certificate first; each handle is to be released.
int simple_chain(InterpState& state, Objects words) {
  ChainRef chain;
  Tcl_WideInt index = 0;
  if (get_chain(state.interp, words[1], chain) != TCL_OK ||
      (words.size() == 3 && Tcl_GetWideIntFromObj(state.interp, words[2], &index) != TCL_OK)) {
    return TCL_ERROR;
  }
  if (index < 0 || index >= Tcl_WideInt{chain->cChain}) {
    return set_argument_error(
        state.interp, "Chain " + std::to_string(index) + " does not exist: there are " + std::to_string(chain->cChain));
  }
  const CERT_SIMPLE_CHAIN& simple = *chain->rgpChain[index];
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const CERT_CHAIN_ELEMENT* element : std::span(simple.rgpElement, simple.cElement)) {
    CertificateRef certificate(CertDuplicateCertificateContext(element->pCertContext));
    Tcl_ListObjAppendElement(
        nullptr, list,
        new_list({new_handle(state, std::move(certificate)), words_of(element->TrustStatus.dwErrorStatus, kTrustErrors),
                  words_of(element->TrustStatus.dwInfoStatus, kTrustInfo)}));
  }
  Tcl_SetObjResult(state.interp, list);
  return TCL_OK;
}

// ---- Verdicts. ----

struct Ignorable {
  const char* word;
  DWORD flags;
};
constexpr Ignorable kIgnorable[] = {{"time", CERT_CHAIN_POLICY_IGNORE_ALL_NOT_TIME_VALID_FLAGS},
                                    {"basicconstraints", CERT_CHAIN_POLICY_IGNORE_INVALID_BASIC_CONSTRAINTS_FLAG},
                                    {"unknownca", CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG},
                                    {"usage", CERT_CHAIN_POLICY_IGNORE_WRONG_USAGE_FLAG},
                                    {"name", CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG},
                                    {"policy", CERT_CHAIN_POLICY_IGNORE_INVALID_POLICY_FLAG},
                                    {"revocation", CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS},
                                    {"criticalextensions", CERT_CHAIN_POLICY_IGNORE_NOT_SUPPORTED_CRITICAL_EXT_FLAG}};

int ignored_errors(Tcl_Interp* interp, Tcl_Obj* list, DWORD& flags) {
  Objects words;
  if (list == nullptr) return TCL_OK;
  if (!get_list(interp, list, words)) return TCL_ERROR;
  for (Tcl_Obj* word : words) {
    std::string known;
    const Ignorable* found = nullptr;
    for (const Ignorable& error : kIgnorable) {
      if (text_of(word) == error.word) found = &error;
      known += (known.empty() ? "" : ", ") + std::string(error.word);
    }
    if (found == nullptr) {
      return set_argument_error(interp, "Bad value \"" + std::string(text_of(word)) + "\". Must be one of " + known);
    }
    flags |= found->flags;
  }
  return TCL_OK;
}

struct VerdictWord {
  SECURITY_STATUS status;
  const char* word;
};
constexpr VerdictWord kVerdicts[] = {
    {0, "ok"},
    {static_cast<SECURITY_STATUS>(TRUST_E_CERT_SIGNATURE), "signature"},
    {static_cast<SECURITY_STATUS>(CRYPT_E_REVOKED), "revoked"},
    {static_cast<SECURITY_STATUS>(CERT_E_REVOKED), "revoked"},
    {static_cast<SECURITY_STATUS>(CERT_E_UNTRUSTEDROOT), "untrustedroot"},
    {static_cast<SECURITY_STATUS>(CERT_E_CHAINING), "chaining"},
    {static_cast<SECURITY_STATUS>(CERT_E_WRONG_USAGE), "wrongusage"},
    {static_cast<SECURITY_STATUS>(CERT_E_EXPIRED), "time"},
    {static_cast<SECURITY_STATUS>(CERT_E_INVALID_NAME), "name"},
    {static_cast<SECURITY_STATUS>(CERT_E_INVALID_POLICY), "policy"},
    {static_cast<SECURITY_STATUS>(TRUST_E_BASIC_CONSTRAINTS), "basicconstraints"},
    {static_cast<SECURITY_STATUS>(CERT_E_CRITICAL), "criticalextension"},
    {static_cast<SECURITY_STATUS>(CERT_E_VALIDITYPERIODNESTING), "validityperiodnesting"},
    {static_cast<SECURITY_STATUS>(CRYPT_E_NO_REVOCATION_CHECK), "revocationunknown"},
    {static_cast<SECURITY_STATUS>(CRYPT_E_REVOCATION_OFFLINE), "revocationoffline"},
    {static_cast<SECURITY_STATUS>(CERT_E_REVOCATION_FAILURE), "revocationoffline"},
    {static_cast<SECURITY_STATUS>(CERT_E_CN_NO_MATCH), "cnmatch"},
    {static_cast<SECURITY_STATUS>(CERT_E_ROLE), "carole"}};

Tcl_Obj* verdict_value(SECURITY_STATUS status) {
  const auto found = std::ranges::find(kVerdicts, status, &VerdictWord::status);
  return found == std::end(kVerdicts) ? Tcl_NewWideIntObj(status) : Tcl_NewStringObj(found->word, -1);
}

bool same_certificate(PCCERT_CONTEXT a, PCCERT_CONTEXT b) {
  return std::ranges::equal(Bytes(a->pbCertEncoded, a->cbCertEncoded), Bytes(b->pbCertEncoded, b->cbCertEncoded));
}

// Whether the root that the one chain ends in is one of the given.
int ends_in(Tcl_Interp* interp, Tcl_Obj* roots, PCCERT_CHAIN_CONTEXT chain, bool& found) {
  Objects handles;
  found = false;
  if (roots == nullptr) return TCL_OK;
  if (!get_list(interp, roots, handles)) return TCL_ERROR;
  for (Tcl_Obj* handle : handles) {
    CertificateRef root;
    if (get_certificate(interp, handle, root) != TCL_OK) return TCL_ERROR;
    const bool whole = (chain->TrustStatus.dwErrorStatus & CERT_TRUST_IS_PARTIAL_CHAIN) == 0;
    if (!whole || chain->cChain != 1 || chain->rgpChain[0]->cElement == 0) continue;
    const CERT_SIMPLE_CHAIN& simple = *chain->rgpChain[0];
    if (same_certificate(root.get(), simple.rgpElement[simple.cElement - 1]->pCertContext)) found = true;
  }
  return TCL_OK;
}

// What is said before the policy is asked; nullptr for nothing.
const char* early_verdict(DWORD errors, DWORD ignored) {
  if ((errors & CERT_TRUST_IS_REVOKED) != 0) return "revoked";
  if ((ignored & CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS) == 0) {
    if ((errors & CERT_TRUST_IS_OFFLINE_REVOCATION) != 0) return "revocationoffline";
    if ((errors & CERT_TRUST_REVOCATION_STATUS_UNKNOWN) != 0) return "revocationunknown";
  }
  const bool partial = (errors & CERT_TRUST_IS_PARTIAL_CHAIN) != 0;
  return partial && (ignored & CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG) == 0 ? "untrustedroot" : nullptr;
}

int apply_policy(Tcl_Interp* interp, PCCERT_CHAIN_CONTEXT chain, Tcl_Obj* server, DWORD flags) {
  constexpr DWORD kIgnoreName = 0x1000;  // SECURITY_FLAG_IGNORE_CERT_CN_INVALID
  opensspi::WideText name = opensspi::to_wide(server == nullptr ? std::u16string() : utf16_of(server));
  HTTPSPolicyCallbackData tls{};
  tls.cbStruct = sizeof tls;
  tls.dwAuthType = server != nullptr ? AUTHTYPE_SERVER : AUTHTYPE_CLIENT;
  tls.pwszServerName = server != nullptr ? name.data() : nullptr;
  if ((flags & CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG) != 0) tls.fdwChecks = kIgnoreName;
  CERT_CHAIN_POLICY_PARA parameters{};
  parameters.cbSize = sizeof parameters;
  parameters.dwFlags = flags;
  parameters.pvExtraPolicyPara = &tls;
  CERT_CHAIN_POLICY_STATUS status{};
  status.cbSize = sizeof status;
  if (!CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain, &parameters, &status)) {
    return set_certificate_error(interp);
  }
  Tcl_SetObjResult(interp, verdict_value(static_cast<SECURITY_STATUS>(status.dwError)));
  return TCL_OK;
}

int verify_tls(InterpState& state, Tcl_Obj* handle, Objects words) {
  VerifyOptions options(kVerifyOptions);
  CertificateRef certificate;
  ChainRef chain;
  DWORD flags = 0;
  bool trusted = false;
  if (options.parse(state.interp, words) != TCL_OK || get_certificate(state.interp, handle, certificate) != TCL_OK ||
      ignored_errors(state.interp, options[place(kVerifyOptions, "-ignoreerrors")].object, flags) != TCL_OK) {
    return TCL_ERROR;
  }
  Tcl_Obj* server = options[place(kVerifyOptions, "-server")].object;
  const std::string_view usage = server != nullptr ? szOID_PKIX_KP_SERVER_AUTH : szOID_PKIX_KP_CLIENT_AUTH;
  if (build<kVerifyOptions>(state, certificate.get(), options, usage, chain) != TCL_OK ||
      ends_in(state.interp, options[place(kVerifyOptions, "-trustedroots")].object, chain.get(), trusted) != TCL_OK) {
    return TCL_ERROR;
  }
  if (const char* verdict = early_verdict(chain->TrustStatus.dwErrorStatus, flags)) {
    Tcl_SetObjResult(state.interp, Tcl_NewStringObj(verdict, -1));
    return TCL_OK;
  }
  if (trusted) flags |= CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG;
  return apply_policy(state.interp, chain.get(), server, flags);
}

int tls_verify(InterpState& state, Objects words) { return verify_tls(state, words[1], words.subspan(2)); }

int verify(InterpState& state, Objects words) {
  static constexpr const char* kPolicies[] = {"tls", nullptr};
  std::size_t policy = 0;
  if (get_choice(state.interp, words[2], kPolicies, policy) != TCL_OK) return TCL_ERROR;
  return verify_tls(state, words[1], words.subspan(3));
}

constexpr CommandEntry kCommands[] = {
    {"cert_chain_build", &chain_build, 2, -1, "hcert ?arg ...?"},
    {"cert_chain_release", &chain_release, 2, 2, "hchain"},
    {"cert_chain_trust_errors", &trust_errors, 2, 2, "hchain"},
    {"cert_chain_trust_info", &trust_info, 2, 2, "hchain"},
    {"cert_chain_simple_chain", &simple_chain, 2, 3, "hchain ?index?"},
    {"cert_tls_verify", &tls_verify, 2, -1, "hcert ?arg ...?"},
    {"cert_verify", &verify, 3, -1, "hcert policy ?arg ...?"},
};

}  // namespace

CommandGroup cert_verify_commands() { return kCommands; }

}  // namespace twapi
