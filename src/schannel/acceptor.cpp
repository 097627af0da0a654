#include "schannel/acceptor.hpp"

#include <openssl/err.h>

#include "cert/verify_status.hpp"
#include "opensspi/schannel.h"
#include "schannel/callbacks.hpp"
#include "schannel/revocation.hpp"

namespace opensspi::schannel {

Result<void> Acceptor::begin(const core::StepInput& input) {
  SSL_set_accept_state(ssl());
  auto taken = take_protocols(input.application_protocols);
  if (!taken) return taken;
  const bool asks = (input.flags & ASC_REQ_MUTUAL_AUTH) != 0;
  // Never "fail if there is none": as on Windows the caller decides about a client without a certificate.
  SSL_set_verify(ssl(), asks ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, asks ? on_verify : nullptr);
  if (asks) ask_for_revocation(ssl(), settings());
  // A session made without asking for a certificate, or under other roots, is not one of this kind of connection.
  ByteVector id(credential_->fingerprint().begin(), credential_->fingerprint().begin() + 16);
  id.push_back(asks ? 1 : 0);
  SSL_set_session_id_context(ssl(), id.data(), static_cast<unsigned>(id.size()));
  ERR_clear_error();
  return {};
}

int Acceptor::verified(int good, X509_STORE_CTX* store_context) {
  if (good == 1) return allows_signature(store_context) ? 1 : 0;
  // Without a root store the certificate is handed to the caller unverified; the verify result says so.
  if (!settings().has_root_store || settings().manual_validation()) return 1;
  const int error = X509_STORE_CTX_get_error(store_context);
  const X509* certificate = X509_STORE_CTX_get_current_cert(store_context);
  if (judge_unknown(store_context, settings()).forgiven) {
    X509_STORE_CTX_set_error(store_context, X509_V_OK);
    return 1;
  }
  refuse_with(cert::verify_status(error, certificate), "the client's: " + cert::verify_text(error, certificate));
  return 0;
}

// Tickets are looked at when they come (callbacks.cpp); a session of TLS 1.2 without one is found by OpenSSL itself.
Result<void> Acceptor::accept_outcome() {
  SSL_SESSION* session = SSL_get_session(ssl());
  const bool relied_upon = settings().has_root_store && !settings().manual_validation();
  if (SSL_session_reused(ssl()) == 0 || !relied_upon || certificate_lives(session)) return {};
  SSL_CTX_remove_session(credential_->context(), session);
  return fail(Status::cert_expired, "certificate of the peer",
              "the client resumes a session whose certificate has expired since; a full handshake would show another");
}

bool Acceptor::peer_is_authenticated() const {
  return established() && settings().has_root_store && !settings().manual_validation() &&
         SSL_get0_peer_certificate(ssl()) != nullptr && SSL_get_verify_result(ssl()) == X509_V_OK;
}

}  // namespace opensspi::schannel
