#include "schannel/credential.hpp"

#include <openssl/err.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/trace.hpp"
#include "cert/info.hpp"
#include "cert/local_crls.hpp"
#include "cert/names.hpp"
#include "cert/open_store.hpp"
#include "cert/system_roots.hpp"
#include "opensspi/extra.h"
#include "schannel/acceptor.hpp"
#include "schannel/callbacks.hpp"
#include "schannel/initiator.hpp"
#include "schannel/strength.hpp"
#include "schannel/suites.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "TLS credential";

ByteVector digest(const std::vector<Bytes>& parts) {
  std::unique_ptr<EVP_MD_CTX, cert::Freer<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  ByteVector out(32);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const Bytes part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
  EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
  return out;
}

ByteVector fingerprint_of(const Settings& settings) {
  std::vector<Bytes> parts;
  parts.reserve(settings.roots.size() + 1);
  for (const auto& root : settings.roots) parts.push_back(root->der());
  const std::uint32_t flags[] = {settings.flags, settings.has_root_store ? 1U : 0U};
  parts.emplace_back(reinterpret_cast<const std::uint8_t*>(flags), sizeof flags);
  return digest(parts);
}

// A trust store of the settings' own, beside or instead of the system's.
cert::X509StorePtr own_trust(const Settings& settings, bool with_system) {
  cert::X509StorePtr store(X509_STORE_new());
  if (with_system) {
    if (const auto system = cert::system_roots()) {
      for (const auto& root : (*system)->certificates) X509_STORE_add_cert(store.get(), root->x509());
    }
  }
  for (const auto& root : settings.roots) X509_STORE_add_cert(store.get(), root->x509());
  for (const auto& crl : settings.crls) X509_STORE_add_crl(store.get(), crl.get());
  if (settings.checks_revocation()) {
    for (const auto& crl : cert::local_crls()) X509_STORE_add_crl(store.get(), crl.get());
  }
  ERR_clear_error();
  return store;
}

std::u16string_view text_of(const SEC_WCHAR* text) {
  return text == nullptr ? std::u16string_view{} : std::u16string_view(reinterpret_cast<const char16_t*>(text));
}

}  // namespace

SchannelCredential::SchannelCredential(const core::Package& package, Settings settings)
    : package_(package), settings_(std::move(settings)), sessions_(settings_.lifespan) {}

Result<void> SchannelCredential::set_trust(SSL_CTX* context) {
  if (settings_.server) {
    // The system's CAs vouch for servers, never for clients: only the root store does.
    const cert::X509StorePtr store = own_trust(settings_, false);
    SSL_CTX_set1_cert_store(context, store.get());
    for (const auto& root : settings_.roots) SSL_CTX_add_client_CA(context, root->x509());
    return {};
  }
  const bool only_own = settings_.has_root_store && (settings_.flags & SCH_CRED_RESTRICTED_ROOTS) != 0;
  if (!settings_.has_root_store && settings_.crls.empty() && !settings_.checks_revocation()) {
    const auto system = cert::system_roots();
    if (system) SSL_CTX_set1_cert_store(context, (*system)->store.get());
    return {};  // without roots nothing is trusted: a handshake says so
  }
  const cert::X509StorePtr store = own_trust(settings_, !only_own);
  SSL_CTX_set1_cert_store(context, store.get());
  return {};
}

Result<void> SchannelCredential::read_personal_store() {
  if (settings_.server || !own_.empty() || (settings_.flags & SCH_CRED_USE_DEFAULT_CREDS) == 0) return {};
  auto store = cert::open_system_store(u"MY");
  if (!store) {
    // None is found in a store that cannot be read (an account without a home): few servers ask for one.
    trace::line("Schannel", "no certificate is looked for in the personal store: " + store.error().detail);
    return {};
  }
  Settings personal;
  personal.intermediates = (*store)->certificates();
  for (const auto& element : personal.intermediates) {
    if (element->key()) personal.certificates.push_back(element);
  }
  auto intermediates = cert::open_system_store(u"CA");
  if (intermediates) {
    for (auto& element : (*intermediates)->certificates()) personal.intermediates.push_back(std::move(element));
  }
  personal_ = own_certificates(personal);
  return {};
}

void SchannelCredential::set_sessions(SSL_CTX* context) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(settings_.lifespan).count());
  SSL_CTX_set_timeout(context, static_cast<long>(seconds));
  if (!settings_.resumes()) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  if (settings_.server) {
    // Tickets carry the sessions; what does without them is kept here, within bounds.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context, 4096);
  } else {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
  }
}

Result<void> SchannelCredential::prepare() {
  const std::scoped_lock lock(mutex_);
  if (context_) return {};
  SslContextPtr context(SSL_CTX_new(settings_.server ? TLS_server_method() : TLS_client_method()));
  if (!context) return fail(Status::insufficient_memory, kCheck, cert::take_reason());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_early_data(context.get(), 0);
  SSL_CTX_set_read_ahead(context.get(), 1);  // one read for each record; it is never given more than one
  auto done = set_algorithms(context.get(), settings_);
  if (!done) return done;
  own_ = own_certificates(settings_);
  for (const OwnCertificate& own : own_) {
    if (!may_sign_handshakes(settings_, own.element->key()->key.get())) {
      return fail(Status::algorithm_mismatch, kCheck, "pDisabledCrypto disables the key of its own certificate");
    }
  }
  done = use_certificates(context.get(), own_);
  if (done) done = set_trust(context.get());
  if (done) done = read_personal_store();
  if (!done) return done;
  set_sessions(context.get());
  set_callbacks(context.get(), *this);
  fingerprint_ = fingerprint_of(settings_);
  ERR_clear_error();
  context_ = std::move(context);
  return {};
}

Result<std::unique_ptr<core::Context>> SchannelCredential::start(core::Role role) {
  const bool server = role == core::Role::acceptor;
  if (server != settings_.server) {
    return fail(Status::no_credentials, "phCredential",
                settings_.server ? "it was acquired for servers (SECPKG_CRED_INBOUND)"
                                 : "it was acquired for clients (SECPKG_CRED_OUTBOUND)");
  }
  auto ready = prepare();
  if (!ready) return fail(ready);
  {
    const std::scoped_lock lock(mutex_);
    in_use_ = true;
  }
  auto self = std::static_pointer_cast<SchannelCredential>(shared_from_this());
  if (server) return std::make_unique<Acceptor>(std::move(self));
  return std::make_unique<Initiator>(std::move(self));
}

Result<std::u16string> SchannelCredential::name() const {
  if (settings_.certificates.empty()) {
    return fail(Status::no_credentials, kCheck, "it has no certificate, and so no name");
  }
  return cert::name_to_text(X509_get_subject_name(settings_.certificates.front()->x509()), CERT_X500_NAME_STR);
}

FileTime SchannelCredential::expiry() const {
  if (settings_.certificates.empty()) return kNever;
  return cert::to_filetime(X509_get0_notAfter(settings_.certificates.front()->x509()));
}

Result<core::Attribute> SchannelCredential::query(std::uint32_t id) const {
  const Protocols& p = settings_.protocols;
  const auto side = [&](std::uint32_t server_bit) { return settings_.server ? server_bit : server_bit << 1; };
  switch (id) {
    case SECPKG_ATTR_SUPPORTED_PROTOCOLS:
      return core::SupportedProtocols{
          (p.tls1_0 ? side(SP_PROT_TLS1_SERVER) : 0) | (p.tls1_1 ? side(SP_PROT_TLS1_1_SERVER) : 0) |
          (p.tls1_2 ? side(SP_PROT_TLS1_2_SERVER) : 0) | (p.tls1_3 ? side(SP_PROT_TLS1_3_SERVER) : 0)};
    case SECPKG_ATTR_CIPHER_STRENGTHS: {
      core::CipherStrengths strengths{0xFFFFFFFF, 0};
      for (const SSL_CIPHER* suite : possible_suites(context_.get())) {
        const std::uint32_t bits = describe(suite).cipher_bits;
        strengths = {std::min(strengths.least, bits), std::max(strengths.most, bits)};
      }
      return strengths;
    }
    case SECPKG_ATTR_SUPPORTED_ALGS: {
      core::SupportedAlgorithms algorithms;
      for (const SSL_CIPHER* suite : possible_suites(context_.get())) {
        const SuiteInfo info = describe(suite);
        for (const std::uint32_t found : {info.cipher, info.hash, info.exchange}) {
          if (found != 0 && std::ranges::find(algorithms.ids, found) == algorithms.ids.end())
            algorithms.ids.push_back(found);
        }
      }
      return algorithms;
    }
    default:
      return fail(Status::unsupported_function, "ulAttribute",
                  hex32(id) +
                      " is not known of a TLS credential; NAMES (1), SUPPORTED_ALGS (0x56), CIPHER_STRENGTHS (0x57) "
                      "and SUPPORTED_PROTOCOLS (0x58) are");
  }
}

Result<void> SchannelCredential::set(std::uint32_t id, Bytes value) {
  if (id != OPENSSPI_CRED_ATTR_TLS_POLICY) return core::unsupported("SetCredentialsAttributes");
  {
    const std::scoped_lock lock(mutex_);
    if (in_use_) return fail(Status::out_of_sequence, kCheck, "a context was made from it already");
  }
  OPENSSPI_TLS_POLICY policy;
  std::memcpy(&policy, value.data(), sizeof policy);
  if (policy.Flags != 0) return fail(Status::invalid_parameter, "OPENSSPI_TLS_POLICY", "Flags must be 0");
  auto applied = apply_policy(settings_, {text_of(policy.CipherSuites), text_of(policy.Groups), text_of(policy.CrlFile),
                                          text_of(policy.OcspFile)});
  if (!applied) return applied;
  {
    const std::scoped_lock lock(mutex_);
    context_.reset();
  }
  return prepare();
}

}  // namespace opensspi::schannel
