// X.500 names as text and back, in Windows' formats.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "cert/element.hpp"

namespace opensspi::cert {

// CertNameToStrW. type: CERT_x_NAME_STR with CERT_NAME_STR_x_FLAG.
std::u16string name_to_text(const X509_NAME* name, std::uint32_t type);
// SEC_E_INVALID_PARAMETER: not a DER name.
Result<NamePtr> parse_name(Bytes der);

// CertStrToNameW: the DER. CRYPT_E_INVALID_X500_STRING, with the place in `error_at`.
Result<ByteVector> text_to_name(std::u16string_view text, std::uint32_t type, std::size_t& error_at);

// CertGetNameStringW. Several texts only for CERT_NAME_SEARCH_ALL_NAMES_FLAG; none where there is no such name.
struct NameQuery {
  std::uint32_t type = CERT_NAME_SIMPLE_DISPLAY_TYPE;
  bool issuer = false;
  bool all = false;
  std::string attribute;                         // for CERT_NAME_ATTR_TYPE
  std::uint32_t text_type = CERT_X500_NAME_STR;  // for CERT_NAME_RDN_TYPE
};
std::vector<std::u16string> name_texts(const Element& element, const NameQuery& query);

}  // namespace opensspi::cert
