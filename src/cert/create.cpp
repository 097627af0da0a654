#include "cert/create.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <ctime>

#include "base/text.hpp"
#include "cert/chain.hpp"
#include "cert/names.hpp"
#include "cert/properties.hpp"

namespace opensspi::cert {
namespace {

constexpr const char* kCheck = "OPENSSPI_CERT_REQUEST";
constexpr std::uint64_t kBackdateTicks = 300 * kTicksPerSecond;
constexpr std::uint64_t kYearTicks = std::uint64_t{365} * 24 * 3600 * kTicksPerSecond;

std::unexpected<Error> bad(std::string why) { return fail(Status::invalid_parameter, kCheck, std::move(why)); }

Result<KeyPtr> generate_key(std::uint32_t type, std::uint32_t bits) {
  KeyPtr key;
  if (type == OPENSSPI_KEY_RSA) {
    if (bits == 0) bits = 2048;
    if (bits < 2048 || bits > 8192)
      return bad("KeyBits of RSA is " + std::to_string(bits) + ", it may be 2048 to 8192");
    key.reset(EVP_RSA_gen(bits));
  } else if (type == OPENSSPI_KEY_EC || type == 0) {
    const char* curve = bits == 0 || bits == 256 ? "P-256" : bits == 384 ? "P-384" : bits == 521 ? "P-521" : nullptr;
    if (curve == nullptr) return bad("KeyBits of EC is " + std::to_string(bits) + ", it may be 256, 384 or 521");
    key.reset(EVP_EC_gen(curve));
  } else if (type == OPENSSPI_KEY_ED25519) {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    return bad("KeyType is " + std::to_string(type) + ", it may be RSA (1), EC (2) or ED25519 (3)");
  }
  if (!key) return fail(Status::internal_error, kCheck, "no key can be made: " + take_reason());
  return key;
}

// The key of a certificate: a pair, or the public half only.
struct SubjectKey {
  KeyPtr public_half;
  PrivateKeyPtr pair;
  EVP_PKEY* get() const { return pair ? pair->key.get() : public_half.get(); }
};

Result<SubjectKey> given_key(const OPENSSPI_CERT_REQUEST& request) {
  if (request.Issuer == nullptr) return bad("PublicKey needs an Issuer: nobody can sign for a key that is not there");
  if (request.KeyFile != nullptr || request.KeyType != 0) {
    return bad("PublicKey stands beside KeyFile or KeyType; the certificate has one key only");
  }
  auto key = public_key_of(*request.PublicKey);
  if (!key) return fail(key);
  return SubjectKey{std::move(*key), nullptr};
}

Result<PrivateKeyPtr> pair_of(const OPENSSPI_CERT_REQUEST& request) {
  if (request.KeyFile != nullptr) return load_key(reinterpret_cast<const char16_t*>(request.KeyFile));
  auto key = generate_key(request.KeyType, request.KeyBits);
  if (!key) return fail(key);
  return std::make_shared<const PrivateKey>(PrivateKey{std::move(*key), {}, true});
}

Result<SubjectKey> key_of(const OPENSSPI_CERT_REQUEST& request) {
  if (request.PublicKey != nullptr) return given_key(request);
  auto pair = pair_of(request);
  if (!pair) return fail(pair);
  return SubjectKey{nullptr, std::move(*pair)};
}

Result<void> set_serial(X509* certificate, const CRYPT_INTEGER_BLOB& wanted) {
  ByteVector bytes(16);
  if (wanted.cbData != 0 && wanted.pbData != nullptr) {
    if (wanted.cbData > 20)
      return bad("SerialNumber has " + std::to_string(wanted.cbData) + " bytes, at most 20 are allowed");
    bytes.assign(wanted.pbData, wanted.pbData + wanted.cbData);
    std::ranges::reverse(bytes);
  } else {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
      return fail(Status::internal_error, kCheck, "no random number: " + take_reason());
    }
    bytes.front() = static_cast<std::uint8_t>((bytes.front() & 0x7F) | 0x40);  // positive, and of full length
  }
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return {};
}

Result<void> set_times(X509* certificate, const OPENSSPI_CERT_REQUEST& request) {
  FileTime from = from_windows(request.NotBefore), to = from_windows(request.NotAfter);
  if (from.ticks == 0) from.ticks = opensspi::to_filetime(std::time(nullptr), 0).ticks - kBackdateTicks;
  if (to.ticks == 0) to.ticks = from.ticks + kYearTicks;
  if (to < from) return bad("NotAfter lies before NotBefore");
  const auto seconds = [](FileTime time) {
    return static_cast<time_t>(static_cast<std::int64_t>(time.ticks / kTicksPerSecond) -
                               static_cast<std::int64_t>(kUnixEpochSeconds));
  };
  if (ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(to)) == nullptr) {
    return bad("NotBefore or NotAfter is no time that a certificate can have: " + take_reason());
  }
  return {};
}

Result<void> add_extension(X509* certificate, int nid, bool critical, void* value) {
  if (X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_REPLACE) == 1) return {};
  return fail(Status::internal_error, kCheck, "an extension cannot be made: " + take_reason());
}

Result<void> add_basic_constraints(X509* certificate, const OPENSSPI_CERT_REQUEST& request) {
  using ConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, Freer<BASIC_CONSTRAINTS_free>>;
  const ConstraintsPtr constraints(BASIC_CONSTRAINTS_new());
  constraints->ca = request.CertificateAuthority != 0 ? 0xFF : 0;
  if (request.CertificateAuthority != 0 && request.PathLength >= 0) {
    constraints->pathlen = ASN1_INTEGER_new();
    ASN1_INTEGER_set(constraints->pathlen, request.PathLength);
  }
  return add_extension(certificate, NID_basic_constraints, true, constraints.get());
}

// CERT_x_KEY_USAGE has the bits of the extension's first byte, and those of the second shifted by 8.
Result<void> add_key_usage(X509* certificate, const OPENSSPI_CERT_REQUEST& request, const EVP_PKEY* key) {
  std::uint32_t usage = request.KeyUsage;
  if (usage == 0) {
    usage = request.CertificateAuthority != 0 ? CERT_KEY_CERT_SIGN_KEY_USAGE | CERT_CRL_SIGN_KEY_USAGE
                                              : CERT_DIGITAL_SIGNATURE_KEY_USAGE;
    const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    if (rsa && request.CertificateAuthority == 0) usage |= CERT_KEY_ENCIPHERMENT_KEY_USAGE;
    // A certificate that vouches for itself is its own issuer.
    if (request.Issuer == nullptr && request.CertificateAuthority == 0) usage |= CERT_KEY_CERT_SIGN_KEY_USAGE;
  }
  using BitsPtr = std::unique_ptr<ASN1_BIT_STRING, Freer<ASN1_BIT_STRING_free>>;
  const BitsPtr bits(ASN1_BIT_STRING_new());
  for (int byte = 0; byte < 2; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      if ((usage >> (8 * byte) & (0x80U >> bit)) != 0) ASN1_BIT_STRING_set_bit(bits.get(), 8 * byte + bit, 1);
    }
  }
  return add_extension(certificate, NID_key_usage, true, bits.get());
}

Result<void> add_usages(X509* certificate, const CERT_ENHKEY_USAGE& usages) {
  if (usages.cUsageIdentifier == 0) return {};
  using UsagePtr = std::unique_ptr<EXTENDED_KEY_USAGE, Freer<EXTENDED_KEY_USAGE_free>>;
  const UsagePtr list(EXTENDED_KEY_USAGE_new());
  for (DWORD i = 0; i < usages.cUsageIdentifier; ++i) {
    ASN1_OBJECT* object = OBJ_txt2obj(usages.rgpszUsageIdentifier[i], 1);
    if (object == nullptr) {
      ERR_clear_error();
      return bad(std::string("EnhKeyUsage has \"") + usages.rgpszUsageIdentifier[i] +
                 "\", which is no object identifier");
    }
    sk_ASN1_OBJECT_push(list.get(), object);
  }
  return add_extension(certificate, NID_ext_key_usage, false, list.get());
}

using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Freer<GENERAL_NAME_free>>;

Result<GeneralNamePtr> alternative_name(std::u16string_view text) {
  const std::size_t colon = text.find(u':');
  const std::u16string_view kind = text.substr(0, colon);
  const std::u16string_view value = colon == std::u16string_view::npos ? std::u16string_view{} : text.substr(colon + 1);
  std::string name = to_utf8(value);
  const auto refused = [&] {
    ERR_clear_error();
    return bad("AltNames has \"" + to_utf8(text) + "\"; it may be DNS:, IP:, email: or URI: and a name of that kind");
  };
  if (name.empty()) return refused();
  GeneralNamePtr made(GENERAL_NAME_new());
  if (equal_ignoring_case(kind, u"IP")) {
    ASN1_OCTET_STRING* address = is_ip_address(name) ? a2i_IPADDRESS(name.c_str()) : nullptr;
    if (address == nullptr) return refused();
    GENERAL_NAME_set0_value(made.get(), GEN_IPADD, address);
    return made;
  }
  int type = GEN_DNS;
  if (equal_ignoring_case(kind, u"DNS")) {
    const bool wildcard = value.starts_with(u"*.");
    const std::string ascii = host_name(wildcard ? value.substr(2) : value);
    if (ascii.empty()) return refused();
    name = (wildcard ? "*." : "") + ascii;
  } else if (equal_ignoring_case(kind, u"email")) {
    type = GEN_EMAIL;
  } else if (equal_ignoring_case(kind, u"URI")) {
    type = GEN_URI;
  } else {
    return refused();
  }
  ASN1_IA5STRING* string = ASN1_IA5STRING_new();
  ASN1_STRING_set(string, name.data(), static_cast<int>(name.size()));
  GENERAL_NAME_set0_value(made.get(), type, string);
  return made;
}

Result<void> add_alternative_names(X509* certificate, const OPENSSPI_CERT_REQUEST& request) {
  if (request.cAltNames == 0) return {};
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  for (ULONG i = 0; i < request.cAltNames; ++i) {
    auto name = alternative_name(reinterpret_cast<const char16_t*>(request.AltNames[i]));
    if (!name) return fail(name);
    sk_GENERAL_NAME_push(names.get(), name->release());
  }
  return add_extension(certificate, NID_subject_alt_name, false, names.get());
}

Result<void> add_key_identifiers(X509* certificate, X509* issuer) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer == nullptr ? certificate : issuer, certificate, nullptr, nullptr, 0);
  const std::pair<int, const char*> wanted[] = {{NID_subject_key_identifier, "hash"},
                                                {NID_authority_key_identifier, "keyid:always"}};
  for (const auto& [nid, value] : wanted) {
    if (nid == NID_authority_key_identifier && issuer != nullptr && X509_get0_subject_key_id(issuer) == nullptr)
      continue;
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
      return fail(Status::internal_error, kCheck, "a key identifier cannot be made: " + take_reason());
    }
  }
  return {};
}

Result<void> add_given(X509* certificate, const OPENSSPI_CERT_REQUEST& request) {
  for (ULONG i = 0; i < request.cExtension; ++i) {
    const CERT_EXTENSION& given = request.rgExtension[i];
    const ObjectPtr object(OBJ_txt2obj(given.pszObjId, 1));
    using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, Freer<ASN1_OCTET_STRING_free>>;
    const OctetsPtr value(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(value.get(), given.Value.pbData, static_cast<int>(given.Value.cbData));
    const ExtensionPtr extension(
        object ? X509_EXTENSION_create_by_OBJ(nullptr, object.get(), given.fCritical, value.get()) : nullptr);
    if (!extension) {
      ERR_clear_error();
      return bad(std::string("rgExtension has \"") + given.pszObjId + "\", which is no object identifier");
    }
    for (int at = X509_get_ext_by_OBJ(certificate, object.get(), -1); at >= 0;
         at = X509_get_ext_by_OBJ(certificate, object.get(), -1)) {
      X509_EXTENSION_free(X509_delete_ext(certificate, at));
    }
    X509_add_ext(certificate, extension.get(), -1);
  }
  return {};
}

Result<void> sign(X509* certificate, EVP_PKEY* key, const char* name) {
  const int kind = EVP_PKEY_get_base_id(key);
  const bool own_digest = kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448;
  const EVP_MD* digest = own_digest ? nullptr : EVP_get_digestbyname(name == nullptr ? "SHA256" : name);
  if (!own_digest && digest == nullptr) return bad(std::string("Digest is \"") + name + "\", which is not known");
  if (X509_sign(certificate, key, digest) > 0) return {};
  return fail(Status::internal_error, kCheck, "the certificate cannot be signed: " + take_reason());
}

}  // namespace

Result<ElementPtr> create_certificate(const OPENSSPI_CERT_REQUEST& request) {
  auto subject = parse_name({request.Subject.pbData, request.Subject.cbData});
  if (!subject) return fail(subject);
  const ElementPtr issuer = request.Issuer == nullptr ? nullptr : element_of(request.Issuer);
  const PrivateKeyPtr issuer_key = issuer ? issuer->key() : nullptr;
  if (issuer && !issuer_key) return fail(Status::unknown_credentials, kCheck, "Issuer has no private key");
  auto key = key_of(request);
  if (!key) return fail(key);
  X509Ptr certificate(X509_new());
  X509* x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  X509_set_subject_name(x509, subject->get());
  X509_set_issuer_name(x509, issuer ? X509_get_subject_name(issuer->x509()) : subject->get());
  X509_set_pubkey(x509, key->get());
  Result<void> done = set_serial(x509, request.SerialNumber);
  if (done) done = set_times(x509, request);
  if (done) done = add_basic_constraints(x509, request);
  if (done) done = add_key_usage(x509, request, key->get());
  if (done) done = add_usages(x509, request.EnhKeyUsage);
  if (done) done = add_alternative_names(x509, request);
  if (done) done = add_key_identifiers(x509, issuer ? issuer->x509() : nullptr);
  if (done) done = add_given(x509, request);
  if (done) done = sign(x509, issuer ? issuer_key->key.get() : key->get(), request.Digest);
  if (!done) return fail(done);
  auto element = std::make_shared<Element>(std::move(certificate));
  if (key->pair) done = element->set_key(std::move(key->pair));
  if (!done) return fail(done);
  return element;
}

}  // namespace opensspi::cert
