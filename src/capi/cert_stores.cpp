// Stores: opened, filled, searched, saved.
#include "base/text.hpp"
#include "capi/cert_calls.hpp"
#include "capi/export.hpp"
#include "cert/decode.hpp"
#include "cert/find.hpp"
#include "cert/open_store.hpp"
#include "cert/serialized.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

Result<cert::StoreRef> open_blob(Result<cert::Content> (*decode)(Bytes), const void* para) {
  if (para == nullptr) return null_pointer("pvPara");
  auto content = decode(bytes_of_blob(static_cast<const CRYPT_DATA_BLOB*>(para)));
  if (!content) return fail(content);
  return cert::StoreRef(cert::Store::make(std::move(*content)));
}

Result<cert::Content> decode_store(Bytes bytes) {
  if (cert::is_serialized_store(bytes)) return cert::decode_serialized(bytes);
  return fail(Status::crypt_bad_encode, "serialized store", "the bytes do not begin as one");
}

Result<cert::Content> decode_message(Bytes bytes) {
  return cert::looks_like_pem(bytes) ? cert::decode_any(bytes) : cert::decode_pkcs7(bytes);
}

// Providers are small numbers in the place of a name.
Result<cert::StoreRef> open_store(const char* provider, DWORD flags, const void* para) {
  const auto number = reinterpret_cast<std::uintptr_t>(provider);
  const auto is = [&](const char* known) { return number == reinterpret_cast<std::uintptr_t>(known); };
  if (is(CERT_STORE_PROV_MEMORY)) return cert::StoreRef(cert::Store::make());
  if (is(CERT_STORE_PROV_PKCS7)) return open_blob(&decode_message, para);
  if (is(CERT_STORE_PROV_SERIALIZED)) return open_blob(&decode_store, para);
  const auto* text = static_cast<const SEC_WCHAR*>(para);
  if (text == nullptr) return null_pointer("pvPara");
  if (is(CERT_STORE_PROV_FILENAME_W)) return cert::open_file_store(view_of(text), flags);
  if (is(CERT_STORE_PROV_SYSTEM_W)) return cert::open_system_store(view_of(text));
  return fail(Status::win_file_not_found, "lpszStoreProvider",
              (number < 0x10000 ? "provider " + std::to_string(number) : std::string("a provider by name")) +
                  " is not known; MEMORY (2), PKCS7 (5), SERIALIZED (6), FILENAME_W (8) and SYSTEM_W (10) are");
}

Result<BOOL> add(cert::Store* store, const cert::Element& element, DWORD disposition, PCCERT_CONTEXT* out) {
  if (store == nullptr) return null_pointer("hCertStore");
  auto entry = store->add(element, disposition);
  if (!entry) return fail(entry);
  if (out != nullptr) *out = cert::make_context(*entry, cert::StoreRef::share(store));
  return 1;
}

// The context before is freed, whatever comes.
struct Previous {
  PCCERT_CONTEXT context;
  ~Previous() {
    if (context != nullptr) cert::release_context(context);
  }
  std::uint64_t place() const { return context == nullptr ? 0 : cert::context_of(context).place; }
};

Result<PCCERT_CONTEXT> next_match(cert::Store* store, std::uint64_t place, const cert::Match& match) {
  if (store == nullptr) return null_pointer("hCertStore");
  for (;;) {
    const cert::Store::Entry entry = store->after(place);
    if (!entry.element) return fail(Status::crypt_not_found, "store", "there are no more certificates that fit");
    if (match(*entry.element)) return cert::make_context(entry, cert::StoreRef::share(store));
    place = entry.place;
  }
}

Result<BOOL> save(cert::Store* store, DWORD as, DWORD to, void* para) {
  if (store == nullptr || para == nullptr) return null_pointer("hCertStore, pvSaveToPara");
  if (as != CERT_STORE_SAVE_AS_STORE && as != CERT_STORE_SAVE_AS_PKCS7) {
    return fail(Status::invalid_parameter, "dwSaveAs",
                std::to_string(as) + " is neither AS_STORE (1) nor AS_PKCS7 (2)");
  }
  const cert::Content content{store->certificates(), store->crls()};
  const ByteVector bytes =
      as == CERT_STORE_SAVE_AS_STORE ? cert::encode_serialized(content) : cert::encode_pkcs7(content);
  if (to == CERT_STORE_SAVE_TO_MEMORY) {
    auto& blob = *static_cast<CRYPT_DATA_BLOB*>(para);
    return deliver(bytes, blob.pbData, &blob.cbData);
  }
  if (to != CERT_STORE_SAVE_TO_FILENAME_W) {
    return fail(Status::invalid_parameter, "dwSaveTo",
                std::to_string(to) + " is neither TO_MEMORY (2) nor TO_FILENAME_W (4)");
  }
  auto written = cert::write_store_file(to_utf8(view_of(static_cast<const SEC_WCHAR*>(para))), bytes);
  if (!written) return fail(written);
  return 1;
}

}  // namespace

OPENSSPI_API HCERTSTORE CertOpenStore(const char* lpszStoreProvider, DWORD, HCRYPTPROV, DWORD dwFlags,
                                      const void* pvPara) {
  return crypt_call<HCERTSTORE>("CertOpenStore", nullptr, [&]() -> Result<HCERTSTORE> {
    auto store = open_store(lpszStoreProvider, dwFlags, pvPara);
    if (!store) return fail(store);
    return static_cast<HCERTSTORE>(store->give_away());
  });
}
OPENSSPI_EXPORT(CertOpenStore);

OPENSSPI_API HCERTSTORE CertOpenSystemStoreW(HCRYPTPROV, const SEC_WCHAR* szSubsystemProtocol) {
  return crypt_call<HCERTSTORE>("CertOpenSystemStoreW", nullptr, [&]() -> Result<HCERTSTORE> {
    if (szSubsystemProtocol == nullptr) return null_pointer("szSubsystemProtocol");
    auto store = cert::open_system_store(view_of(szSubsystemProtocol));
    if (!store) return fail(store);
    return static_cast<HCERTSTORE>(store->give_away());
  });
}
OPENSSPI_EXPORT(CertOpenSystemStoreW);

OPENSSPI_API HCERTSTORE CertDuplicateStore(HCERTSTORE hCertStore) {
  if (hCertStore != nullptr) cert::store_of(hCertStore)->retain();
  return hCertStore;
}
OPENSSPI_EXPORT(CertDuplicateStore);

OPENSSPI_API BOOL CertCloseStore(HCERTSTORE hCertStore, DWORD dwFlags) {
  return crypt_call<BOOL>("CertCloseStore", 0, [&]() -> Result<BOOL> {
    if (hCertStore == nullptr) return 1;
    const bool last = cert::store_of(hCertStore)->release();
    if (last || (dwFlags & CERT_CLOSE_STORE_CHECK_FLAG) == 0) return 1;
    return fail(Status::crypt_pending_close, "hCertStore",
                "certificates or other handles of the store are still in use");
  });
}
OPENSSPI_EXPORT(CertCloseStore);

OPENSSPI_API BOOL CertAddEncodedCertificateToStore(HCERTSTORE hCertStore, DWORD, const BYTE* pbCertEncoded,
                                                   DWORD cbCertEncoded, DWORD dwAddDisposition,
                                                   PCCERT_CONTEXT* ppCertContext) {
  return crypt_call<BOOL>("CertAddEncodedCertificateToStore", 0, [&]() -> Result<BOOL> {
    if (pbCertEncoded == nullptr) return null_pointer("pbCertEncoded");
    auto element = cert::Element::parse({pbCertEncoded, cbCertEncoded});
    if (!element) return fail(element);
    return add(cert::store_of(hCertStore), **element, dwAddDisposition, ppCertContext);
  });
}
OPENSSPI_EXPORT(CertAddEncodedCertificateToStore);

OPENSSPI_API BOOL CertAddCertificateContextToStore(HCERTSTORE hCertStore, PCCERT_CONTEXT pCertContext,
                                                   DWORD dwAddDisposition, PCCERT_CONTEXT* ppStoreContext) {
  return crypt_call<BOOL>("CertAddCertificateContextToStore", 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    return add(cert::store_of(hCertStore), *cert::element_of(pCertContext), dwAddDisposition, ppStoreContext);
  });
}
OPENSSPI_EXPORT(CertAddCertificateContextToStore);

OPENSSPI_API BOOL CertAddEncodedCRLToStore(HCERTSTORE hCertStore, DWORD, const BYTE* pbCrlEncoded, DWORD cbCrlEncoded,
                                           DWORD, PCCRL_CONTEXT* ppCrlContext) {
  return crypt_call<BOOL>("CertAddEncodedCRLToStore", 0, [&]() -> Result<BOOL> {
    if (hCertStore == nullptr || pbCrlEncoded == nullptr) return null_pointer("hCertStore, pbCrlEncoded");
    if (ppCrlContext != nullptr) {
      return fail(Status::unsupported_function, "ppCrlContext",
                  "contexts of revocation lists are not given; it must be NULL");
    }
    auto content = cert::decode_any({pbCrlEncoded, cbCrlEncoded});
    if (!content || content->crls.empty()) {
      return fail(Status::crypt_asn1_badtag, "pbCrlEncoded", "it is no revocation list");
    }
    for (cert::CrlPtr& crl : content->crls) {
      auto added = cert::store_of(hCertStore)->add_crl(std::move(crl));
      if (!added) return fail(added);
    }
    return 1;
  });
}
OPENSSPI_EXPORT(CertAddEncodedCRLToStore);

OPENSSPI_API BOOL CertDeleteCertificateFromStore(PCCERT_CONTEXT pCertContext) {
  return crypt_call<BOOL>("CertDeleteCertificateFromStore", 0, [&]() -> Result<BOOL> {
    if (pCertContext == nullptr) return null_pointer("pCertContext");
    const Previous freed{pCertContext};
    const cert::Context& context = cert::context_of(pCertContext);
    auto removed = context.store->remove(context.place);
    if (!removed) return fail(removed);
    return 1;
  });
}
OPENSSPI_EXPORT(CertDeleteCertificateFromStore);

OPENSSPI_API PCCERT_CONTEXT CertEnumCertificatesInStore(HCERTSTORE hCertStore, PCCERT_CONTEXT pPrevCertContext) {
  return crypt_call<PCCERT_CONTEXT>("CertEnumCertificatesInStore", nullptr, [&]() -> Result<PCCERT_CONTEXT> {
    const Previous previous{pPrevCertContext};
    return next_match(cert::store_of(hCertStore), previous.place(), [](const cert::Element&) { return true; });
  });
}
OPENSSPI_EXPORT(CertEnumCertificatesInStore);

OPENSSPI_API PCCERT_CONTEXT CertFindCertificateInStore(HCERTSTORE hCertStore, DWORD, DWORD, DWORD dwFindType,
                                                       const void* pvFindPara, PCCERT_CONTEXT pPrevCertContext) {
  return crypt_call<PCCERT_CONTEXT>("CertFindCertificateInStore", nullptr, [&]() -> Result<PCCERT_CONTEXT> {
    const Previous previous{pPrevCertContext};
    auto match = cert::make_match(dwFindType, pvFindPara);
    if (!match) return fail(match);
    return next_match(cert::store_of(hCertStore), previous.place(), *match);
  });
}
OPENSSPI_EXPORT(CertFindCertificateInStore);

OPENSSPI_API BOOL CertSaveStore(HCERTSTORE hCertStore, DWORD, DWORD dwSaveAs, DWORD dwSaveTo, void* pvSaveToPara,
                                DWORD) {
  return crypt_call<BOOL>("CertSaveStore", 0,
                          [&] { return save(cert::store_of(hCertStore), dwSaveAs, dwSaveTo, pvSaveToPara); });
}
OPENSSPI_EXPORT(CertSaveStore);
