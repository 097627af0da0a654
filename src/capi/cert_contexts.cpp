// Certificate contexts: made, counted, their properties and usages.
#include <algorithm>

#include "capi/cert_calls.hpp"
#include "capi/export.hpp"
#include "cert/create.hpp"
#include "cert/properties.hpp"
#include "opensspi/extra.h"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// One that only tells the caller why an answer is empty.
BOOL empty_answer(Status status, const char* text, const char* function) {
  record(status, "certificate", text, function);
  return 1;
}

// CRYPT_KEY_PROV_INFO with its texts behind it.
ByteVector key_place_structure(const cert::KeyPlace& place, const void* at) {
  const std::size_t text_bytes = 2 * (place.container.size() + place.provider.size() + 2);
  ByteVector out(sizeof(CRYPT_KEY_PROV_INFO) + text_bytes);
  // The texts' addresses are those that they have in the caller's buffer, or would have: it may be none.
  // NOLINTBEGIN(performance-no-int-to-ptr)
  const auto base = reinterpret_cast<std::uintptr_t>(at) + sizeof(CRYPT_KEY_PROV_INFO);
  CRYPT_KEY_PROV_INFO info{};
  info.pwszContainerName = reinterpret_cast<SEC_WCHAR*>(base);
  info.pwszProvName = reinterpret_cast<SEC_WCHAR*>(base + 2 * (place.container.size() + 1));
  // NOLINTEND(performance-no-int-to-ptr)
  info.dwKeySpec = place.key_spec;
  std::memcpy(out.data(), &info, sizeof info);
  std::uint8_t* to = out.data() + sizeof info;
  std::memcpy(to, place.container.c_str(), 2 * (place.container.size() + 1));
  std::memcpy(to + 2 * (place.container.size() + 1), place.provider.c_str(), 2 * (place.provider.size() + 1));
  return out;
}

Result<BOOL> get_property(const cert::Element& element, DWORD id, void* data, DWORD* size) {
  if (id == CERT_KEY_PROV_INFO_PROP_ID) {
    const auto place = cert::key_place(element);
    if (place) return deliver(key_place_structure(*place, data), data, size);
  } else if (const auto value = cert::get_property(element, id)) {
    return deliver(*value, data, size);
  }
  return fail(Status::crypt_not_found, "dwPropId", "the certificate has no property " + std::to_string(id));
}

Result<BOOL> set_key_place(cert::Element& element, const void* data) {
  if (data == nullptr) {
    element.drop_key();
    return 1;
  }
  const auto& info = *static_cast<const CRYPT_KEY_PROV_INFO*>(data);
  auto key = cert::load_key(view_of(info.pwszContainerName));
  if (!key) return fail(key);
  auto set = element.set_key(std::move(*key));
  if (!set) return fail(set);
  return 1;
}

Result<BOOL> set_property(const cert::Context& context, DWORD id, const void* data) {
  cert::Element& element = *context.element;
  if (id == CERT_KEY_PROV_INFO_PROP_ID) {
    auto set = set_key_place(element, data);
    if (!set) return set;
  } else {
    std::optional<ByteVector> value;
    if (data != nullptr) {
      const Bytes bytes = bytes_of_blob(static_cast<const CRYPT_DATA_BLOB*>(data));
      value = ByteVector(bytes.begin(), bytes.end());
    }
    auto set = cert::set_property(element, id, std::move(value));
    if (!set) return fail(set);
  }
  if (context.store) {
    auto kept = context.store->changed(element);
    if (!kept) return fail(kept);
  }
  return 1;
}

// CERT_ENHKEY_USAGE with its pointers and texts behind it.
ByteVector usage_structure(const std::vector<std::string>& usages, void* at) {
  std::size_t bytes = sizeof(CERT_ENHKEY_USAGE) + usages.size() * sizeof(char*);
  std::size_t next = bytes;
  for (const std::string& usage : usages) bytes += usage.size() + 1;
  ByteVector out(bytes);
  const auto base = reinterpret_cast<std::uintptr_t>(at);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): as above
  CERT_ENHKEY_USAGE head{static_cast<DWORD>(usages.size()), reinterpret_cast<char**>(base + sizeof(CERT_ENHKEY_USAGE))};
  std::memcpy(out.data(), &head, sizeof head);
  for (std::size_t i = 0; i < usages.size(); ++i) {
    const std::uintptr_t text = base + next;
    std::memcpy(out.data() + sizeof head + i * sizeof(char*), &text, sizeof text);
    std::memcpy(out.data() + next, usages[i].c_str(), usages[i].size() + 1);
    next += usages[i].size() + 1;
  }
  return out;
}

}  // namespace

OPENSSPI_API PCCERT_CONTEXT CertCreateCertificateContext(DWORD, const BYTE* pbCertEncoded, DWORD cbCertEncoded) {
  return crypt_call<PCCERT_CONTEXT>("CertCreateCertificateContext", nullptr, [&]() -> Result<PCCERT_CONTEXT> {
    if (pbCertEncoded == nullptr) return null_pointer("pbCertEncoded");
    auto element = cert::Element::parse({pbCertEncoded, cbCertEncoded});
    if (!element) return fail(element);
    return cert::make_context(*element);
  });
}
OPENSSPI_EXPORT(CertCreateCertificateContext);

OPENSSPI_API PCCERT_CONTEXT CertDuplicateCertificateContext(PCCERT_CONTEXT pCertContext) {
  if (pCertContext != nullptr) cert::retain_context(pCertContext);
  return pCertContext;
}
OPENSSPI_EXPORT(CertDuplicateCertificateContext);

OPENSSPI_API BOOL CertFreeCertificateContext(PCCERT_CONTEXT pCertContext) {
  if (pCertContext != nullptr) cert::release_context(pCertContext);
  return 1;
}
OPENSSPI_EXPORT(CertFreeCertificateContext);

OPENSSPI_API BOOL CertGetCertificateContextProperty(PCCERT_CONTEXT pCertContext, DWORD dwPropId, void* pvData,
                                                    DWORD* pcbData) {
  return crypt_call<BOOL>("CertGetCertificateContextProperty", 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    return get_property(*cert::element_of(pCertContext), dwPropId, pvData, pcbData);
  });
}
OPENSSPI_EXPORT(CertGetCertificateContextProperty);

OPENSSPI_API BOOL CertSetCertificateContextProperty(PCCERT_CONTEXT pCertContext, DWORD dwPropId, DWORD,
                                                    const void* pvData) {
  return crypt_call<BOOL>("CertSetCertificateContextProperty", 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    return set_property(cert::context_of(pCertContext), dwPropId, pvData);
  });
}
OPENSSPI_EXPORT(CertSetCertificateContextProperty);

OPENSSPI_API DWORD CertEnumCertificateContextProperties(PCCERT_CONTEXT pCertContext, DWORD dwPropId) {
  return crypt_call<DWORD>("CertEnumCertificateContextProperties", 0, [&]() -> Result<DWORD> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    const auto ids = cert::property_ids(*cert::element_of(pCertContext));
    const auto next = std::ranges::upper_bound(ids, dwPropId);
    return next == ids.end() ? 0 : *next;
  });
}
OPENSSPI_EXPORT(CertEnumCertificateContextProperties);

OPENSSPI_API BOOL CertGetEnhancedKeyUsage(PCCERT_CONTEXT pCertContext, DWORD dwFlags, PCERT_ENHKEY_USAGE pUsage,
                                          DWORD* pcbUsage) {
  static constexpr const char* kFunction = "CertGetEnhancedKeyUsage";
  bool every = false, none = false;
  const BOOL good = crypt_call<BOOL>(kFunction, 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    const bool property = (dwFlags & CERT_FIND_EXT_ONLY_ENHKEY_USAGE_FLAG) == 0;
    const bool extension = (dwFlags & CERT_FIND_PROP_ONLY_ENHKEY_USAGE_FLAG) == 0;
    const auto usages = cert::enhanced_usage(*cert::element_of(pCertContext), property, extension);
    if (!usages && (!property || !extension)) {
      return fail(Status::crypt_not_found, "enhanced key usage", "the certificate has none in the place looked at");
    }
    every = !usages.has_value();
    none = usages && usages->empty();
    return deliver(usage_structure(usages.value_or(std::vector<std::string>{}), pUsage), pUsage, pcbUsage);
  });
  if (good != 0 && every) return empty_answer(Status::crypt_not_found, "it is good for every usage", kFunction);
  if (good != 0 && none) return empty_answer(Status::ok, "it is good for no usage", kFunction);
  return good;
}
OPENSSPI_EXPORT(CertGetEnhancedKeyUsage);

OPENSSPI_API BOOL CertGetIntendedKeyUsage(DWORD, PCERT_INFO pCertInfo, BYTE* pbKeyUsage, DWORD cbKeyUsage) {
  static constexpr const char* kFunction = "CertGetIntendedKeyUsage";
  return crypt_call<BOOL>(kFunction, 0, [&]() -> Result<BOOL> {
    if (pCertInfo == nullptr || pbKeyUsage == nullptr) return null_pointer("pCertInfo, pbKeyUsage");
    std::fill_n(pbKeyUsage, cbKeyUsage, BYTE{0});
    for (DWORD i = 0; i < pCertInfo->cExtension; ++i) {
      const CERT_EXTENSION& extension = pCertInfo->rgExtension[i];
      if (std::string_view(extension.pszObjId) != szOID_KEY_USAGE) continue;
      // A DER bit string: tag, length, unused bits, bits.
      const Bytes der(extension.Value.pbData, extension.Value.cbData);
      if (der.size() < 3 || der[0] != 3 || der[1] != der.size() - 2) break;
      const Bytes bits = der.subspan(3).first(std::min<std::size_t>(der.size() - 3, cbKeyUsage));
      copy_bytes({pbKeyUsage, bits.size()}, bits);
      return 1;
    }
    return fail(Status::ok, "key usage", "the certificate has no such extension");
  });
}
OPENSSPI_EXPORT(CertGetIntendedKeyUsage);

OPENSSPI_API DWORD CertGetPublicKeyLength(DWORD, PCERT_PUBLIC_KEY_INFO pPublicKey) {
  return crypt_call<DWORD>("CertGetPublicKeyLength", 0, [&]() -> Result<DWORD> {
    if (pPublicKey == nullptr) return null_pointer("pPublicKey");
    return cert::public_key_bits(*pPublicKey);
  });
}
OPENSSPI_EXPORT(CertGetPublicKeyLength);

OPENSSPI_API SECURITY_STATUS OpenSspiCertCreate(const OPENSSPI_CERT_REQUEST* Request, PCCERT_CONTEXT* Certificate) {
  return guarded("OpenSspiCertCreate", [&]() -> Result<Status> {
    if (Request == nullptr || Certificate == nullptr || Request->cbSize < sizeof(OPENSSPI_CERT_REQUEST)) {
      return fail(Status::invalid_parameter, "Request, Certificate",
                  "one of them is NULL, or Request->cbSize is below " + std::to_string(sizeof(OPENSSPI_CERT_REQUEST)));
    }
    auto element = cert::create_certificate(*Request);
    if (!element) return fail(element);
    *Certificate = cert::make_context(*element);
    return Status::ok;
  });
}
OPENSSPI_EXPORT(OpenSspiCertCreate);
