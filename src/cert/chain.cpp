#include "cert/chain.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <algorithm>

#include "base/text.hpp"
#include "cert/local_crls.hpp"
#include "cert/properties.hpp"
#include "cert/system_roots.hpp"

namespace opensspi::cert {
namespace {

// What OpenSSL finds at each depth, gathered while verification goes on as if nothing had been found.
struct Findings {
  std::vector<std::pair<int, std::uint32_t>> at;  // depth and CERT_TRUST_IS_x
};

constexpr std::uint32_t kNoRevocation = CERT_TRUST_REVOCATION_STATUS_UNKNOWN | CERT_TRUST_IS_OFFLINE_REVOCATION;

std::uint32_t trust_error(int error) {
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
      return CERT_TRUST_IS_NOT_TIME_VALID;
    case X509_V_ERR_CERT_REVOKED:
      return CERT_TRUST_IS_REVOKED;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
      return CERT_TRUST_IS_NOT_SIGNATURE_VALID;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_CERT_REJECTED:
      return CERT_TRUST_IS_NOT_VALID_FOR_USAGE;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return CERT_TRUST_IS_UNTRUSTED_ROOT;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return CERT_TRUST_IS_PARTIAL_CHAIN;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      return kNoRevocation;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return CERT_TRUST_INVALID_BASIC_CONSTRAINTS;
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
      return CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT;
    case X509_V_ERR_PERMITTED_VIOLATION:
      return CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT;
    case X509_V_ERR_EXCLUDED_VIOLATION:
      return CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT;
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
      return CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT;
    case X509_V_ERR_INVALID_POLICY_EXTENSION:
    case X509_V_ERR_NO_EXPLICIT_POLICY:
      return CERT_TRUST_INVALID_POLICY_CONSTRAINTS;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return CERT_TRUST_HAS_WEAK_SIGNATURE;
    default:
      return CERT_TRUST_INVALID_EXTENSION;  // whatever it is, the chain is not good
  }
}

int gather(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  auto& findings = *static_cast<Findings*>(X509_STORE_CTX_get_app_data(context));
  findings.at.emplace_back(X509_STORE_CTX_get_error_depth(context), trust_error(X509_STORE_CTX_get_error(context)));
  return 1;
}

unsigned long revocation_flags(std::uint32_t flags) {
  if ((flags & (CERT_CHAIN_REVOCATION_CHECK_CHAIN | CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT)) != 0) {
    return X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  }
  return (flags & CERT_CHAIN_REVOCATION_CHECK_END_CERT) != 0 ? X509_V_FLAG_CRL_CHECK : 0;
}

bool fits_usages(const Element& element, const ChainQuestion& question) {
  if (question.usages.empty()) return true;
  const auto allowed = enhanced_usage(element, true, true);
  if (!allowed || std::ranges::find(*allowed, szOID_ANY_ENHANCED_KEY_USAGE) != allowed->end()) return true;
  const auto has = [&](const std::string& oid) { return std::ranges::find(*allowed, oid) != allowed->end(); };
  return question.any_usage ? std::ranges::any_of(question.usages, has) : std::ranges::all_of(question.usages, has);
}

// What OpenSSL knows of a usage beside the extension for it: the key usage, and the usages of the authorities.
int purpose_of(const ChainQuestion& question) {
  const auto asks = [&](const char* oid) {
    const bool named = std::ranges::find(question.usages, oid) != question.usages.end();
    return named && (!question.any_usage || question.usages.size() == 1);
  };
  if (asks(szOID_PKIX_KP_SERVER_AUTH)) return X509_PURPOSE_SSL_SERVER;
  return asks(szOID_PKIX_KP_CLIENT_AUTH) ? X509_PURPOSE_SSL_CLIENT : 0;
}

void set_parameters(X509_STORE_CTX* context, const ChainQuestion& question) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_auth_level(parameters, 2);
  if (const int purpose = purpose_of(question); purpose != 0) X509_STORE_CTX_set_purpose(context, purpose);
  X509_VERIFY_PARAM_set_flags(
      parameters, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_CHECK_SS_SIGNATURE | revocation_flags(question.flags));
  if (question.time) {
    X509_VERIFY_PARAM_set_time(parameters,
                               static_cast<time_t>(question.time->ticks / kTicksPerSecond - kUnixEpochSeconds));
  }
}

// A root's own revocation is not asked about: nobody above it could tell.
void drop_root_revocation(std::vector<ChainLink>& chain) {
  ChainLink& last = chain.back();
  if (last.element->self_issued()) last.errors &= ~kNoRevocation;
}

std::vector<ChainLink> links_of(STACK_OF(X509) * found, const ElementPtr& end, const Findings& findings) {
  std::vector<ChainLink> chain;
  for (int i = 0; i < sk_X509_num(found); ++i) {
    ChainLink link;
    link.element = i == 0 ? end : std::make_shared<Element>(share(sk_X509_value(found, i)));
    link.info = link.element->self_issued() ? CERT_TRUST_IS_SELF_SIGNED | CERT_TRUST_HAS_NAME_MATCH_ISSUER
                                            : CERT_TRUST_HAS_NAME_MATCH_ISSUER;
    chain.push_back(std::move(link));
  }
  if (chain.empty()) chain.push_back({end, CERT_TRUST_IS_PARTIAL_CHAIN, 0});
  for (const auto& [depth, error] : findings.at) {
    const auto at = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(depth, 0)), 0, chain.size() - 1);
    chain[at].errors |= error;
  }
  return chain;
}

}  // namespace

std::vector<ChainLink> build_chain(const ElementPtr& end, const ChainQuestion& question) {
  const auto roots = system_roots();
  const X509StorePtr store(X509_STORE_new());
  if (roots) {
    for (const ElementPtr& root : (*roots)->certificates) X509_STORE_add_cert(store.get(), root->x509());
  }
  for (const CrlPtr& crl : question.crls) X509_STORE_add_crl(store.get(), crl.get());
  if (revocation_flags(question.flags) != 0) {
    for (const CrlPtr& crl : local_crls()) X509_STORE_add_crl(store.get(), crl.get());
  }
  const CertificateStack others(sk_X509_new_null());
  for (const ElementPtr& other : question.others) sk_X509_push(others.get(), share(other->x509()).release());
  const StoreContextPtr context(X509_STORE_CTX_new());
  Findings findings;
  if (X509_STORE_CTX_init(context.get(), store.get(), end->x509(), others.get()) != 1) throw std::bad_alloc();
  X509_STORE_CTX_set_app_data(context.get(), &findings);
  X509_STORE_CTX_set_verify_cb(context.get(), gather);
  set_parameters(context.get(), question);
  const bool verified = X509_verify_cert(context.get()) == 1;
  std::vector<ChainLink> chain = links_of(X509_STORE_CTX_get0_chain(context.get()), end, findings);
  ERR_clear_error();
  // An internal failure reaches no callback: fail closed.
  if (!verified && findings.at.empty()) chain.front().errors |= CERT_TRUST_IS_PARTIAL_CHAIN;
  drop_root_revocation(chain);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const bool authority = i > 0 && chain[i].element->self_issued();
    if (!authority && !fits_usages(*chain[i].element, question)) chain[i].errors |= CERT_TRUST_IS_NOT_VALID_FOR_USAGE;
  }
  return chain;
}

Verdict judge(std::span<const CERT_TRUST_STATUS> links, std::uint32_t flags) {
  struct Rule {
    std::uint32_t errors;
    std::uint32_t forgiven_by;
    Status status;
  };
  static constexpr Rule kRules[] = {
      {CERT_TRUST_IS_REVOKED, 0, Status::crypt_revoked},
      {CERT_TRUST_IS_OFFLINE_REVOCATION, CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS,
       Status::crypt_revocation_offline},
      {CERT_TRUST_REVOCATION_STATUS_UNKNOWN, CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS,
       Status::crypt_no_revocation_check},
      {CERT_TRUST_IS_NOT_SIGNATURE_VALID, 0, Status::trust_e_cert_signature},
      {CERT_TRUST_HAS_WEAK_SIGNATURE, 0, Status::trust_e_cert_signature},
      {CERT_TRUST_IS_UNTRUSTED_ROOT, CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG, Status::cert_e_untrustedroot},
      {CERT_TRUST_IS_PARTIAL_CHAIN, CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG, Status::cert_e_chaining},
      {CERT_TRUST_IS_NOT_VALID_FOR_USAGE, CERT_CHAIN_POLICY_IGNORE_WRONG_USAGE_FLAG, Status::cert_e_wrong_usage},
      {CERT_TRUST_IS_NOT_TIME_VALID, CERT_CHAIN_POLICY_IGNORE_NOT_TIME_VALID_FLAG, Status::cert_e_expired},
      {CERT_TRUST_INVALID_BASIC_CONSTRAINTS, CERT_CHAIN_POLICY_IGNORE_INVALID_BASIC_CONSTRAINTS_FLAG,
       Status::trust_e_basic_constraints},
      {CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT | CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT |
           CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT | CERT_TRUST_INVALID_NAME_CONSTRAINTS,
       CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG, Status::cert_e_invalid_name},
      {CERT_TRUST_INVALID_POLICY_CONSTRAINTS, CERT_CHAIN_POLICY_IGNORE_INVALID_POLICY_FLAG,
       Status::cert_e_invalid_policy},
      {CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT, CERT_CHAIN_POLICY_IGNORE_NOT_SUPPORTED_CRITICAL_EXT_FLAG,
       Status::cert_e_critical},
      {0xFFFFFFFF, 0, Status::cert_e_chaining}};
  std::uint32_t forgiven = 0;
  for (const Rule& rule : kRules) {
    if (rule.forgiven_by != 0 && (flags & rule.forgiven_by) == rule.forgiven_by) {
      forgiven |= rule.errors;
      continue;
    }
    for (std::size_t i = 0; i < links.size(); ++i) {
      if ((links[i].dwErrorStatus & rule.errors & ~forgiven) != 0) return {rule.status, static_cast<int>(i)};
    }
  }
  return {};
}

bool is_ip_address(const std::string& name) {
  if (name.find('\0') != std::string::npos) return false;  // inet_pton would read no further
  in6_addr address;
  return inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool name_matches(X509* certificate, std::u16string_view wide) {
  const std::string name = host_name(wide);
  if (name.empty()) return false;
  const bool matches = is_ip_address(name) ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
                                           : X509_check_host(certificate, name.data(), name.size(),
                                                             X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
  ERR_clear_error();
  return matches;
}

}  // namespace opensspi::cert
