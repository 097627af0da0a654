// Names of certificates, and of object identifiers.
#include <algorithm>

#include "capi/cert_calls.hpp"
#include "capi/export.hpp"
#include "cert/attributes.hpp"
#include "cert/names.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace opensspi::capi {

DWORD deliver_text(std::u16string_view text, SEC_WCHAR* buffer, DWORD characters) {
  if (buffer == nullptr || characters == 0) return static_cast<DWORD>(text.size() + 1);
  const std::size_t length = std::min<std::size_t>(text.size(), characters - 1);
  std::ranges::copy(text.substr(0, length), buffer);
  buffer[length] = 0;
  return static_cast<DWORD>(length + 1);
}

}  // namespace opensspi::capi

OPENSSPI_API DWORD CertNameToStrW(DWORD, PCERT_NAME_BLOB pName, DWORD dwStrType, SEC_WCHAR* psz, DWORD csz) {
  const DWORD length = crypt_call<DWORD>("CertNameToStrW", 0, [&]() -> Result<DWORD> {
    if (pName == nullptr) return null_pointer("pName");
    auto name = cert::parse_name({pName->pbData, pName->cbData});
    if (!name) return fail(name);
    return deliver_text(cert::name_to_text(name->get(), dwStrType), psz, csz);
  });
  return length == 0 ? deliver_text({}, psz, csz) : length;
}
OPENSSPI_EXPORT(CertNameToStrW);

OPENSSPI_API BOOL CertStrToNameW(DWORD, const SEC_WCHAR* pszX500, DWORD dwStrType, void*, BYTE* pbEncoded,
                                 DWORD* pcbEncoded, const SEC_WCHAR** ppszError) {
  return crypt_call<BOOL>("CertStrToNameW", 0, [&]() -> Result<BOOL> {
    if (pszX500 == nullptr) return null_pointer("pszX500");
    std::size_t error_at = 0;
    auto der = cert::text_to_name(view_of(pszX500), dwStrType, error_at);
    if (ppszError != nullptr) *ppszError = der ? nullptr : pszX500 + error_at;
    if (!der) return fail(der);
    return deliver(*der, pbEncoded, pcbEncoded);
  });
}
OPENSSPI_EXPORT(CertStrToNameW);

OPENSSPI_API DWORD CertGetNameStringW(PCCERT_CONTEXT pCertContext, DWORD dwType, DWORD dwFlags, void* pvTypePara,
                                      SEC_WCHAR* pszNameString, DWORD cchNameString) {
  const DWORD length = crypt_call<DWORD>("CertGetNameStringW", 0, [&]() -> Result<DWORD> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    cert::NameQuery query{dwType,
                          (dwFlags & CERT_NAME_ISSUER_FLAG) != 0,
                          (dwFlags & CERT_NAME_SEARCH_ALL_NAMES_FLAG) != 0,
                          {},
                          CERT_X500_NAME_STR};
    if (dwType == CERT_NAME_ATTR_TYPE && pvTypePara != nullptr) query.attribute = static_cast<const char*>(pvTypePara);
    if (dwType == CERT_NAME_RDN_TYPE && pvTypePara != nullptr) query.text_type = *static_cast<const DWORD*>(pvTypePara);
    const auto texts = cert::name_texts(*cert::element_of(pCertContext), query);
    if (!query.all)
      return deliver_text(texts.empty() ? std::u16string_view{} : texts.front(), pszNameString, cchNameString);
    // Each with its terminator, and one more at the end.
    std::u16string all;
    for (const auto& text : texts) all += text + u'\0';
    return deliver_text(all, pszNameString, cchNameString);
  });
  return length == 0 ? deliver_text({}, pszNameString, cchNameString) : length;
}
OPENSSPI_EXPORT(CertGetNameStringW);

OPENSSPI_API PCCRYPT_OID_INFO CryptFindOIDInfo(DWORD dwKeyType, void* pvKey, DWORD dwGroupId) {
  return crypt_call<PCCRYPT_OID_INFO>("CryptFindOIDInfo", nullptr, [&]() -> Result<PCCRYPT_OID_INFO> {
    if (pvKey == nullptr) return null_pointer("pvKey");
    const PCCRYPT_OID_INFO info = cert::find_oid_info(dwKeyType, pvKey, dwGroupId);
    if (info == nullptr) return fail(Status::crypt_not_found, "pvKey", "no such object identifier is known");
    return info;
  });
}
OPENSSPI_EXPORT(CryptFindOIDInfo);
