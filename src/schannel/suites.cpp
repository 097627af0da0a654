#include "schannel/suites.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <string_view>

#include "schannel/strength.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "cipher suites of the credential";

// In the order of preference. TLS 1.2 has forward secrecy and authenticated encryption only; the suites of TLS 1.0
// and 1.1 are added where one of these is asked for by name.
constexpr const char* kTls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// What can be had by name: RFC 8446 B.4, and before that all that authenticates by certificates. "ALL" has no null
// cipher.
constexpr const char* kEveryTls13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256";
constexpr const char* kEveryTls12 = "ALL:COMPLEMENTOFALL:!aNULL:!PSK:!SRP";
constexpr const char* kTls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kOld =
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA";
constexpr const char* kNull = ":ECDHE-ECDSA-NULL-SHA:ECDHE-RSA-NULL-SHA:NULL-SHA256:NULL-SHA";

bool is_tls13(const SSL_CIPHER* suite) { return std::string_view(SSL_CIPHER_get_version(suite)) == "TLSv1.3"; }

// Of the key. OpenSSL's own rating, which may be lower for a short tag, is the security level's affair.
int bits_of(const SSL_CIPHER* suite) {
  int key_bits = 0;
  SSL_CIPHER_get_bits(suite, &key_bits);
  return key_bits;
}

bool is_null(const SSL_CIPHER* suite) { return SSL_CIPHER_get_cipher_nid(suite) == NID_undef || bits_of(suite) == 0; }

bool fits_strength(const SSL_CIPHER* suite, const Settings& settings) {
  if (is_null(suite)) return settings.null_cipher;
  if (settings.only_null_cipher) return false;
  const auto bits = static_cast<std::uint32_t>(bits_of(suite));
  return bits >= settings.least_strength && (settings.most_strength == 0 || bits <= settings.most_strength);
}

// ALG_IDs by class: a list without any of a class says nothing of that class.
bool fits_algorithms(const SSL_CIPHER* suite, const Settings& settings) {
  if (settings.algorithms.empty()) return true;
  const SuiteInfo info = describe(suite);
  const auto allows = [&](ALG_ID own, ALG_ID general, std::initializer_list<ALG_ID> of_class) {
    bool named = false;
    for (const ALG_ID id : settings.algorithms) {
      if (id == own || (general != 0 && id == general)) return true;
      named = named || std::ranges::find(of_class, id) != of_class.end();
    }
    return !named;
  };
  const bool cipher = allows(
      info.cipher, info.cipher == CALG_AES_128 || info.cipher == CALG_AES_256 ? CALG_AES : 0,
      {CALG_AES, CALG_AES_128, CALG_AES_192, CALG_AES_256, CALG_3DES, CALG_DES, CALG_RC4, CALG_RC2, CALG_NULLCIPHER});
  const bool hash =
      info.authenticated || allows(info.hash, 0, {CALG_MD5, CALG_SHA1, CALG_SHA_256, CALG_SHA_384, CALG_SHA_512});
  const bool exchange = is_tls13(suite) || allows(info.exchange, info.exchange == CALG_ECDH_EPHEM ? CALG_ECDH : 0,
                                                  {CALG_RSA_KEYX, CALG_DH_EPHEM, CALG_ECDH, CALG_ECDH_EPHEM});
  return cipher && hash && exchange;
}

std::string_view mode_of(const SSL_CIPHER* suite) {
  const std::string_view name = SSL_CIPHER_standard_name(suite);
  if (name.find("_GCM") != std::string_view::npos) return "GCM";
  if (name.find("_CCM") != std::string_view::npos) return "CCM";
  return name.find("_CBC") != std::string_view::npos ? "CBC" : "";
}

bool has_cipher(const SSL_CIPHER* suite, const Disabled& disabled) {
  const std::string_view name = SSL_CIPHER_standard_name(suite);
  const bool algorithm = disabled.algorithm == "AES"                 ? name.find("_AES_") != std::string_view::npos
                         : disabled.algorithm == "CHACHA20_POLY1305" ? name.find("CHACHA20") != std::string_view::npos
                                                                     : disabled.algorithm == "NULL" && is_null(suite);
  if (!algorithm) return false;
  if (!disabled.modes.empty() && std::ranges::find(disabled.modes, mode_of(suite)) == disabled.modes.end())
    return false;
  if (disabled.least_bits == 0 && disabled.most_bits == 0) return true;
  const auto bits = static_cast<std::uint32_t>(bits_of(suite));
  return bits >= disabled.least_bits && (disabled.most_bits == 0 || bits <= disabled.most_bits);
}

bool is_disabled(const SSL_CIPHER* suite, const Disabled& disabled) {
  const std::string_view name = SSL_CIPHER_standard_name(suite);
  switch (disabled.usage) {
    case TlsParametersCngAlgUsageCipher:
      return has_cipher(suite, disabled);
    case TlsParametersCngAlgUsageDigest:
      return disabled.algorithm == "SHA1" ? name.ends_with("_SHA") : name.ends_with("_" + disabled.algorithm);
    case TlsParametersCngAlgUsageKeyExchange: {
      const int exchange = SSL_CIPHER_get_kx_nid(suite);
      if (disabled.algorithm == "RSA") return exchange == NID_kx_rsa;
      // With lengths some of the groups are meant (strength.cpp).
      const bool lengths = disabled.least_bits != 0 || disabled.most_bits != 0;
      return !lengths && disabled.algorithm.starts_with("ECDH") && (exchange == NID_kx_ecdhe || exchange == NID_kx_any);
    }
    case TlsParametersCngAlgUsageSignature: {
      const bool lengths = disabled.least_bits != 0 || disabled.most_bits != 0;
      const int authentication = SSL_CIPHER_get_auth_nid(suite);
      return !lengths && ((disabled.algorithm == "RSA" && authentication == NID_auth_rsa) ||
                          (disabled.algorithm == "ECDSA" && authentication == NID_auth_ecdsa));
    }
    case TlsParametersCngAlgUsageCertSig:
      return false;  // of certificates, which are looked at when they come
  }
  return true;
}

struct Lists {
  std::string tls12, tls13;  // by OpenSSL's names, and by the IANA's
};

// Keeps those that the settings want, by name, in the order of the context's list.
Lists filter(SSL_CTX* context, const Settings& settings) {
  Lists lists;
  const STACK_OF(SSL_CIPHER)* suites = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(suites, i);
    if (!allows(settings, suite)) continue;
    std::string& list = is_tls13(suite) ? lists.tls13 : lists.tls12;
    list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(suite));
  }
  return lists;
}

// A list of exact suites, by either kind of name. SEC_E_INVALID_PARAMETER: one is not known. SEC_E_ALGORITHM_MISMATCH:
// one is not what the credential itself asks for.
Result<Lists> exact(SSL_CTX* context, const Settings& settings) {
  Lists lists;
  const std::string& names = settings.cipher_suites;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(':', at), names.size());
    const std::string name = names.substr(at, end - at);
    at = end + 1;
    const SSL_CIPHER* found = nullptr;
    const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(known) && found == nullptr; ++i) {
      const SSL_CIPHER* suite = sk_SSL_CIPHER_value(known, i);
      if (name == SSL_CIPHER_get_name(suite) || name == SSL_CIPHER_standard_name(suite)) found = suite;
    }
    if (found == nullptr) {
      return fail(Status::invalid_parameter, kCheck, "\"" + name + "\" is no cipher suite that OpenSSL has here");
    }
    if (!allows(settings, found)) {
      return fail(Status::algorithm_mismatch, kCheck,
                  "\"" + name + "\" is outside of the strengths and algorithms that the credential asks for");
    }
    std::string& list = is_tls13(found) ? lists.tls13 : lists.tls12;
    list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(found));
  }
  return lists;
}

void set_versions(SSL_CTX* context, const Protocols& protocols, bool server) {
  struct Version {
    bool enabled;
    int number;
    std::uint64_t off;
  };
  const Version versions[] = {{protocols.tls1_0, TLS1_VERSION, SSL_OP_NO_TLSv1},
                              {protocols.tls1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
                              {protocols.tls1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
                              {protocols.tls1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3}};
  int least = 0, most = 0;
  for (const Version& version : versions) {
    if (version.enabled) {
      // A ClientHello has a range (before TLS 1.3 just its end): of a set with gaps a client speaks what is above the
      // last, never what is below it.
      if (least == 0 || (!server && most != version.number - 1)) least = version.number;
      most = version.number;
    } else {
      SSL_CTX_set_options(context, version.off);
    }
  }
  SSL_CTX_set_min_proto_version(context, least);
  SSL_CTX_set_max_proto_version(context, most);
}

// What is not set would leave more than was asked for.
Result<void> set_suites(SSL_CTX* context, const std::string& tls12, const std::string& tls13) {
  const bool done = (tls12.empty() || SSL_CTX_set_cipher_list(context, tls12.c_str()) == 1) &&
                    SSL_CTX_set_ciphersuites(context, tls13.c_str()) == 1;
  if (done) return {};
  return fail(Status::internal_error, kCheck, "OpenSSL does not take the suites " + tls12 + " and " + tls13);
}

Result<Lists> choose(SSL_CTX* context, const Settings& settings) {
  if (!settings.cipher_suites.empty()) {
    auto all = set_suites(context, kEveryTls12, kEveryTls13);
    if (!all) return fail(all);
    SSL_CTX_set_dh_auto(context, 1);  // of a server's suites only these can be DHE
    return exact(context, settings);
  }
  std::string list = kTls12;
  if (settings.protocols.old()) list += kOld;
  if (settings.null_cipher) list += kNull;
  auto all = set_suites(context, list, kTls13);
  if (!all) return fail(all);
  return filter(context, settings);
}

// A protocol for which no suite is left must not be offered.
Result<void> drop_empty(Protocols& protocols, const Lists& lists) {
  if (lists.tls13.empty()) protocols.tls1_3 = false;
  if (lists.tls12.empty()) protocols.tls1_0 = protocols.tls1_1 = protocols.tls1_2 = false;
  if (protocols.any()) return {};
  return fail(Status::algorithm_mismatch, kCheck,
              "the protocols, strengths and algorithms asked for have no cipher suite in common");
}

}  // namespace

Result<void> set_algorithms(SSL_CTX* context, const Settings& settings) {
  set_security(context, settings);
  auto lists = choose(context, settings);
  if (!lists) return fail(lists);
  Protocols protocols = settings.protocols;
  auto left = drop_empty(protocols, *lists);
  if (!left) return left;
  auto set = set_suites(context, lists->tls12, lists->tls13);
  if (!set) return set;
  set_versions(context, protocols, settings.server);
  auto done = set_groups(context, settings);
  if (done) done = set_signatures(context, settings);
  ERR_clear_error();
  return done;
}

std::vector<const SSL_CIPHER*> possible_suites(SSL_CTX* context) {
  std::vector<const SSL_CIPHER*> possible;
  const SslPtr probe(SSL_new(context));
  STACK_OF(SSL_CIPHER)* suites = probe ? SSL_get1_supported_ciphers(probe.get()) : nullptr;
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) possible.push_back(sk_SSL_CIPHER_value(suites, i));
  sk_SSL_CIPHER_free(suites);
  ERR_clear_error();
  return possible;
}

bool allows(const Settings& settings, const SSL_CIPHER* suite) {
  return suite != nullptr && fits_strength(suite, settings) && fits_algorithms(suite, settings) &&
         std::ranges::none_of(settings.disabled,
                              [&](const Disabled& disabled) { return is_disabled(suite, disabled); });
}

SuiteInfo describe(const SSL_CIPHER* suite) {
  SuiteInfo info;
  const std::string_view name = SSL_CIPHER_standard_name(suite);
  info.cipher_bits = static_cast<std::uint32_t>(bits_of(suite));
  info.authenticated = SSL_CIPHER_is_aead(suite) == 1;
  if (is_null(suite)) {
    info.cipher = CALG_NULLCIPHER;
    info.cipher_name = u"NULL";
  } else if (name.find("_CHACHA20_") != std::string_view::npos) {
    info.cipher_name = u"CHACHA20_POLY1305";  // Windows has no number for it, nor for the next two
  } else if (name.find("_CAMELLIA_") != std::string_view::npos) {
    info.cipher_name = u"CAMELLIA";
    info.block_bytes = 16;
  } else if (name.find("_ARIA_") != std::string_view::npos) {
    info.cipher_name = u"ARIA";
    info.block_bytes = 16;
  } else {
    info.cipher = info.cipher_bits == 128 ? CALG_AES_128 : CALG_AES_256;
    info.cipher_name = u"AES";
    info.block_bytes = 16;
  }
  switch (SSL_CIPHER_get_digest_nid(suite)) {
    case NID_sha1:
      info.hash = CALG_SHA1, info.hash_bits = 160, info.hash_name = u"SHA1";
      break;
    case NID_sha256:
      info.hash = CALG_SHA_256, info.hash_bits = 256, info.hash_name = u"SHA256";
      break;
    case NID_sha384:
      info.hash = CALG_SHA_384, info.hash_bits = 384, info.hash_name = u"SHA384";
      break;
    default:
      break;
  }
  // The hash of an AEAD suite is that of its key derivation.
  if (info.authenticated) info.hash_bits = 0, info.hash_name = u"";
  const int exchange = SSL_CIPHER_get_kx_nid(suite);
  info.exchange = exchange == NID_kx_rsa ? CALG_RSA_KEYX : exchange == NID_kx_dhe ? CALG_DH_EPHEM : CALG_ECDH_EPHEM;
  return info;
}

}  // namespace opensspi::schannel
