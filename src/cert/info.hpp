// CertificateInfo: a certificate's fields as Windows' CERT_INFO, with the memory they point to.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/filetime.hpp"
#include "cert/openssl.hpp"
#include "opensspi/wincrypt.h"

namespace opensspi::cert {

class CertificateInfo {
 public:
  explicit CertificateInfo(const X509* certificate);
  CertificateInfo(const CertificateInfo&) = delete;
  CertificateInfo& operator=(const CertificateInfo&) = delete;
  const CERT_INFO& info() const { return info_; }

 private:
  CRYPT_DATA_BLOB keep(ByteVector bytes);
  CRYPT_BIT_BLOB keep_bits(const ASN1_BIT_STRING* bits);
  char* keep_text(std::string text);
  CRYPT_ALGORITHM_IDENTIFIER algorithm(const X509_ALGOR* algorithm);
  void add_extensions(const X509* certificate);

  CERT_INFO info_{};
  std::deque<ByteVector> bytes_;
  std::deque<std::string> texts_;
  std::vector<CERT_EXTENSION> extensions_;
};

// An ASN.1 time; 0 for one that is not understood.
FileTime to_filetime(const ASN1_TIME* time);
FILETIME to_windows(FileTime time);
FileTime from_windows(const FILETIME& time);

}  // namespace opensspi::cert
