#include "schannel/identity.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <set>

#include "cert/properties.hpp"

namespace opensspi::schannel {
namespace {

constexpr std::size_t kMostChain = 16;

cert::CertificateStack chain_of(const cert::Element& end, const std::vector<cert::ElementPtr>& issuers,
                                bool with_root) {
  cert::CertificateStack chain(sk_X509_new_null());
  X509* current = end.x509();
  for (std::size_t depth = 0; depth < kMostChain; ++depth) {
    if (X509_check_issued(current, current) == X509_V_OK) break;
    const auto issuer = std::ranges::find_if(issuers, [&](const cert::ElementPtr& candidate) {
      return X509_cmp(candidate->x509(), current) != 0 && X509_check_issued(candidate->x509(), current) == X509_V_OK;
    });
    if (issuer == issuers.end()) break;
    current = (*issuer)->x509();
    if (!with_root && X509_check_issued(current, current) == X509_V_OK) break;
    sk_X509_push(chain.get(), cert::share(current).release());
  }
  ERR_clear_error();
  return chain;
}

int key_kind(const OwnCertificate& certificate) { return EVP_PKEY_get_base_id(certificate.element->key()->key.get()); }

bool fits_name(const OwnCertificate& certificate, std::string_view name) {
  return X509_check_host(certificate.element->x509(), name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

bool good_for_clients(const cert::Element& element) {
  X509* x509 = element.x509();
  if (X509_cmp_current_time(X509_get0_notBefore(x509)) > 0 || X509_cmp_current_time(X509_get0_notAfter(x509)) < 0)
    return false;
  if ((X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0) return false;
  const auto usages = cert::enhanced_usage(element, true, true);
  if (!usages) return true;
  return std::ranges::any_of(*usages, [](const std::string& oid) {
    return oid == szOID_PKIX_KP_CLIENT_AUTH || oid == szOID_ANY_ENHANCED_KEY_USAGE;
  });
}

bool issued_by(const OwnCertificate& certificate, const STACK_OF(X509_NAME) * issuers) {
  if (issuers == nullptr || sk_X509_NAME_num(issuers) == 0) return true;
  const auto accepted = [&](X509* x509) {
    for (int i = 0; i < sk_X509_NAME_num(issuers); ++i) {
      if (X509_NAME_cmp(sk_X509_NAME_value(issuers, i), X509_get_issuer_name(x509)) == 0) return true;
    }
    return false;
  };
  if (accepted(certificate.element->x509())) return true;
  for (int i = 0; i < sk_X509_num(certificate.chain.get()); ++i) {
    if (accepted(sk_X509_value(certificate.chain.get(), i))) return true;
  }
  return false;
}

}  // namespace

std::vector<OwnCertificate> own_certificates(const Settings& settings) {
  std::vector<OwnCertificate> own;
  own.reserve(settings.certificates.size());
  for (const cert::ElementPtr& element : settings.certificates) {
    own.push_back({element, chain_of(*element, settings.intermediates, (settings.flags & SCH_SEND_ROOT_CERT) != 0)});
  }
  return own;
}

Result<void> use_certificates(SSL_CTX* context, const std::vector<OwnCertificate>& certificates) {
  std::set<int> kinds;
  for (const OwnCertificate& own : certificates) {
    if (!kinds.insert(key_kind(own)).second) continue;
    if (SSL_CTX_use_cert_and_key(context, own.element->x509(), own.element->key()->key.get(), own.chain.get(), 1) !=
        1) {
      return fail(Status::unknown_credentials, "certificate of the credential",
                  "it cannot be used: " + cert::take_reason());
    }
  }
  return {};
}

bool use_one(SSL* ssl, const OwnCertificate& own) {
  return SSL_use_cert_and_key(ssl, own.element->x509(), own.element->key()->key.get(), own.chain.get(), 1) == 1;
}

bool use_for_name(SSL* ssl, const std::vector<OwnCertificate>& certificates, std::string_view name) {
  const bool any = std::ranges::any_of(certificates, [&](const auto& own) { return fits_name(own, name); });
  if (!any) return true;  // the context's own choice stands
  SSL_certs_clear(ssl);
  std::set<int> kinds;
  for (const OwnCertificate& own : certificates) {
    if (fits_name(own, name) && kinds.insert(key_kind(own)).second && !use_one(ssl, own)) return false;
  }
  return true;
}

bool name_chooses(const std::vector<OwnCertificate>& certificates) {
  std::set<int> kinds;
  return std::ranges::any_of(certificates, [&](const auto& own) { return !kinds.insert(key_kind(own)).second; }) ||
         certificates.size() > 1;
}

const OwnCertificate* appropriate(const std::vector<OwnCertificate>& certificates,
                                  const STACK_OF(X509_NAME) * issuers) {
  const OwnCertificate* best = nullptr;
  for (const OwnCertificate& own : certificates) {
    if (!own.element->key() || !good_for_clients(*own.element) || !issued_by(own, issuers)) continue;
    if (best == nullptr ||
        ASN1_TIME_compare(X509_get0_notAfter(own.element->x509()), X509_get0_notAfter(best->element->x509())) > 0) {
      best = &own;
    }
  }
  return best;
}

}  // namespace opensspi::schannel
