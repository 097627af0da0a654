#include "schannel/alerts.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "cert/verify_status.hpp"
#include "opensspi/schannel.h"

namespace opensspi::schannel {
namespace {

constexpr int kAlertOffset = SSL_AD_REASON_OFFSET;  // reasons of alerts that were received: 1000 and the number

Status local_status(int reason) {
  switch (reason) {
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_UNSUPPORTED_ELLIPTIC_CURVE:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
      return Status::algorithm_mismatch;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
      return Status::unsupported_function;
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return Status::message_altered;
    case SSL_R_DIGEST_CHECK_FAILED:
    case SSL_R_BAD_SIGNATURE:
      return Status::decrypt_failure;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return Status::application_protocol_mismatch;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Status::incomplete_credentials;
    case ERR_R_MALLOC_FAILURE:
      return Status::insufficient_memory;
    case ERR_R_INTERNAL_ERROR:
      return Status::internal_error;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return Status::invalid_token;
    default:
      return Status::illegal_message;
  }
}

const char* version_name(long version) {
  switch (version) {
    case TLS1_VERSION:
      return "TLS 1.0";
    case TLS1_1_VERSION:
      return "TLS 1.1";
    case TLS1_2_VERSION:
      return "TLS 1.2";
    case TLS1_3_VERSION:
      return "TLS 1.3";
    default:
      return "any";
  }
}

std::string versions_of(SSL* ssl) {
  return std::string(version_name(SSL_get_min_proto_version(ssl))) + " to " +
         version_name(SSL_get_max_proto_version(ssl));
}

// What OpenSSL's words leave open: what this end has, where the peer has nothing of it.
std::string advice(SSL* ssl, int reason) {
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
      return "; this end speaks " + versions_of(ssl);
    case SSL_R_NO_SHARED_CIPHER:
      return "; of what the peer offers nothing is allowed here (protocols, bits, suites), or fits the certificate's "
             "key";
    case kAlertOffset + TLS1_ALERT_PROTOCOL_VERSION:
      return "; it speaks nothing from " + versions_of(ssl);
    case kAlertOffset + TLS1_ALERT_HANDSHAKE_FAILURE:
      return "; most often it has no suite, group or signature in common with this end";
    default:
      return {};
  }
}

// TLS's own first word on it; where it has none, the first of all. Later errors are what the first one led to.
unsigned long cause() {
  const unsigned long first = ERR_peek_error();
  for (unsigned long error = first; error != 0; error = ERR_peek_error()) {
    if (ERR_GET_LIB(error) == ERR_LIB_SSL) return error;
    ERR_get_error();
  }
  return first;
}

}  // namespace

Status alert_status(int number) {
  switch (number) {
    case TLS1_ALERT_CLOSE_NOTIFY:
      return Status::context_expired;
    case TLS1_ALERT_BAD_RECORD_MAC:
    case TLS1_ALERT_DECOMPRESSION_FAIL:
      return Status::message_altered;
    case TLS1_ALERT_DECRYPTION_FAILED:
    case TLS1_ALERT_DECRYPT_ERROR:
      return Status::decrypt_failure;
    case TLS1_ALERT_BAD_CERTIFICATE:
    case TLS1_ALERT_UNSUPPORTED_CERT:
    case TLS1_ALERT_CERTIFICATE_UNKNOWN:
      return Status::cert_unknown;
    case TLS1_ALERT_CERTIFICATE_REVOKED:
      return Status::crypt_revoked;
    case TLS1_ALERT_CERTIFICATE_EXPIRED:
      return Status::cert_expired;
    case TLS1_ALERT_UNKNOWN_CA:
      return Status::untrusted_root;
    case TLS1_ALERT_ACCESS_DENIED:
      return Status::logon_denied;
    case TLS1_ALERT_PROTOCOL_VERSION:
      return Status::unsupported_function;
    case TLS1_ALERT_INSUFFIENT_SECURITY:
      return Status::algorithm_mismatch;
    case TLS1_ALERT_INTERNAL_ERROR:
      return Status::internal_error;
    case TLS1_ALERT_NO_APP_PROTOCOL:
      return Status::application_protocol_mismatch;
    default:
      return Status::illegal_message;
  }
}

Error ssl_failure(SSL* ssl, const char* check) {
  const unsigned long error = cause();
  const int reason = ERR_GET_REASON(error);
  const char* words = ERR_reason_error_string(error);
  Error failure{Status::illegal_message, check, words == nullptr ? "the connection failed" : words, {}};
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && ERR_GET_LIB(error) == ERR_LIB_SSL) {
    const long result = SSL_get_verify_result(ssl);
    failure.status = cert::verify_status(static_cast<int>(result), nullptr);
    failure.detail = "the peer's certificate: " + cert::verify_text(static_cast<int>(result), nullptr);
  } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > kAlertOffset && reason < kAlertOffset + 256) {
    failure.status = alert_status(reason - kAlertOffset);
    failure.detail = "the peer sent the alert " + std::to_string(reason - kAlertOffset) + ": " + failure.detail;
  } else if (error != 0) {
    failure.status = local_status(reason);
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) failure.detail += advice(ssl, reason);
  ERR_clear_error();
  return failure;
}

}  // namespace opensspi::schannel
