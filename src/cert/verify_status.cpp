#include "cert/verify_status.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <array>
#include <ctime>

#include "base/text.hpp"
#include "base/trace.hpp"
#include "cert/names.hpp"

namespace opensspi::cert {
namespace {

constexpr std::size_t kMostNameUnits = 200;  // a peer may send a name of any length
constexpr int kMostNames = 8;

std::string shown(std::u16string text) {
  if (text.size() > kMostNameUnits) text.replace(kMostNameUnits, std::u16string::npos, u"...");
  return trace::printable(to_utf8(text));
}

std::string quoted(const X509_NAME* name) { return '"' + shown(name_to_text(name, CERT_X500_NAME_STR)) + '"'; }

std::string time_text(const ASN1_TIME* time) {
  std::tm utc{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &utc) != 1 || std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &utc) == 0) {
    return "an unknown time";
  }
  return text.data();
}

std::string general_name_text(const GENERAL_NAME* name) {
  int type = 0;
  const void* const value = GENERAL_NAME_get0_value(name, &type);
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const auto* string = static_cast<const ASN1_STRING*>(value);
  const Bytes bytes{ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
  if (type == GEN_DNS) return shown(std::u16string(bytes.begin(), bytes.end()));
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_address = bytes.size() == sizeof(in_addr) || bytes.size() == sizeof(in6_addr);
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (!is_address || inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return {};
  return text.data();
}

// The names of hosts that a certificate is for: "localhost, 127.0.0.1".
std::string host_names(const X509* certificate) {
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  int count = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = general_name_text(sk_GENERAL_NAME_value(names.get(), i));
    if (name.empty()) continue;
    if (++count > kMostNames) return text + ", ...";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string about(Status status, const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const X509_NAME* const issuer = X509_get_issuer_name(certificate);
  switch (status) {
    case Status::untrusted_root:
      if (X509_NAME_cmp(subject, issuer) == 0) return quoted(subject) + " is none of the roots that are trusted here";
      return quoted(subject) + " was issued by " + quoted(issuer) +
             ", which is not trusted here, nor was its own certificate sent";
    case Status::cert_expired:
      return quoted(subject) + " is good from " + time_text(X509_get0_notBefore(certificate)) + " to " +
             time_text(X509_get0_notAfter(certificate)) + " UTC";
    case Status::wrong_principal:
      if (const std::string names = host_names(certificate); !names.empty()) {
        return quoted(subject) + " is for " + names;
      }
      break;
    default:
      break;
  }
  return quoted(subject);
}

}  // namespace

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

std::string verify_text(int error, const X509* certificate) {
  const std::string words = X509_verify_cert_error_string(error);
  return certificate == nullptr ? words : words + ": " + about(verify_status(error, certificate), certificate);
}

}  // namespace opensspi::cert
