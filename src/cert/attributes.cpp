#include "cert/attributes.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace opensspi::cert {
namespace {

constexpr std::uint32_t kName = CRYPT_RDN_ATTR_OID_GROUP_ID;
constexpr std::uint32_t kUsage = CRYPT_ENHKEY_USAGE_OID_GROUP_ID;
constexpr std::uint32_t kExtension = CRYPT_EXT_OR_ATTR_OID_GROUP_ID;
constexpr std::uint32_t kKey = CRYPT_PUBKEY_ALG_OID_GROUP_ID;
constexpr std::uint32_t kSignature = CRYPT_SIGN_ALG_OID_GROUP_ID;
constexpr std::uint32_t kHash = CRYPT_HASH_ALG_OID_GROUP_ID;

// A key that stands twice: the first one is written, both are read.
constexpr auto kOids = std::to_array<NamedOid>({
    {"2.5.4.3", u"CN", u"CN", kName},
    {"2.5.4.7", u"L", u"L", kName},
    {"2.5.4.10", u"O", u"O", kName},
    {"2.5.4.11", u"OU", u"OU", kName},
    {"1.2.840.113549.1.9.1", u"E", u"E", kName},
    {"1.2.840.113549.1.9.1", u"Email", u"E", kName},
    {"2.5.4.6", u"C", u"C", kName},
    {"2.5.4.8", u"S", u"S", kName},
    {"2.5.4.8", u"ST", u"S", kName},
    {"2.5.4.9", u"STREET", u"STREET", kName},
    {"2.5.4.12", u"T", u"T", kName},
    {"2.5.4.12", u"Title", u"T", kName},
    {"2.5.4.42", u"G", u"G", kName},
    {"2.5.4.42", u"GivenName", u"G", kName},
    {"2.5.4.43", u"I", u"I", kName},
    {"2.5.4.43", u"Initials", u"I", kName},
    {"2.5.4.4", u"SN", u"SN", kName},
    {"0.9.2342.19200300.100.1.25", u"DC", u"DC", kName},
    {"2.5.4.5", u"SERIALNUMBER", u"SERIALNUMBER", kName},
    {"2.5.4.13", u"Description", u"Description", kName},
    {"2.5.4.17", u"PostalCode", u"PostalCode", kName},
    {"2.5.4.18", u"POBox", u"POBox", kName},
    {"2.5.4.20", u"Phone", u"Phone", kName},
    {"2.5.4.24", u"X21Address", u"X21Address", kName},
    {"2.5.4.46", u"dnQualifier", u"dnQualifier", kName},
    {"1.3.6.1.5.5.7.3.1", u"", u"Server Authentication", kUsage},
    {"1.3.6.1.5.5.7.3.2", u"", u"Client Authentication", kUsage},
    {"1.3.6.1.5.5.7.3.3", u"", u"Code Signing", kUsage},
    {"1.3.6.1.5.5.7.3.4", u"", u"Secure Email", kUsage},
    {"1.3.6.1.5.5.7.3.5", u"", u"IP security end system", kUsage},
    {"1.3.6.1.5.5.7.3.6", u"", u"IP security tunnel termination", kUsage},
    {"1.3.6.1.5.5.7.3.7", u"", u"IP security user", kUsage},
    {"1.3.6.1.5.5.7.3.8", u"", u"Time Stamping", kUsage},
    {"1.3.6.1.5.5.7.3.9", u"", u"OCSP Signing", kUsage},
    {"2.5.29.37.0", u"", u"Any Purpose", kUsage},
    {"2.5.29.14", u"", u"Subject Key Identifier", kExtension},
    {"2.5.29.15", u"", u"Key Usage", kExtension},
    {"2.5.29.17", u"", u"Subject Alternative Name", kExtension},
    {"2.5.29.18", u"", u"Issuer Alternative Name", kExtension},
    {"2.5.29.19", u"", u"Basic Constraints", kExtension},
    {"2.5.29.30", u"", u"Name Constraints", kExtension},
    {"2.5.29.31", u"", u"CRL Distribution Points", kExtension},
    {"2.5.29.32", u"", u"Certificate Policies", kExtension},
    {"2.5.29.35", u"", u"Authority Key Identifier", kExtension},
    {"2.5.29.37", u"", u"Enhanced Key Usage", kExtension},
    {"1.3.6.1.5.5.7.1.1", u"", u"Authority Information Access", kExtension},
    {"1.2.840.113549.1.1.1", u"", u"RSA", kKey},
    {"1.2.840.10045.2.1", u"", u"ECC", kKey},
    {"1.3.101.112", u"", u"Ed25519", kKey},
    {"1.2.840.113549.1.1.5", u"", u"sha1RSA", kSignature},
    {"1.2.840.113549.1.1.10", u"", u"RSASSA-PSS", kSignature},
    {"1.2.840.113549.1.1.11", u"", u"sha256RSA", kSignature},
    {"1.2.840.113549.1.1.12", u"", u"sha384RSA", kSignature},
    {"1.2.840.113549.1.1.13", u"", u"sha512RSA", kSignature},
    {"1.2.840.10045.4.1", u"", u"sha1ECDSA", kSignature},
    {"1.2.840.10045.4.3.2", u"", u"sha256ECDSA", kSignature},
    {"1.2.840.10045.4.3.3", u"", u"sha384ECDSA", kSignature},
    {"1.2.840.10045.4.3.4", u"", u"sha512ECDSA", kSignature},
    {"1.3.14.3.2.26", u"", u"sha1", kHash},
    {"2.16.840.1.101.3.4.2.1", u"", u"sha256", kHash},
    {"2.16.840.1.101.3.4.2.2", u"", u"sha384", kHash},
    {"2.16.840.1.101.3.4.2.3", u"", u"sha512", kHash},
});

std::array<CRYPT_OID_INFO, kOids.size()> make_infos() {
  std::array<CRYPT_OID_INFO, kOids.size()> infos{};
  for (std::size_t i = 0; i < kOids.size(); ++i) {
    infos[i].cbSize = sizeof(CRYPT_OID_INFO);
    infos[i].pszOID = kOids[i].oid.data();  // literals: each ends with a NUL
    infos[i].pwszName = kOids[i].name.data();
    infos[i].dwGroupId = kOids[i].group;
  }
  return infos;
}

}  // namespace

const NamedOid* find_oid(std::string_view oid) {
  const auto found = std::ranges::find(kOids, oid, &NamedOid::oid);
  return found == kOids.end() ? nullptr : &*found;
}

const NamedOid* find_key(std::u16string_view key) {
  const auto found = std::ranges::find_if(
      kOids, [&](const NamedOid& named) { return !named.key.empty() && equal_ignoring_case(named.key, key); });
  return found == kOids.end() ? nullptr : &*found;
}

PCCRYPT_OID_INFO find_oid_info(std::uint32_t key_type, const void* key, std::uint32_t group) {
  static const auto kInfos = make_infos();
  for (std::size_t i = 0; i < kOids.size(); ++i) {
    if (group != 0 && (group & 0xFFFF) != kOids[i].group) continue;
    const bool fits = key_type == CRYPT_OID_INFO_OID_KEY
                          ? kOids[i].oid == static_cast<const char*>(key)
                          : key_type == CRYPT_OID_INFO_NAME_KEY &&
                                equal_ignoring_case(kOids[i].name, static_cast<const char16_t*>(key));
    if (fits) return &kInfos[i];
  }
  return nullptr;
}

}  // namespace opensspi::cert
