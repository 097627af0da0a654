#include "cert/verify_status.hpp"

#include <openssl/err.h>

namespace opensspi::cert {

bool is_revocation_unknown(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
      return true;
    default:
      return false;
  }
}

bool names_revocation_source(const X509* certificate) {
  return X509_get_ext_by_NID(certificate, NID_crl_distribution_points, -1) >= 0 ||
         X509_get_ext_by_NID(certificate, NID_info_access, -1) >= 0;
}

Status verify_status(int error, const X509* certificate) {
  if (is_revocation_unknown(error)) {
    const bool offline =
        error != X509_V_ERR_UNABLE_TO_GET_CRL || (certificate != nullptr && names_revocation_source(certificate));
    return offline ? Status::crypt_revocation_offline : Status::crypt_no_revocation_check;
  }
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Status::cert_expired;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      return Status::untrusted_root;
    case X509_V_ERR_CERT_REVOKED:
      return Status::crypt_revoked;
    case X509_V_ERR_INVALID_PURPOSE:
      return Status::cert_wrong_usage;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Status::wrong_principal;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return Status::algorithm_mismatch;
    case X509_V_ERR_OUT_OF_MEM:
      return Status::insufficient_memory;
    default:
      return Status::cert_unknown;
  }
}

std::string verify_text(int error) { return X509_verify_cert_error_string(error); }

}  // namespace opensspi::cert
