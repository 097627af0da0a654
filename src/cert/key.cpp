#include "cert/key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/safe_file.hpp"
#include "base/text.hpp"
#include "cert/pkcs11.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "private key";
constexpr std::size_t kMostKeyBytes = 1 << 20;

// No key file here has a password: an encrypted one is refused instead of asked about on a terminal.
int no_password(char*, int, int, void*) { return -1; }

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

Result<PrivateKeyPtr> from_token(std::u16string_view place) {
  std::string name = to_utf8(place);
  Secret whole(Bytes(reinterpret_cast<const std::uint8_t*>(name.data()), name.size()));
  auto uri = parse_pkcs11_uri(name);
  wipe(name.data(), name.size());
  if (!uri) return fail(uri);
  auto key = load_pkcs11_key(*uri);
  if (!key) return fail(key);
  auto shown = to_utf16(uri->shown);
  if (!shown) return fail(shown);
  return std::make_shared<const PrivateKey>(PrivateKey{std::move(*key), std::move(*shown), false, std::move(whole)});
}

}  // namespace

bool is_pkcs11(std::u16string_view place) { return place.starts_with(u"pkcs11:"); }

Result<PrivateKeyPtr> load_key(std::u16string_view place) {
  if (is_pkcs11(place)) return from_token(place);
  auto key = from_file(to_utf8(place));
  if (!key) return fail(key);
  ERR_clear_error();
  return std::make_shared<const PrivateKey>(PrivateKey{std::move(*key), std::u16string(place)});
}

}  // namespace opensspi::cert
