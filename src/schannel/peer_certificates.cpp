#include "schannel/peer_certificates.hpp"

#include <algorithm>

namespace opensspi::schannel {

X509* PeerCertificates::known(X509* certificate) {
  Digest digest;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), nullptr) != 1) return nullptr;
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, digest, &Entry::digest);
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return cert::share(found->certificate.get()).release();
  }
  entries_.push_front({digest, cert::share(certificate)});
  if (entries_.size() > kMost) entries_.pop_back();
  return nullptr;
}

// The list that is verified is the one that OpenSSL keeps in the session: what is put there stays there.
void PeerCertificates::share(X509_STORE_CTX* store_context) {
  STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(store_context);
  X509* end = X509_STORE_CTX_get0_cert(store_context);
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    X509* own = sk_X509_value(shown, i);
    X509* shared = known(own);
    if (shared == nullptr || shared == own) {
      X509_free(shared);
      continue;
    }
    sk_X509_set(shown, i, shared);
    if (own == end) X509_STORE_CTX_set_cert(store_context, shared);  // it has no owner of its own
    X509_free(own);
  }
}

}  // namespace opensspi::schannel
