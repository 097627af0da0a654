#include "schannel/settings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "cert/decode.hpp"
#include "cert/local_crls.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "TLS credential";
constexpr std::uint32_t kAll = 0xFFFFFFFF;
constexpr std::uint32_t kOldVersion = 3;  // SCH_CRED_V3: laid out as SCHANNEL_CRED

std::unexpected<Error> unknown(std::string why) { return fail(Status::unknown_credentials, kCheck, std::move(why)); }

// The fields that both structures have.
struct Common {
  std::uint32_t count, format, mappers, lifespan, flags;
  PCCERT_CONTEXT* certificates;
  HCERTSTORE root_store;
};

constexpr std::uint32_t kUnsupportedFlags = SCH_USE_DTLS_ONLY | SCH_USE_PRESHAREDKEY_ONLY;

void take_certificate(Settings& settings, PCCERT_CONTEXT certificate) {
  settings.certificates.push_back(cert::element_of(certificate)->copy());
  if (cert::Store* store = cert::context_of(certificate).store.get()) {
    for (cert::ElementPtr& element : store->certificates()) settings.intermediates.push_back(std::move(element));
  }
}

Result<void> take_certificates(Settings& settings, const Common& common) {
  if (common.count > SCH_CRED_MAX_SUPPORTED_CERTS) {
    return unknown("cCreds is " + std::to_string(common.count) + ", at most " +
                   std::to_string(SCH_CRED_MAX_SUPPORTED_CERTS) + " are taken");
  }
  for (std::uint32_t i = 0; i < common.count; ++i) {
    if (common.certificates == nullptr || common.certificates[i] == nullptr)
      return unknown("a certificate in paCred is NULL");
    take_certificate(settings, common.certificates[i]);
    if (!settings.certificates.back()->key()) {
      return unknown("certificate " + std::to_string(i + 1) + " of " + std::to_string(common.count) +
                     " has no private key");
    }
  }
  return {};
}

Result<void> take_common(Settings& settings, const Common& common) {
  if (common.format != SCH_CRED_FORMAT_CERT_CONTEXT) {
    return unknown("dwCredFormat is " + std::to_string(common.format) +
                   ", only certificate contexts (0) are understood");
  }
  if (common.mappers != 0) return unknown("cMappers is " + std::to_string(common.mappers) + ", it must be 0");
  settings.flags = common.flags;
  if ((common.flags & kUnsupportedFlags) != 0) {
    return fail(
        Status::unsupported_function, kCheck,
        "dwFlags has " + hex32(common.flags & kUnsupportedFlags) + ": DTLS and pre-shared keys are not supported");
  }
  if ((common.flags & SCH_CRED_MANUAL_CRED_VALIDATION) != 0 && (common.flags & SCH_CRED_AUTO_CRED_VALIDATION) != 0) {
    return unknown("dwFlags asks for manual and for automatic validation");
  }
  if (common.lifespan != 0) settings.lifespan = std::chrono::milliseconds(common.lifespan);
  if (common.root_store != nullptr) {
    settings.has_root_store = true;
    settings.roots = cert::store_of(common.root_store)->certificates();
    settings.crls = cert::store_of(common.root_store)->crls();
  }
  return take_certificates(settings, common);
}

// Bits of one side say what that side may speak; bits of the other side only say nothing here.
Result<void> take_protocols(Settings& settings, std::uint32_t bits) {
  if (bits == 0) return {};
  const bool server = settings.server;
  const auto has = [&](std::uint32_t server_bit, std::uint32_t client_bit) {
    return (bits & (server ? server_bit : client_bit)) != 0;
  };
  Protocols& p = settings.protocols;
  p = {has(SP_PROT_TLS1_SERVER, SP_PROT_TLS1_CLIENT), has(SP_PROT_TLS1_1_SERVER, SP_PROT_TLS1_1_CLIENT),
       has(SP_PROT_TLS1_2_SERVER, SP_PROT_TLS1_2_CLIENT), has(SP_PROT_TLS1_3_SERVER, SP_PROT_TLS1_3_CLIENT)};
  if (bits == SP_PROT_ALL) p = {};
  if (p.any()) return {};
  const bool ancient = has(SP_PROT_SSL2_SERVER | SP_PROT_SSL3_SERVER, SP_PROT_SSL2_CLIENT | SP_PROT_SSL3_CLIENT);
  if (ancient) {
    return fail(Status::unsupported_function, kCheck,
                "SSL 2 and SSL 3 are not supported: OpenSSL no longer has them; TLS 1.0 to 1.3 can be asked for");
  }
  return fail(
      Status::algorithm_mismatch, kCheck,
      "grbitEnabledProtocols is " + hex32(bits) + ": it leaves no protocol for this side; TLS 1.0 to 1.3 are known");
}

// All ones for one of the two: that end is encryption with no key at all.
Result<void> take_strengths(Settings& settings, std::uint32_t least, std::uint32_t most) {
  settings.null_cipher = least == kAll || most == kAll;
  settings.only_null_cipher = most == kAll;
  settings.least_strength = least == kAll ? 0 : least;
  settings.most_strength = most == kAll ? 0 : most;
  if (!settings.null_cipher && most != 0 && least > most) {
    return fail(
        Status::algorithm_mismatch, kCheck,
        "the least cipher strength, " + std::to_string(least) + " bits, is above the largest, " + std::to_string(most));
  }
  return {};
}

Result<void> read_old(Settings& settings, const SCHANNEL_CRED& given) {
  auto done = take_protocols(settings, given.grbitEnabledProtocols);
  if (done) done = take_strengths(settings, given.dwMinimumCipherStrength, given.dwMaximumCipherStrength);
  if (done && given.cSupportedAlgs > SCH_CRED_MAX_SUPPORTED_ALGS) {
    done = unknown("cSupportedAlgs is " + std::to_string(given.cSupportedAlgs) + ", at most 256 are taken");
  }
  if (!done) return done;
  if (given.cSupportedAlgs != 0 && given.palgSupportedAlgs != nullptr) {
    settings.algorithms.assign(given.palgSupportedAlgs, given.palgSupportedAlgs + given.cSupportedAlgs);
  }
  return take_common(settings, {given.cCreds, given.dwCredFormat, given.cMappers, given.dwSessionLifespan,
                                given.dwFlags, given.paCred, given.hRootStore});
}

// ---- SCH_CREDENTIALS ----

std::string text_of(const UNICODE_STRING& text) {
  if (text.Buffer == nullptr) return {};
  return to_utf8(upcase({reinterpret_cast<const char16_t*>(text.Buffer), text.Length / 2U}));
}

Result<Disabled> read_disabled(const CRYPTO_SETTINGS& given) {
  Disabled disabled{given.eAlgorithmUsage, text_of(given.strCngAlgId), {}, given.dwMinBitLength, given.dwMaxBitLength};
  static constexpr std::string_view kPrefix = "CHAININGMODE";
  for (DWORD i = 0; i < given.cChainingModes; ++i) {
    const std::string mode = text_of(given.rgstrChainingModes[i]);
    if (!mode.starts_with(kPrefix))
      return unknown("a disabled chaining mode is \"" + mode + "\", which is not understood");
    disabled.modes.push_back(mode.substr(kPrefix.size()));
  }
  static constexpr std::string_view kKnown[] = {"AES",    "CHACHA20_POLY1305",
                                                "NULL",   "3DES",
                                                "RC4",    "DES",
                                                "SHA1",   "SHA256",
                                                "SHA384", "SHA512",
                                                "MD5",    "ECDH",
                                                "ECDHE",  "DH",
                                                "RSA",    "ECDSA",
                                                "DSA"};
  if (given.eAlgorithmUsage > TlsParametersCngAlgUsageCertSig) {
    return unknown("eAlgorithmUsage of a disabled algorithm is " + std::to_string(given.eAlgorithmUsage) +
                   ", it may be 0 to 4");
  }
  if (std::ranges::find(kKnown, disabled.algorithm) == std::end(kKnown)) {
    return unknown("a disabled algorithm is \"" + disabled.algorithm + "\", which is not understood");
  }
  return disabled;
}

Result<void> take_parameters(Settings& settings, const TLS_PARAMETERS& given) {
  if (given.cAlpnIds != 0) {
    return fail(Status::unsupported_function, kCheck,
                "cAlpnIds is " + std::to_string(given.cAlpnIds) +
                    ": settings for some application protocols only are not supported");
  }
  const bool server = settings.server;
  Protocols& p = settings.protocols;
  // What is not disabled is the default: the old protocols are never on by that.
  const auto disabled = [&](std::uint32_t server_bit, std::uint32_t client_bit) {
    return (given.grbitDisabledProtocols & (server ? server_bit : client_bit)) != 0;
  };
  if (disabled(SP_PROT_TLS1_2_SERVER, SP_PROT_TLS1_2_CLIENT)) p.tls1_2 = false;
  if (disabled(SP_PROT_TLS1_3_SERVER, SP_PROT_TLS1_3_CLIENT)) p.tls1_3 = false;
  if (given.cDisabledCrypto > SCH_CRED_MAX_SUPPORTED_CRYPTO_SETTINGS ||
      (given.cDisabledCrypto != 0 && given.pDisabledCrypto == nullptr)) {
    return unknown("cDisabledCrypto is " + std::to_string(given.cDisabledCrypto) + ", at most 16 are taken");
  }
  for (DWORD i = 0; i < given.cDisabledCrypto; ++i) {
    auto read = read_disabled(given.pDisabledCrypto[i]);
    if (!read) return fail(read);
    settings.disabled.push_back(std::move(*read));
  }
  return {};
}

Result<void> read_new(Settings& settings, const SCH_CREDENTIALS& given) {
  if (given.cTlsParameters > SCH_CRED_MAX_SUPPORTED_PARAMETERS ||
      (given.cTlsParameters != 0 && given.pTlsParameters == nullptr)) {
    return unknown("cTlsParameters is " + std::to_string(given.cTlsParameters) + ", at most 16 are taken");
  }
  for (DWORD i = 0; i < given.cTlsParameters; ++i) {
    auto taken = take_parameters(settings, given.pTlsParameters[i]);
    if (!taken) return taken;
  }
  settings.null_cipher = (given.dwFlags & SCH_ALLOW_NULL_ENCRYPTION) != 0;
  return take_common(settings, {given.cCreds, given.dwCredFormat, given.cMappers, given.dwSessionLifespan,
                                given.dwFlags, given.paCred, given.hRootStore});
}

Result<void> read_structure(Settings& settings, const void* data) {
  std::uint32_t version = 0;
  std::memcpy(&version, data, sizeof version);
  if (version == SCHANNEL_CRED_VERSION || version == kOldVersion) {
    return read_old(settings, *static_cast<const SCHANNEL_CRED*>(data));
  }
  if (version == SCH_CREDENTIALS_VERSION) return read_new(settings, *static_cast<const SCH_CREDENTIALS*>(data));
  return unknown("dwVersion is " + std::to_string(version) +
                 "; SCHANNEL_CRED (4) and SCH_CREDENTIALS (5) are understood");
}

Result<ByteVector> read_file(std::u16string_view path) {
  const std::string name = to_utf8(path);
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(Status::invalid_parameter, "OPENSSPI_TLS_POLICY", name + " cannot be read");
  return ByteVector{std::istreambuf_iterator<char>(file), {}};
}

// A file, or a directory with files under hashed names.
Result<std::vector<cert::CrlPtr>> read_crls(std::u16string_view path) {
  std::vector<cert::CrlPtr> crls;
  std::string why = " has no revocation list";
  if (std::error_code error; std::filesystem::is_directory(to_utf8(path), error)) {
    crls = cert::hashed_crls(to_utf8(path));
    why += " under a name as `openssl rehash` gives, 0123abcd.r0";
  } else {
    auto bytes = read_file(path);
    if (!bytes) return fail(bytes);
    auto content = cert::decode_any(*bytes);
    if (content) crls = std::move(content->crls);
    if (!content) why = ": " + content.error().detail;
  }
  if (crls.empty()) return fail(Status::invalid_parameter, "OPENSSPI_TLS_POLICY", to_utf8(path) + why);
  return crls;
}

}  // namespace

Result<Settings> read_settings(const void* data, bool server) {
  Settings settings;
  settings.server = server;
  if (data != nullptr) {
    auto read = read_structure(settings, data);
    if (!read) return fail(read);
  }
  if (server && settings.certificates.empty()) {
    return fail(Status::no_credentials, kCheck, "a server needs a certificate with its private key, and none is given");
  }
  if (!settings.protocols.any()) return fail(Status::algorithm_mismatch, kCheck, "every protocol is disabled");
  return settings;
}

Result<void> apply_policy(Settings& settings, const PolicyTexts& policy) {
  settings.cipher_suites = to_utf8(policy.cipher_suites);
  settings.groups = to_utf8(policy.groups);
  if (!policy.crl_file.empty()) {
    auto crls = read_crls(policy.crl_file);
    if (!crls) return fail(crls);
    for (cert::CrlPtr& crl : *crls) settings.crls.push_back(std::move(crl));
  }
  if (!policy.ocsp_file.empty()) {
    auto bytes = read_file(policy.ocsp_file);
    if (!bytes) return fail(bytes);
    settings.ocsp_response = std::move(*bytes);
  }
  return {};
}

}  // namespace opensspi::schannel
