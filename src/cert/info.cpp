#include "cert/info.hpp"

#include <algorithm>
#include <ctime>

namespace opensspi::cert {
namespace {

// Windows keeps integers with the lowest byte first, in two's complement.
ByteVector little_endian(const ASN1_INTEGER* integer) {
  ByteVector bytes = der_of<ASN1_INTEGER, i2d_ASN1_INTEGER>(integer);
  // Content of the DER integer: behind the tag and a length that is short for anything a serial number may be.
  const std::size_t head = bytes.size() > 2 && bytes[1] < 0x80 ? 2 : 3;
  if (bytes.size() <= head) return {};
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head));
  std::ranges::reverse(bytes);
  return bytes;
}

}  // namespace

FileTime to_filetime(const ASN1_TIME* time) {
  std::tm broken{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &broken) != 1) return {};
  return opensspi::to_filetime(timegm(&broken), 0);
}

FILETIME to_windows(FileTime time) {
  return {static_cast<DWORD>(time.ticks & 0xFFFFFFFF), static_cast<DWORD>(time.ticks >> 32)};
}

FileTime from_windows(const FILETIME& time) {
  return {(static_cast<std::uint64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime};
}

CRYPT_DATA_BLOB CertificateInfo::keep(ByteVector bytes) {
  if (bytes.empty()) return {0, nullptr};
  ByteVector& kept = bytes_.emplace_back(std::move(bytes));
  return {static_cast<DWORD>(kept.size()), kept.data()};
}

CRYPT_BIT_BLOB CertificateInfo::keep_bits(const ASN1_BIT_STRING* bits) {
  if (bits == nullptr) return {0, nullptr, 0};
  const CRYPT_DATA_BLOB blob = keep(ByteVector(bits->data, bits->data + bits->length));
  return {blob.cbData, blob.pbData,
          (bits->flags & ASN1_STRING_FLAG_BITS_LEFT) != 0 ? static_cast<DWORD>(bits->flags & 7) : 0};
}

char* CertificateInfo::keep_text(std::string text) { return texts_.emplace_back(std::move(text)).data(); }

CRYPT_ALGORITHM_IDENTIFIER CertificateInfo::algorithm(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &type, &value, algorithm);
  CRYPT_ALGORITHM_IDENTIFIER out{keep_text(oid_text(object)), {0, nullptr}};
  if (algorithm->parameter != nullptr) out.Parameters = keep(der_of<ASN1_TYPE, i2d_ASN1_TYPE>(algorithm->parameter));
  return out;
}

void CertificateInfo::add_extensions(const X509* certificate) {
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    extensions_.push_back({keep_text(oid_text(X509_EXTENSION_get_object(extension))),
                           X509_EXTENSION_get_critical(extension) != 0 ? 1 : 0,
                           keep(ByteVector(value->data, value->data + value->length))});
  }
  info_.cExtension = static_cast<DWORD>(extensions_.size());
  info_.rgExtension = extensions_.data();
}

CertificateInfo::CertificateInfo(const X509* certificate) {
  info_.dwVersion = static_cast<DWORD>(X509_get_version(certificate));
  info_.SerialNumber = keep(little_endian(X509_get0_serialNumber(certificate)));
  info_.SignatureAlgorithm = algorithm(X509_get0_tbs_sigalg(certificate));
  info_.Issuer = keep(der_of<X509_NAME, i2d_X509_NAME>(X509_get_issuer_name(certificate)));
  info_.NotBefore = to_windows(to_filetime(X509_get0_notBefore(certificate)));
  info_.NotAfter = to_windows(to_filetime(X509_get0_notAfter(certificate)));
  info_.Subject = keep(der_of<X509_NAME, i2d_X509_NAME>(X509_get_subject_name(certificate)));
  X509_ALGOR* key_algorithm = nullptr;
  const unsigned char* key = nullptr;
  int key_bytes = 0;
  X509_PUBKEY_get0_param(nullptr, &key, &key_bytes, &key_algorithm, X509_get_X509_PUBKEY(certificate));
  const CRYPT_DATA_BLOB kept = keep(ByteVector(key, key + key_bytes));
  info_.SubjectPublicKeyInfo = {algorithm(key_algorithm), {kept.cbData, kept.pbData, 0}};
  const ASN1_BIT_STRING *issuer_id = nullptr, *subject_id = nullptr;
  X509_get0_uids(certificate, &issuer_id, &subject_id);
  info_.IssuerUniqueId = keep_bits(issuer_id);
  info_.SubjectUniqueId = keep_bits(subject_id);
  add_extensions(certificate);
}

}  // namespace opensspi::cert
