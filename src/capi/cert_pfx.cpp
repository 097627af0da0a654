// PKCS#12: imported and exported.
#include "base/secret.hpp"
#include "base/text.hpp"
#include "capi/cert_calls.hpp"
#include "capi/export.hpp"
#include "cert/pfx.hpp"

using namespace opensspi;
using namespace opensspi::capi;

namespace {

// A password as UTF-8, wiped when it ends.
class Password {
 public:
  explicit Password(const SEC_WCHAR* text) : utf8_(to_utf8(view_of(text))) {}
  Password(const Password&) = delete;
  Password& operator=(const Password&) = delete;
  ~Password() { wipe(utf8_.data(), utf8_.size()); }
  std::string_view view() const { return utf8_; }

 private:
  std::string utf8_;
};

// What a caller wants to be told of instead of having it left out.
Result<void> check_keys(const cert::Content& content, DWORD flags) {
  for (const cert::ElementPtr& element : content.certificates) {
    const cert::PrivateKeyPtr key = element->key();
    if (!key && (flags & REPORT_NO_PRIVATE_KEY) != 0) {
      return fail(Status::nte_no_key, "certificate", "one has no private key, and REPORT_NO_PRIVATE_KEY is given");
    }
    if (key && !key->exportable && (flags & REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY) != 0) {
      return fail(Status::nte_bad_key_state, "private key",
                  "one cannot be exported, and REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY is given");
    }
  }
  return {};
}

}  // namespace

OPENSSPI_API HCERTSTORE PFXImportCertStore(CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, DWORD dwFlags) {
  return crypt_call<HCERTSTORE>("PFXImportCertStore", nullptr, [&]() -> Result<HCERTSTORE> {
    if (pPFX == nullptr) return null_pointer("pPFX");
    const Password password(szPassword);
    auto content = cert::decode_pfx(bytes_of_blob(pPFX), password.view(), (dwFlags & CRYPT_EXPORTABLE) != 0);
    if (!content) return fail(content);
    return static_cast<HCERTSTORE>(cert::Store::make(std::move(*content)));
  });
}
OPENSSPI_EXPORT(PFXImportCertStore);

OPENSSPI_API BOOL PFXIsPFXBlob(CRYPT_DATA_BLOB* pPFX) {
  return crypt_call<BOOL>("PFXIsPFXBlob", 0, [&]() -> Result<BOOL> {
    if (pPFX == nullptr) return null_pointer("pPFX");
    return cert::is_pfx(bytes_of_blob(pPFX)) ? 1 : 0;
  });
}
OPENSSPI_EXPORT(PFXIsPFXBlob);

OPENSSPI_API BOOL PFXVerifyPassword(CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, DWORD) {
  return crypt_call<BOOL>("PFXVerifyPassword", 0, [&]() -> Result<BOOL> {
    if (pPFX == nullptr) return null_pointer("pPFX");
    const Password password(szPassword);
    auto fits = cert::check_pfx_password(bytes_of_blob(pPFX), password.view());
    if (!fits) return fail(fits);
    return 1;
  });
}
OPENSSPI_EXPORT(PFXVerifyPassword);

OPENSSPI_API BOOL PFXExportCertStoreEx(HCERTSTORE hStore, CRYPT_DATA_BLOB* pPFX, const SEC_WCHAR* szPassword, void*,
                                       DWORD dwFlags) {
  return crypt_call<BOOL>("PFXExportCertStoreEx", 0, [&]() -> Result<BOOL> {
    if (hStore == nullptr || pPFX == nullptr) return null_pointer("hStore, pPFX");
    const cert::Content content{cert::store_of(hStore)->certificates(), {}};
    auto checked = check_keys(content, dwFlags);
    if (!checked) return fail(checked);
    const Password password(szPassword);
    auto bytes = cert::encode_pfx(content, password.view(), (dwFlags & EXPORT_PRIVATE_KEYS) != 0);
    if (!bytes) return fail(bytes);
    // A second call gives as many bytes, but other ones: the salts are drawn anew.
    return deliver(*bytes, pPFX->pbData, &pPFX->cbData);
  });
}
OPENSSPI_EXPORT(PFXExportCertStoreEx);
