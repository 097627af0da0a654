#include "schannel/revocation.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>

#include "cert/verify_status.hpp"
#include "opensspi/schannel.h"

namespace opensspi::schannel {
namespace {

// Seconds that clocks may differ, and that an answer without a nextUpdate is held to be fresh.
constexpr long kClockSkew = 300, kWithoutNextUpdate = 24L * 3600;

constexpr int kSha1Bytes = 20;

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, cert::Freer<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, cert::Freer<OCSP_BASICRESP_free>>;
using PssPtr = std::unique_ptr<RSA_PSS_PARAMS, cert::Freer<RSA_PSS_PARAMS_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, cert::Freer<OCSP_CERTID_free>>;

// Empty: the server stapled nothing.
Bytes stapled(SSL* ssl) {
  const unsigned char* data = nullptr;
  const long size = SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, static_cast<void*>(&data));
  return data == nullptr || size <= 0 ? Bytes{} : Bytes{data, static_cast<std::size_t>(size)};
}

BasicPtr stapled_answer(SSL* ssl) {
  const Bytes bytes = stapled(ssl);
  const unsigned char* data = bytes.data();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &data, static_cast<long>(bytes.size())));
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) return nullptr;
  return BasicPtr(OCSP_response_get1_basic(response.get()));
}

// RFC 4055 3.1: the hash is among the parameters, SHA-1 where it is not named.
int pss_digest(const X509_ALGOR* algorithm) {
  const PssPtr parameters(
      static_cast<RSA_PSS_PARAMS*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter)));
  if (!parameters) return NID_undef;
  return parameters->hashAlgorithm == nullptr ? NID_sha1 : OBJ_obj2nid(parameters->hashAlgorithm->algorithm);
}

// A forged answer must be as hard to make as a forged certificate: no MD5, no SHA-1.
bool strongly_signed(const OCSP_BASICRESP* answer) {
  const X509_ALGOR* algorithm = OCSP_resp_get0_tbs_sigalg(answer);
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  const int signature = OBJ_obj2nid(object);
  if (signature == NID_ED25519 || signature == NID_ED448) return true;
  int digest = NID_undef;
  if (signature == NID_rsassaPss) {
    digest = pss_digest(algorithm);
  } else {
    OBJ_find_sigid_algs(signature, &digest, nullptr);
  }
  const EVP_MD* known = EVP_get_digestbynid(digest);
  return known != nullptr && digest != NID_md5_sha1 && EVP_MD_get_size(known) > kSha1Bytes;
}

// RFC 6960 4.1.1: the answer names the certificate by hashes of its issuer, under an algorithm of the answer's choice.
bool is_about(OCSP_SINGLERESP* single, X509* certificate, X509* issuer) {
  const OCSP_CERTID* named = OCSP_SINGLERESP_get0_id(single);
  ASN1_OBJECT* algorithm = nullptr;
  OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(named));
  const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
  if (digest == nullptr) return false;
  const CertIdPtr wanted(OCSP_cert_to_id(digest, certificate, issuer));
  return wanted && OCSP_id_cmp(wanted.get(), named) == 0;
}

Staple judge_single(OCSP_SINGLERESP* single) {
  ASN1_GENERALIZEDTIME *from = nullptr, *until = nullptr;
  const int status = OCSP_single_get0_status(single, nullptr, nullptr, &from, &until);
  // A revocation is not taken back: an old answer that tells of one still does.
  if (status == V_OCSP_CERTSTATUS_REVOKED) return Staple::revoked;
  const long oldest = until == nullptr ? kWithoutNextUpdate : -1;
  if (status != V_OCSP_CERTSTATUS_GOOD || OCSP_check_validity(from, until, kClockSkew, oldest) != 1) {
    return Staple::useless;
  }
  return Staple::good;
}

std::uint32_t forgiving_flag(Status status) {
  return status == Status::crypt_no_revocation_check ? SCH_CRED_IGNORE_NO_REVOCATION_CHECK
                                                     : SCH_CRED_IGNORE_REVOCATION_OFFLINE;
}

}  // namespace

void ask_for_revocation(SSL* ssl, const Settings& settings) {
  if (!settings.checks_revocation()) return;
  const bool chain =
      (settings.flags & (SCH_CRED_REVOCATION_CHECK_CHAIN | SCH_CRED_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT)) != 0;
  X509_VERIFY_PARAM_set_flags(SSL_get0_param(ssl), X509_V_FLAG_CRL_CHECK | (chain ? X509_V_FLAG_CRL_CHECK_ALL : 0));
}

Unknown judge_unknown(X509_STORE_CTX* store_context, const Settings& settings) {
  const int error = X509_STORE_CTX_get_error(store_context);
  const X509* certificate = X509_STORE_CTX_get_current_cert(store_context);
  if (!cert::is_revocation_unknown(error) || certificate == nullptr) return {};
  const Status status = cert::verify_status(error, certificate);
  const int last = sk_X509_num(X509_STORE_CTX_get0_chain(store_context)) - 1;
  const bool root = X509_STORE_CTX_get_error_depth(store_context) >= last;
  return {true, root || (settings.flags & forgiving_flag(status)) != 0, status};
}

Staple judge_staple(SSL* ssl) {
  if (stapled(ssl).empty()) return Staple::absent;
  const BasicPtr answer = stapled_answer(ssl);
  STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
  if (!answer || sk_X509_num(chain) < 2 || !strongly_signed(answer.get())) return Staple::useless;
  // Signed by the issuer, or by whom the issuer named for it.
  X509_STORE* store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (OCSP_basic_verify(answer.get(), chain, store, 0) != 1) return Staple::useless;
  Staple found = Staple::useless;
  for (int i = 0; i < OCSP_resp_count(answer.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(answer.get(), i);
    if (!is_about(single, sk_X509_value(chain, 0), sk_X509_value(chain, 1))) continue;
    const Staple judged = judge_single(single);
    if (judged == Staple::revoked) return judged;  // of several, the worst
    if (judged == Staple::good) found = judged;
  }
  return found;
}

}  // namespace opensspi::schannel
