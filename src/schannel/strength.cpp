#include "schannel/strength.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "algorithms of the credential";
constexpr int kLevel = 2;

// ---- The security level. ----

struct Relaxation {
  bool old_protocols, null_cipher;
};
constexpr Relaxation kRelaxations[] = {{true, false}, {false, true}, {true, true}};

using SecurityCallback = int (*)(const SSL*, const SSL_CTX*, int, int, int, void*, void*);
SecurityCallback default_security = nullptr;  // OpenSSL's own, the same for every context

int relaxed_security(const SSL* ssl, const SSL_CTX* context, int operation, int bits, int nid, void* other,
                     void* argument) {
  const auto& relaxation = *static_cast<const Relaxation*>(argument);
  switch (operation) {
    case SSL_SECOP_VERSION:
      if (relaxation.old_protocols && nid >= TLS1_VERSION) return 1;
      break;
    case SSL_SECOP_CIPHER_SUPPORTED:
    case SSL_SECOP_CIPHER_SHARED:
    case SSL_SECOP_CIPHER_CHECK:
      // Our lists have no suite without authentication.
      if (relaxation.null_cipher && bits == 0) return 1;
      break;
    case SSL_SECOP_SIGALG_SUPPORTED:
    case SSL_SECOP_SIGALG_SHARED:
    case SSL_SECOP_SIGALG_CHECK:
    case SSL_SECOP_SIGALG_MASK:
      // RFC 4346 7.4.3: the old protocols sign MD5 with SHA-1, or SHA-1, and nothing else.
      if (relaxation.old_protocols && ssl != nullptr && SSL_version(ssl) < TLS1_2_VERSION) return 1;
      break;
    default:
      break;
  }
  return default_security(ssl, context, operation, bits, nid, other, nullptr);
}

// ---- What is disabled. ----

// A key of so many bits; both limits 0: of any length.
bool in_range(const Disabled& disabled, std::uint32_t bits) {
  if (disabled.least_bits == 0 && disabled.most_bits == 0) return true;
  return bits >= disabled.least_bits && (disabled.most_bits == 0 || bits <= disabled.most_bits);
}

bool any_length(const Disabled& disabled) { return disabled.least_bits == 0 && disabled.most_bits == 0; }

struct Signature {
  const char* name;       // OpenSSL's
  std::string_view key;   // CNG's
  std::string_view hash;  // CNG's; empty: within the algorithm
};
// In the order of preference.
constexpr Signature kSignatures[] = {{"ECDSA+SHA256", "ECDSA", "SHA256"},      {"ECDSA+SHA384", "ECDSA", "SHA384"},
                                     {"ECDSA+SHA512", "ECDSA", "SHA512"},      {"ed25519", "ED25519", ""},
                                     {"rsa_pss_pss_sha256", "RSA", "SHA256"},  {"rsa_pss_pss_sha384", "RSA", "SHA384"},
                                     {"rsa_pss_pss_sha512", "RSA", "SHA512"},  {"rsa_pss_rsae_sha256", "RSA", "SHA256"},
                                     {"rsa_pss_rsae_sha384", "RSA", "SHA384"}, {"rsa_pss_rsae_sha512", "RSA", "SHA512"},
                                     {"RSA+SHA256", "RSA", "SHA256"},          {"RSA+SHA384", "RSA", "SHA384"},
                                     {"RSA+SHA512", "RSA", "SHA512"}};

bool is_disabled(const Signature& signature, const Disabled& disabled) {
  switch (disabled.usage) {
    case TlsParametersCngAlgUsageSignature:
      return any_length(disabled) && (disabled.algorithm == signature.key || disabled.algorithm == signature.hash);
    case TlsParametersCngAlgUsageDigest:
      return disabled.algorithm == signature.hash;
    default:
      return false;
  }
}

struct Group {
  const char* name;
  std::uint32_t bits;
};
constexpr Group kGroups[] = {{"X25519", 255}, {"P-256", 256}, {"P-384", 384}, {"P-521", 521}};

bool is_disabled(const Group& group, const Disabled& disabled) {
  return disabled.usage == TlsParametersCngAlgUsageKeyExchange && disabled.algorithm.starts_with("ECDH") &&
         in_range(disabled, group.bits);
}

template <typename Item, std::size_t kCount>
std::string what_is_left(const Item (&items)[kCount], const Settings& settings) {
  std::string list;
  for (const Item& item : items) {
    if (std::ranges::any_of(settings.disabled, [&](const Disabled& disabled) { return is_disabled(item, disabled); }))
      continue;
    list += (list.empty() ? "" : ":") + std::string(item.name);
  }
  return list;
}

std::string_view key_name(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "RSA";
    case EVP_PKEY_EC:
      return "ECDSA";
    default:
      return "";
  }
}

std::string_view hash_name(int nid) {
  switch (nid) {
    case NID_md5:
      return "MD5";
    case NID_sha1:
      return "SHA1";
    case NID_sha256:
      return "SHA256";
    case NID_sha384:
      return "SHA384";
    case NID_sha512:
      return "SHA512";
    default:
      return "";
  }
}

}  // namespace

void set_security(SSL_CTX* context, const Settings& settings) {
  SSL_CTX_set_security_level(context, kLevel);
  if (!settings.protocols.old() && !settings.null_cipher) return;
  static const SecurityCallback kDefault = default_security = SSL_CTX_get_security_callback(context);
  if (kDefault == nullptr) return;
  const auto relaxation = std::ranges::find_if(kRelaxations, [&](const Relaxation& candidate) {
    return candidate.old_protocols == settings.protocols.old() && candidate.null_cipher == settings.null_cipher;
  });
  SSL_CTX_set0_security_ex_data(context, const_cast<Relaxation*>(&*relaxation));
  SSL_CTX_set_security_callback(context, relaxed_security);
}

Result<void> set_groups(SSL_CTX* context, const Settings& settings) {
  const std::string list = settings.groups.empty() ? what_is_left(kGroups, settings) : settings.groups;
  if (list.empty()) return fail(Status::algorithm_mismatch, kCheck, "every group of the key exchange is disabled");
  if (SSL_CTX_set1_groups_list(context, list.c_str()) == 1) return {};
  return fail(Status::invalid_parameter, kCheck,
              "the groups \"" + settings.groups + "\" are not all known: " + cert::take_reason());
}

Result<void> set_signatures(SSL_CTX* context, const Settings& settings) {
  if (settings.disabled.empty()) return {};
  const std::string list = what_is_left(kSignatures, settings);
  if (list.empty()) return fail(Status::algorithm_mismatch, kCheck, "every signature is disabled");
  if (SSL_CTX_set1_sigalgs_list(context, list.c_str()) == 1) return {};
  return fail(Status::internal_error, kCheck, "the signatures " + list + ": " + cert::take_reason());
}

bool may_sign_handshakes(const Settings& settings, const EVP_PKEY* key) {
  const auto bits = static_cast<std::uint32_t>(std::max(EVP_PKEY_get_bits(key), 0));
  return std::ranges::none_of(settings.disabled, [&](const Disabled& disabled) {
    return disabled.usage == TlsParametersCngAlgUsageSignature && disabled.algorithm == key_name(key) &&
           in_range(disabled, bits);
  });
}

bool may_be_signed_so(const Settings& settings, X509* certificate, const EVP_PKEY* issuer_key) {
  if (settings.disabled.empty()) return true;
  int hash = NID_undef;
  X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr);
  ERR_clear_error();
  const auto bits = static_cast<std::uint32_t>(std::max(EVP_PKEY_get_bits(issuer_key), 0));
  return std::ranges::none_of(settings.disabled, [&](const Disabled& disabled) {
    if (disabled.usage != TlsParametersCngAlgUsageCertSig) return false;
    if (disabled.algorithm == hash_name(hash)) return true;
    return disabled.algorithm == key_name(issuer_key) && in_range(disabled, bits);
  });
}

}  // namespace opensspi::schannel
