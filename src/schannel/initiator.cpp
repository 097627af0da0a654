#include "schannel/initiator.hpp"

#include <openssl/err.h>

#include "base/text.hpp"
#include "cert/chain.hpp"
#include "cert/verify_status.hpp"
#include "opensspi/schannel.h"
#include "schannel/callbacks.hpp"
#include "schannel/revocation.hpp"
#include "schannel/suites.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "TLS client";
}  // namespace

Result<void> Initiator::begin(const core::StepInput& input) {
  SSL_set_connect_state(ssl());
  SSL_set_post_handshake_auth(ssl(), 1);  // RFC 8446 4.2.6
  manual_ = settings().manual_validation() || (input.flags & ISC_REQ_MANUAL_CRED_VALIDATION) != 0;
  checks_name_ = !manual_ && (settings().flags & SCH_CRED_NO_SERVERNAME_CHECK) == 0;
  without_certificate_ = (input.flags & ISC_REQ_USE_SUPPLIED_CREDS) != 0;
  auto done = set_name(input.target);
  if (!done) return done;
  set_verification();
  done = take_protocols(input.application_protocols);
  if (!done) return done;
  if (!alpn_.empty() && SSL_set_alpn_protos(ssl(), reinterpret_cast<const unsigned char*>(alpn_.data()),
                                            static_cast<unsigned>(alpn_.size())) != 0) {
    return fail(Status::invalid_token, kCheck, "the list of application protocols is not understood");
  }
  caches_ = settings().resumes() && !manual_;
  if (caches_) {
    const SessionCache::Found found = credential_->sessions().take(session_key());
    if (found.session && SSL_set_session(ssl(), found.session.get()) == 1) resumable_until_ = found.until;
  }
  ERR_clear_error();
  return {};
}

// The name goes to the server (SNI) and is what its certificate must carry.
Result<void> Initiator::set_name(std::u16string_view target) {
  target_ = target.empty() ? std::string() : cert::host_name(target);
  if (target_.empty()) {
    if (!checks_name_) return {};
    return fail(Status::wrong_principal, "pszTargetName",
                target.empty()
                    ? "it is empty, so the server's certificate has nothing to be compared with; give the server's "
                      "name, or validate by yourself (ISC_REQ_MANUAL_CRED_VALIDATION)"
                    : "\"" + to_utf8(target) + "\" is no host name");
  }
  const bool address = cert::is_ip_address(target_);
  if (!address && SSL_ctrl(ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, target_.data()) != 1) {
    return fail(Status::invalid_parameter, "pszTargetName",
                "\"" + target_ + "\" cannot be sent: " + cert::take_reason());
  }
  if (!checks_name_) return {};
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, target_.c_str())
                          : X509_VERIFY_PARAM_set1_host(parameters, target_.data(), target_.size());
  if (set != 1) return fail(Status::wrong_principal, "pszTargetName", "\"" + target_ + "\" cannot be compared with");
  return {};
}

void Initiator::set_verification() {
  if (manual_) {
    SSL_set_verify(ssl(), SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_set_verify(ssl(), SSL_VERIFY_PEER, on_verify);
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_TRUSTED_FIRST);
  if (!settings().checks_revocation()) return;
  ask_for_revocation(ssl(), settings());
  SSL_set_tlsext_status_type(ssl(), TLSEXT_STATUSTYPE_ocsp);
}

int Initiator::verified(int good, X509_STORE_CTX* store_context) {
  if (good == 1) return allows_signature(store_context) ? 1 : 0;
  const int error = X509_STORE_CTX_get_error(store_context);
  const X509* certificate = X509_STORE_CTX_get_current_cert(store_context);
  const int depth = X509_STORE_CTX_get_error_depth(store_context);
  const Unknown unknown = judge_unknown(store_context, settings());
  if (unknown.is_unknown && (unknown.forgiven || depth == 0)) {
    // A stapled answer may still tell of the leaf; it comes behind the certificate.
    if (!unknown.forgiven) open_revocation_ = unknown.status;
    X509_STORE_CTX_set_error(store_context, X509_V_OK);
    return 1;
  }
  refuse_with(cert::verify_status(error, certificate),
              cert::verify_text(error, certificate) +
                  (depth > 0 ? ", " + std::to_string(depth) + " above the server's" : "") +
                  (target_.empty() ? "" : "; the target is " + target_));
  return 0;
}

int Initiator::stapled() {
  if (manual_ || !settings().checks_revocation()) return 1;
  const Staple staple = judge_staple(ssl());
  ERR_clear_error();
  if (staple == Staple::good) {
    open_revocation_ = Status::ok;
    return 1;
  }
  if (staple == Staple::revoked) {
    refuse_with(Status::crypt_revoked, "the stapled OCSP answer says that the certificate is revoked");
    return 0;
  }
  if (open_revocation_ == Status::ok) return 1;
  refuse_with(open_revocation_, staple == Staple::absent
                                    ? "no revocation list covers it, and the server stapled no OCSP answer"
                                    : "no revocation list covers it, and the stapled OCSP answer cannot be relied on");
  return 0;
}

// ---- The certificate of this side. ----

bool Initiator::answer_with(const OwnCertificate& own, X509** certificate, EVP_PKEY** key) {
  if (!use_one(ssl(), own)) return false;
  *certificate = cert::share(own.element->x509()).release();
  *key = cert::share(own.element->key()->key.get()).release();
  return true;
}

// The server asks for a certificate and the SSL has none that fits.
int Initiator::own_certificate(X509** certificate, EVP_PKEY** key) {
  if (other_ && !other_->own().empty()) return answer_with(other_->own().front(), certificate, key) ? 1 : 0;
  if (without_certificate_ || declines_late_request()) return 0;
  const auto& personal = other_ ? other_->personal() : credential_->personal();
  if (const OwnCertificate* own = appropriate(personal, SSL_get0_peer_CA_list(ssl()))) {
    return answer_with(*own, certificate, key) ? 1 : 0;
  }
  // The credential has certificates, but none of a kind that the server takes: none is sent.
  if (!credential_->own().empty()) return 0;
  return -1;
}

Result<void> Initiator::change_credential(const core::StepInput& input) {
  if ((input.flags & ISC_REQ_USE_SUPPLIED_CREDS) != 0) without_certificate_ = true;
  if (input.credential != nullptr && input.credential != credential_.get()) {
    const auto* given = dynamic_cast<const SchannelCredential*>(input.credential);
    if (given == nullptr || given->settings().server) {
      return fail(Status::wrong_credential_handle, "phCredential", "it is not a credential of a TLS client");
    }
    // The handshake goes on as it began: it must be one that this credential would have begun, too.
    if (!given->settings().protocols.has(SSL_version(ssl())) ||
        !allows(given->settings(), SSL_get_pending_cipher(ssl()))) {
      return fail(Status::algorithm_mismatch, "phCredential",
                  "the protocol or suite that was agreed on is outside of what this credential asks for");
    }
    other_ = std::static_pointer_cast<const SchannelCredential>(given->shared_from_this());
    without_certificate_ = (input.flags & ISC_REQ_USE_SUPPLIED_CREDS) != 0 && other_->own().empty();
    caches_ = false;  // its sessions are not this credential's
  }
  return {};
}

// ---- The outcome. ----

Result<void> Initiator::accept_outcome() {
  if (manual_) return {};
  const bool shown = SSL_get0_peer_certificate(ssl()) != nullptr;
  if (!shown || SSL_get_verify_result(ssl()) != X509_V_OK) {
    return fail(Status::cert_unknown, kCheck, "the server's certificate was not verified");
  }
  // A server that staples nothing may leave the callback out.
  if (open_revocation_ != Status::ok && SSL_session_reused(ssl()) == 0) {
    return fail(open_revocation_, "certificate of the peer", "nothing tells whether the certificate is revoked");
  }
  return {};
}

// All that a resumed handshake takes on trust from the first one.
std::string Initiator::session_key() const {
  std::string key = target_;
  key += '\0';
  key += checks_name_ ? 'n' : '-';
  key += without_certificate_ ? 'a' : 'c';
  key += alpn_;
  const Bytes fingerprint = credential_->fingerprint();
  key.append(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size());
  for (const OwnCertificate& own : credential_->own()) {
    const auto digest = own.element->sha1();
    key.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  }
  return key;
}

// nullptr: no more resumption of this session.
void Initiator::new_session(SSL_SESSION* session) {
  if (session == nullptr) {
    caches_ = false;
    credential_->sessions().drop(session_key());
    return;
  }
  // Only what was verified here, by the rules of this credential, may be taken on trust later.
  if (!caches_ || SSL_get_verify_result(ssl()) != X509_V_OK || open_revocation_ != Status::ok) return;
  SSL_SESSION_up_ref(session);
  const bool resumed = SSL_session_reused(ssl()) == 1;
  credential_->sessions().put(session_key(), SessionPtr(session),
                              resumed ? resumable_until_ : credential_->sessions().full_life());
}

}  // namespace opensspi::schannel
