// The engine interface is deprecated in OpenSSL 3, and is what Debian's libengine-pkcs11-openssl has.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "cert/key.hpp"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>

#include "base/safe_file.hpp"
#include "base/text.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "private key";
constexpr std::size_t kMostKeyBytes = 1 << 20;

// No key file here has a password: an encrypted one is refused instead of asked about on a terminal.
int no_password(char*, int, int, void*) { return -1; }

KeyPtr from_pkcs11_provider(const std::string& uri) {
  OSSL_STORE_CTX* store = OSSL_STORE_open(uri.c_str(), nullptr, nullptr, nullptr, nullptr);
  KeyPtr key;
  while (store != nullptr && !key && OSSL_STORE_eof(store) == 0) {
    OSSL_STORE_INFO* info = OSSL_STORE_load(store);
    if (info == nullptr) break;
    if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) key.reset(OSSL_STORE_INFO_get1_PKEY(info));
    OSSL_STORE_INFO_free(info);
  }
  OSSL_STORE_close(store);
  return key;
}

KeyPtr from_pkcs11_engine(const std::string& uri) {
  ENGINE* engine = ENGINE_by_id("pkcs11");
  if (engine == nullptr) return {};
  KeyPtr key;
  if (ENGINE_init(engine) == 1) {
    key.reset(ENGINE_load_private_key(engine, uri.c_str(), nullptr, nullptr));
    ENGINE_finish(engine);
  }
  ENGINE_free(engine);
  return key;
}

Result<KeyPtr> from_file(const std::string& path) {
  auto file = read_safe_file(path, kCheck, kMostKeyBytes);
  if (!file) return fail(Status::unknown_credentials, kCheck, file.error().detail);
  const BioPtr bio = reading(file->content.bytes());
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) {
    return fail(Status::unknown_credentials, kCheck,
                path + " has no private key in PEM without a password: " + take_reason());
  }
  return key;
}

}  // namespace

bool is_pkcs11(std::u16string_view place) { return place.starts_with(u"pkcs11:"); }

Result<PrivateKeyPtr> load_key(std::u16string_view place) {
  const std::string name = to_utf8(place);
  PrivateKey loaded;
  if (is_pkcs11(place)) {
    loaded.key = from_pkcs11_provider(name);
    if (!loaded.key) loaded.key = from_pkcs11_engine(name);
    if (!loaded.key) {
      return fail(Status::unknown_credentials, kCheck,
                  "neither a provider nor an engine of OpenSSL for PKCS#11 gives the key of the URI: " + take_reason());
    }
    loaded.exportable = false;
  } else {
    auto key = from_file(name);
    if (!key) return fail(key);
    loaded.key = std::move(*key);
  }
  ERR_clear_error();
  loaded.place = place;
  return std::make_shared<const PrivateKey>(std::move(loaded));
}

}  // namespace opensspi::cert
