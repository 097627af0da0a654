#include "cert/pfx.hpp"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <algorithm>

#include "base/text.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "PFX";
constexpr int kIterations = 10'000;
// Of a whole file: more keeps a processor busy for the one who made it.
constexpr std::uint64_t kMostIterations = 10'000'000;

using BagStack = STACK_OF(PKCS12_SAFEBAG);
using SafeStack = STACK_OF(PKCS7);
void free_bags(BagStack* bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
void free_safes(SafeStack* safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
using Bags = std::unique_ptr<BagStack, Freer<free_bags>>;
using Safes = std::unique_ptr<SafeStack, Freer<free_safes>>;

Result<Pkcs12Ptr> parse(Bytes der) {
  const unsigned char* at = der.data();
  Pkcs12Ptr pfx(d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())));
  if (!pfx || at != der.data() + der.size()) {
    return fail(Status::crypt_bad_encode, kCheck,
                std::to_string(der.size()) + " bytes are no PKCS#12: " + take_reason());
  }
  return pfx;
}

// ---- Work: how often a password is to be hashed is what the file says. ----

std::uint64_t number_of(const ASN1_INTEGER* integer) {
  std::uint64_t number = 0;
  if (integer == nullptr) return 1;
  const bool fits = ASN1_INTEGER_get_uint64(&number, integer) == 1;
  ERR_clear_error();
  return fits ? number : kMostIterations + 1;
}

template <typename T, auto kFree>
std::unique_ptr<T, Freer<kFree>> unpack(const ASN1_ITEM* item, const ASN1_TYPE* from) {
  std::unique_ptr<T, Freer<kFree>> value(static_cast<T*>(ASN1_TYPE_unpack_sequence(item, from)));
  ERR_clear_error();
  return value;
}

// RFC 8018 5.2, RFC 7914: cost, block size and parallelisation make up the work together.
std::uint64_t derivation_work(const X509_ALGOR* derivation) {
  if (OBJ_obj2nid(derivation->algorithm) == NID_id_scrypt) {
    const auto scrypt = unpack<SCRYPT_PARAMS, SCRYPT_PARAMS_free>(ASN1_ITEM_rptr(SCRYPT_PARAMS), derivation->parameter);
    if (!scrypt) return 0;
    std::uint64_t work = 1;
    for (const ASN1_INTEGER* factor : {scrypt->costParameter, scrypt->blockSize, scrypt->parallelizationParameter}) {
      const std::uint64_t number = std::max<std::uint64_t>(number_of(factor), 1);
      work = work > kMostIterations / number ? kMostIterations + 1 : work * number;
    }
    return work;
  }
  const auto pbkdf2 = unpack<PBKDF2PARAM, PBKDF2PARAM_free>(ASN1_ITEM_rptr(PBKDF2PARAM), derivation->parameter);
  return pbkdf2 ? number_of(pbkdf2->iter) : 0;
}

// 0: nothing is known of the algorithm, and OpenSSL does nothing with it either.
std::uint64_t work_of(const X509_ALGOR* algorithm) {
  if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
    const auto pbes2 = unpack<PBE2PARAM, PBE2PARAM_free>(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
    return pbes2 ? derivation_work(pbes2->keyfunc) : 0;
  }
  const auto pbe = unpack<PBEPARAM, PBEPARAM_free>(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
  return pbe ? number_of(pbe->iter) : 0;
}

// Adds what one part wants to what the file has wanted.
Result<void> add_work(std::uint64_t& done, std::uint64_t more) {
  if (more > kMostIterations - done) {
    return fail(Status::crypt_bad_encode, kCheck,
                "its passwords are to be hashed more than " + std::to_string(kMostIterations) +
                    " times, and that is as often as is done for a file");
  }
  done += more;
  return {};
}

// The password as the file's maker had it: nullptr for none at all. Found by the MAC over all of the file.
struct Password {
  const char* text = nullptr;
  int length = 0;
};

Result<Password> matching_password(PKCS12* pfx, std::string_view password, std::uint64_t& work) {
  Password given{password.data(), static_cast<int>(password.size())};
  if (PKCS12_mac_present(pfx) == 0) {
    return fail(Status::crypt_bad_encode, kCheck, "it has no MAC: nothing vouches for its content");
  }
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, pfx);
  auto added = add_work(work, number_of(iterations));
  if (!added) return fail(added);
  if (password.empty()) {
    if (PKCS12_verify_mac(pfx, "", 0) == 1) return Password{"", 0};
    if (PKCS12_verify_mac(pfx, nullptr, 0) == 1) return Password{nullptr, 0};
  } else if (PKCS12_verify_mac(pfx, given.text, given.length) == 1) {
    return given;
  }
  ERR_clear_error();
  return fail(Status::win_invalid_password, kCheck, "the password does not fit");
}

struct Reading {
  Password password;
  bool exportable;
  std::uint64_t work;
  Content content;
  std::vector<KeyPtr> keys;
};

std::u16string friendly_name(const PKCS12_SAFEBAG* bag) {
  const ASN1_TYPE* name = PKCS12_SAFEBAG_get0_attr(bag, NID_friendlyName);
  if (name == nullptr || name->type != V_ASN1_BMPSTRING) return {};
  const ASN1_BMPSTRING* text = name->value.bmpstring;
  std::u16string out;
  for (int i = 0; i + 1 < text->length; i += 2) {
    out.push_back(static_cast<char16_t>(text->data[i] << 8 | text->data[i + 1]));
  }
  return out;
}

Result<void> read_bag(const PKCS12_SAFEBAG* bag, Reading& reading);

Result<void> read_bags(const BagStack* bags, Reading& reading) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    auto read = read_bag(sk_PKCS12_SAFEBAG_value(bags, i), reading);
    if (!read) return read;
  }
  return {};
}

Result<void> read_certificate(const PKCS12_SAFEBAG* bag, Reading& reading) {
  if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
  X509Ptr certificate(PKCS12_SAFEBAG_get1_cert(bag));
  if (!certificate) return fail(Status::crypt_bad_encode, kCheck, "a certificate in it is broken: " + take_reason());
  auto element = std::make_shared<Element>(std::move(certificate));
  if (const std::u16string name = friendly_name(bag); !name.empty()) {
    ByteVector bytes;
    append_utf16le(bytes, name + u'\0');
    element->set_property(CERT_FRIENDLY_NAME_PROP_ID, std::move(bytes));
  }
  reading.content.certificates.push_back(std::move(element));
  return {};
}

Result<void> read_key(const PKCS8_PRIV_KEY_INFO* info, Reading& reading) {
  KeyPtr key(info == nullptr ? nullptr : EVP_PKCS82PKEY(info));
  if (!key) return fail(Status::crypt_bad_encode, kCheck, "a private key in it is broken: " + take_reason());
  reading.keys.push_back(std::move(key));
  return {};
}

Result<void> read_bag(const PKCS12_SAFEBAG* bag, Reading& reading) {
  switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag:
      return read_certificate(bag, reading);
    case NID_keyBag:
      return read_key(PKCS12_SAFEBAG_get0_p8inf(bag), reading);
    case NID_pkcs8ShroudedKeyBag: {
      const X509_ALGOR* algorithm = nullptr;
      X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
      auto added = add_work(reading.work, work_of(algorithm));
      if (!added) return added;
      PKCS8_PRIV_KEY_INFO* info = PKCS12_decrypt_skey(bag, reading.password.text, reading.password.length);
      auto read = read_key(info, reading);
      PKCS8_PRIV_KEY_INFO_free(info);
      return read;
    }
    case NID_safeContentsBag:
      return read_bags(PKCS12_SAFEBAG_get0_safes(bag), reading);
    default:
      return {};  // revocation lists and secrets are none of ours
  }
}

Result<Bags> unpack_safe(PKCS7* safe, Reading& reading) {
  Bags bags;
  if (PKCS7_type_is_data(safe)) {
    bags.reset(PKCS12_unpack_p7data(safe));
  } else if (safe->d.encrypted != nullptr) {  // the content may be left out
    auto added = add_work(reading.work, work_of(safe->d.encrypted->enc_data->algorithm));
    if (!added) return fail(added);
    bags.reset(PKCS12_unpack_p7encdata(safe, reading.password.text, reading.password.length));
  }
  if (bags) return bags;
  return fail(
      Status::crypt_bad_encode, kCheck,
      "a part of it cannot be decrypted; files of RC2 or 3DES need OpenSSL's legacy provider: " + take_reason());
}

void match_keys(Reading& reading) {
  for (KeyPtr& key : reading.keys) {
    const auto shared = std::make_shared<const PrivateKey>(PrivateKey{std::move(key), {}, reading.exportable});
    for (const ElementPtr& element : reading.content.certificates) {
      if (!element->key() && element->set_key(shared)) break;
    }
  }
}

std::string name_of(const Element& element) {
  const auto bytes = element.property(CERT_FRIENDLY_NAME_PROP_ID);
  if (!bytes) return {};
  std::u16string name = from_utf16le(*bytes);
  while (!name.empty() && name.back() == 0) name.pop_back();
  return to_utf8(name);
}

// Adds the certificate, and its key; both get the certificate's digest as localKeyID, so that readers match them.
bool add_to_bags(Bags& certificates, Bags& keys, const Element& element, const std::string& password, bool with_key) {
  auto* stack = certificates.release();
  PKCS12_SAFEBAG* bag = PKCS12_add_cert(&stack, element.x509());
  certificates.reset(stack);
  if (bag == nullptr) return false;
  const std::string name = name_of(element);
  auto id = element.sha1();
  if (!name.empty()) PKCS12_add_friendlyname_utf8(bag, name.c_str(), -1);
  const PrivateKeyPtr key = with_key ? element.key() : nullptr;
  if (!key || !key->exportable) return true;
  PKCS12_add_localkeyid(bag, id.data(), static_cast<int>(id.size()));
  auto* key_stack = keys.release();
  PKCS12_SAFEBAG* key_bag =
      PKCS12_add_key(&key_stack, key->key.get(), 0, kIterations, NID_aes_256_cbc, password.c_str());
  keys.reset(key_stack);
  if (key_bag == nullptr) return false;
  PKCS12_add_localkeyid(key_bag, id.data(), static_cast<int>(id.size()));
  if (!name.empty()) PKCS12_add_friendlyname_utf8(key_bag, name.c_str(), -1);
  return true;
}

}  // namespace

bool is_pfx(Bytes der) {
  const bool parsed = parse(der).has_value();
  ERR_clear_error();
  return parsed;
}

Result<void> check_pfx_password(Bytes der, std::string_view password) {
  auto pfx = parse(der);
  if (!pfx) return fail(pfx);
  std::uint64_t work = 0;
  auto matching = matching_password(pfx->get(), password, work);
  if (!matching) return fail(matching);
  return {};
}

Result<Content> decode_pfx(Bytes der, std::string_view password, bool exportable) {
  auto pfx = parse(der);
  if (!pfx) return fail(pfx);
  std::uint64_t work = 0;
  auto matching = matching_password(pfx->get(), password, work);
  if (!matching) return fail(matching);
  Reading reading{*matching, exportable, work, {}, {}};
  const Safes safes(PKCS12_unpack_authsafes(pfx->get()));
  if (!safes) return fail(Status::crypt_bad_encode, kCheck, "its content cannot be read: " + take_reason());
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    PKCS7* safe = sk_PKCS7_value(safes.get(), i);
    const int kind = OBJ_obj2nid(safe->type);
    if (kind != NID_pkcs7_data && kind != NID_pkcs7_encrypted) continue;
    auto bags = unpack_safe(safe, reading);
    if (!bags) return fail(bags);
    auto read = read_bags(bags->get(), reading);
    if (!read) return fail(read);
  }
  match_keys(reading);
  return std::move(reading.content);
}

Result<ByteVector> encode_pfx(const Content& content, std::string_view password, bool with_keys) {
  std::string text(password);
  Bags certificates, keys;
  bool good = true;
  for (const ElementPtr& element : content.certificates) {
    good = good && add_to_bags(certificates, keys, *element, text, with_keys);
  }
  SafeStack* stack = nullptr;
  if (good && certificates) {
    good = PKCS12_add_safe(&stack, certificates.get(), NID_aes_256_cbc, kIterations, text.c_str()) == 1;
  }
  if (good && keys) good = PKCS12_add_safe(&stack, keys.get(), -1, 0, nullptr) == 1;
  if (stack == nullptr) stack = sk_PKCS7_new_null();
  const Safes safes(stack);
  const Pkcs12Ptr pfx(good ? PKCS12_add_safes(safes.get(), 0) : nullptr);
  good = pfx && PKCS12_set_mac(pfx.get(), text.c_str(), static_cast<int>(text.size()), nullptr, 0, kIterations,
                               EVP_sha256()) == 1;
  wipe(text.data(), text.size());
  if (!good) return fail(Status::internal_error, kCheck, "it cannot be made: " + take_reason());
  return der_of<PKCS12, i2d_PKCS12>(pfx.get());
}

}  // namespace opensspi::cert
