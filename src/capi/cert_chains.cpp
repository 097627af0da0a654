// Chains: built, judged.
#include <algorithm>
#include <atomic>
#include <deque>

#include "capi/cert_calls.hpp"
#include "capi/export.hpp"
#include "cert/chain.hpp"
#include "cert/info.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// A chain as callers hold it, with the memory that it points to.
struct Chain : CERT_CHAIN_CONTEXT {
  explicit Chain(const std::vector<cert::ChainLink>& links) : CERT_CHAIN_CONTEXT{} {
    for (const cert::ChainLink& link : links) {
      CERT_CHAIN_ELEMENT& element = elements.emplace_back();
      element = {sizeof(CERT_CHAIN_ELEMENT),
                 cert::make_context(link.element),
                 {link.errors, link.info},
                 nullptr,
                 nullptr,
                 nullptr,
                 nullptr};
      pointers.push_back(&element);
      simple.TrustStatus.dwErrorStatus |= link.errors;
    }
    simple.cbSize = sizeof simple;
    simple.cElement = static_cast<DWORD>(pointers.size());
    simple.rgpElement = pointers.data();
    cbSize = sizeof(CERT_CHAIN_CONTEXT);
    TrustStatus = simple.TrustStatus;
    cChain = 1;
    rgpChain = &simple_pointer;
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() {
    for (const CERT_CHAIN_ELEMENT& element : elements) cert::release_context(element.pCertContext);
  }

  std::atomic<std::uint32_t> references{1};
  std::deque<CERT_CHAIN_ELEMENT> elements;
  std::vector<PCERT_CHAIN_ELEMENT> pointers;
  CERT_SIMPLE_CHAIN simple{};
  PCERT_SIMPLE_CHAIN simple_pointer = &simple;
};

Chain& chain_of(PCCERT_CHAIN_CONTEXT pointer) { return const_cast<Chain&>(*static_cast<const Chain*>(pointer)); }

cert::ChainQuestion question_of(LPFILETIME time, HCERTSTORE store, const CERT_CHAIN_PARA* parameters, DWORD flags) {
  cert::ChainQuestion question;
  question.flags = flags;
  if (time != nullptr) question.time = cert::from_windows(*time);
  if (store != nullptr) {
    question.others = cert::store_of(store)->certificates();
    question.crls = cert::store_of(store)->crls();
  }
  if (parameters != nullptr) {
    const CERT_ENHKEY_USAGE& usage = parameters->RequestedUsage.Usage;
    for (DWORD i = 0; i < usage.cUsageIdentifier; ++i) question.usages.emplace_back(usage.rgpszUsageIdentifier[i]);
    question.any_usage = parameters->RequestedUsage.dwType == USAGE_MATCH_TYPE_OR;
  }
  return question;
}

constexpr DWORD kIgnoreName = 0x00001000;  // SECURITY_FLAG_IGNORE_CERT_CN_INVALID of wininet.h
constexpr DWORD kIgnoreDate = 0x00002000;
constexpr DWORD kIgnoreAuthority = 0x00000100;
constexpr DWORD kIgnoreUsage = 0x00000200;
constexpr DWORD kIgnoreRevocation = 0x00000080;

DWORD policy_flags(const CERT_CHAIN_POLICY_PARA* parameters, const HTTPSPolicyCallbackData* https) {
  DWORD flags = parameters == nullptr ? 0 : parameters->dwFlags;
  if (https == nullptr) return flags;
  if ((https->fdwChecks & kIgnoreDate) != 0) flags |= CERT_CHAIN_POLICY_IGNORE_NOT_TIME_VALID_FLAG;
  if ((https->fdwChecks & kIgnoreAuthority) != 0) flags |= CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG;
  if ((https->fdwChecks & kIgnoreUsage) != 0) flags |= CERT_CHAIN_POLICY_IGNORE_WRONG_USAGE_FLAG;
  if ((https->fdwChecks & kIgnoreRevocation) != 0) flags |= CERT_CHAIN_POLICY_IGNORE_ALL_REV_UNKNOWN_FLAGS;
  return flags;
}

bool has_wrong_name(const CERT_SIMPLE_CHAIN& chain, const HTTPSPolicyCallbackData* https, DWORD flags) {
  if (https == nullptr || https->dwAuthType != AUTHTYPE_SERVER || https->pwszServerName == nullptr) return false;
  if ((https->fdwChecks & kIgnoreName) != 0 || (flags & CERT_CHAIN_POLICY_IGNORE_INVALID_NAME_FLAG) != 0) return false;
  return !cert::name_matches(cert::element_of(chain.rgpElement[0]->pCertContext)->x509(),
                             view_of(https->pwszServerName));
}

void judge(PCCERT_CHAIN_CONTEXT context, const CERT_CHAIN_POLICY_PARA* parameters, const HTTPSPolicyCallbackData* https,
           CERT_CHAIN_POLICY_STATUS& status) {
  const CERT_SIMPLE_CHAIN& chain = *context->rgpChain[0];
  std::vector<CERT_TRUST_STATUS> links;
  links.reserve(chain.cElement);
  for (DWORD i = 0; i < chain.cElement; ++i) links.push_back(chain.rgpElement[i]->TrustStatus);
  const DWORD flags = policy_flags(parameters, https);
  cert::Verdict verdict = cert::judge(links, flags);
  // A wrong name comes behind trust and usage, as callers on Windows know it.
  if (verdict.status == Status::ok && has_wrong_name(chain, https, flags)) verdict = {Status::cert_e_cn_no_match, 0};
  status.dwError = static_cast<DWORD>(number(verdict.status));
  status.lChainIndex = verdict.status == Status::ok ? -1 : 0;
  status.lElementIndex = verdict.link;
}

}  // namespace

OPENSSPI_API BOOL CertGetCertificateChain(HCERTCHAINENGINE hChainEngine, PCCERT_CONTEXT pCertContext, LPFILETIME pTime,
                                          HCERTSTORE hAdditionalStore, PCERT_CHAIN_PARA pChainPara, DWORD dwFlags,
                                          void*, PCCERT_CHAIN_CONTEXT* ppChainContext) {
  return crypt_call<BOOL>("CertGetCertificateChain", 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr || ppChainContext == nullptr) return null_pointer("pCertContext, ppChainContext");
    if (hChainEngine != HCCE_CURRENT_USER && hChainEngine != HCCE_LOCAL_MACHINE) {
      return fail(Status::invalid_parameter, "hChainEngine", "it must be NULL or HCCE_LOCAL_MACHINE");
    }
    const auto links =
        cert::build_chain(cert::element_of(pCertContext), question_of(pTime, hAdditionalStore, pChainPara, dwFlags));
    *ppChainContext = new Chain(links);
    return 1;
  });
}
OPENSSPI_EXPORT(CertGetCertificateChain);

OPENSSPI_API PCCERT_CHAIN_CONTEXT CertDuplicateCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext) {
  if (pChainContext != nullptr) chain_of(pChainContext).references.fetch_add(1, std::memory_order_relaxed);
  return pChainContext;
}
OPENSSPI_EXPORT(CertDuplicateCertificateChain);

OPENSSPI_API void CertFreeCertificateChain(PCCERT_CHAIN_CONTEXT pChainContext) {
  if (pChainContext == nullptr) return;
  Chain& chain = chain_of(pChainContext);
  if (chain.references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &chain;
}
OPENSSPI_EXPORT(CertFreeCertificateChain);

OPENSSPI_API BOOL CertVerifyCertificateChainPolicy(const char* pszPolicyOID, PCCERT_CHAIN_CONTEXT pChainContext,
                                                   PCERT_CHAIN_POLICY_PARA pPolicyPara,
                                                   PCERT_CHAIN_POLICY_STATUS pPolicyStatus) {
  return crypt_call<BOOL>("CertVerifyCertificateChainPolicy", 0, [&]() -> Result<BOOL> {
    if (pChainContext == nullptr || pPolicyStatus == nullptr) return null_pointer("pChainContext, pPolicyStatus");
    const bool ssl = pszPolicyOID == CERT_CHAIN_POLICY_SSL;
    if (!ssl && pszPolicyOID != CERT_CHAIN_POLICY_BASE) {
      return fail(Status::win_file_not_found, "pszPolicyOID",
                  "CERT_CHAIN_POLICY_BASE (1) and CERT_CHAIN_POLICY_SSL (4) are known");
    }
    const auto* https = ssl && pPolicyPara != nullptr
                            ? static_cast<const HTTPSPolicyCallbackData*>(pPolicyPara->pvExtraPolicyPara)
                            : nullptr;
    judge(pChainContext, pPolicyPara, https, *pPolicyStatus);
    return 1;
  });
}
OPENSSPI_EXPORT(CertVerifyCertificateChainPolicy);
