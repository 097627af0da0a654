// What an established connection answers.
#include <openssl/err.h>

#include "base/text.hpp"
#include "cert/info.hpp"
#include "cert/names.hpp"
#include "opensspi/schannel.h"
#include "schannel/context.hpp"
#include "schannel/suites.hpp"

namespace opensspi::schannel {
namespace {

core::Certificate to_attribute(PCCERT_CONTEXT context) { return {{context, &cert::release_context}}; }

std::u16string wide(const char* text) {
  const std::string_view view = text == nullptr ? "" : text;
  return {view.begin(), view.end()};
}

std::u16string key_name(const X509* certificate) {
  const EVP_PKEY* key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
  switch (key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return u"RSA";
    case EVP_PKEY_EC:
      return u"ECDSA";
    case EVP_PKEY_ED25519:
      return u"Ed25519";
    default:
      return u"";
  }
}

std::uint32_t signature_id(std::u16string_view key) {
  return key == u"RSA" ? CALG_RSA_SIGN : key == u"ECDSA" ? CALG_ECDSA : 0;
}

std::uint32_t protocol_bit(int version, bool server) {
  std::uint32_t bit = 0;
  switch (version) {
    case TLS1_VERSION:
      bit = SP_PROT_TLS1_SERVER;
      break;
    case TLS1_1_VERSION:
      bit = SP_PROT_TLS1_1_SERVER;
      break;
    case TLS1_2_VERSION:
      bit = SP_PROT_TLS1_2_SERVER;
      break;
    case TLS1_3_VERSION:
      bit = SP_PROT_TLS1_3_SERVER;
      break;
    default:
      break;
  }
  return server ? bit : bit << 1;
}

// Bits of the group that the key exchange used.
std::uint32_t group_bits(int nid) {
  switch (nid) {
    case NID_X25519:
    case NID_X9_62_prime256v1:
      return 256;
    case NID_secp384r1:
      return 384;
    case NID_secp521r1:
      return 521;
    case NID_X448:
      return 448;
    default:
      return 0;
  }
}

// IANA's number of a group.
std::uint32_t group_number(int nid) {
  switch (nid) {
    case NID_X25519:
      return 0x1D;
    case NID_X9_62_prime256v1:
      return 0x17;
    case NID_secp384r1:
      return 0x18;
    case NID_secp521r1:
      return 0x19;
    case NID_X448:
      return 0x1E;
    default:
      return 0;
  }
}

}  // namespace

std::uint32_t SchannelContext::attributes() const {
  if (!established()) return 0;
  const bool null = SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl()), nullptr) == 0;
  if (server()) {
    std::uint32_t bits =
        ASC_RET_REPLAY_DETECT | ASC_RET_SEQUENCE_DETECT | ASC_RET_STREAM | (null ? 0 : ASC_RET_CONFIDENTIALITY);
    bits |= requested_ & (ASC_REQ_INTEGRITY | ASC_REQ_EXTENDED_ERROR);
    if (peer_is_authenticated()) bits |= ASC_RET_MUTUAL_AUTH;
    return bits;
  }
  std::uint32_t bits =
      ISC_RET_REPLAY_DETECT | ISC_RET_SEQUENCE_DETECT | ISC_RET_STREAM | (null ? 0 : ISC_RET_CONFIDENTIALITY);
  bits |= requested_ &
          (ISC_REQ_INTEGRITY | ISC_REQ_EXTENDED_ERROR | ISC_REQ_USE_SUPPLIED_CREDS | ISC_REQ_MANUAL_CRED_VALIDATION);
  if ((requested_ & ISC_REQ_MUTUAL_AUTH) != 0 && peer_is_authenticated()) bits |= ISC_RET_MUTUAL_AUTH;
  return bits;
}

Result<core::Attribute> SchannelContext::query(std::uint32_t id) const {
  switch (id) {
    case SECPKG_ATTR_PACKAGE_INFO:
      return core::AboutPackage{&credential_->package().info()};
    case SECPKG_ATTR_FLAGS:
      return core::Flags{attributes()};
    case SECPKG_ATTR_ISSUER_LIST_EX:
      if (server()) return core::unsupported("SECPKG_ATTR_ISSUER_LIST_EX of a server");
      return issuers();
    default:
      break;
  }
  if (!established()) {
    return fail(Status::no_context, "QueryContextAttributes", "the handshake is not over");
  }
  return query_established(id);
}

Result<core::Attribute> SchannelContext::query_established(std::uint32_t id) const {
  const SuiteInfo suite = describe(SSL_get_current_cipher(ssl()));
  switch (id) {
    case SECPKG_ATTR_SIZES:
      return core::Sizes{24576, 16, 0, 16};
    case SECPKG_ATTR_STREAM_SIZES:
      return stream_sizes();
    case SECPKG_ATTR_LIFESPAN:
      return core::Lifespan{{}, kNever};
    case SECPKG_ATTR_NAMES: {
      const X509* peer = SSL_get0_peer_certificate(ssl());
      if (peer == nullptr)
        return fail(Status::no_credentials, "SECPKG_ATTR_NAMES", "the peer has shown no certificate");
      return core::Names{cert::name_to_text(X509_get_subject_name(peer), CERT_X500_NAME_STR)};
    }
    case SECPKG_ATTR_AUTHORITY: {
      const X509* peer = SSL_get0_peer_certificate(ssl());
      if (peer == nullptr)
        return fail(Status::no_credentials, "SECPKG_ATTR_AUTHORITY", "the peer has shown no certificate");
      return core::Authority{cert::name_to_text(X509_get_issuer_name(peer), CERT_X500_NAME_STR)};
    }
    case SECPKG_ATTR_KEY_INFO: {
      const std::u16string key = key_name(server() ? SSL_get_certificate(ssl()) : SSL_get0_peer_certificate(ssl()));
      return core::KeyInfo{key, suite.cipher_name, suite.cipher_bits, signature_id(key), suite.cipher};
    }
    case SECPKG_ATTR_CONNECTION_INFO:
      return core::ConnectionInfo{connection()};
    case SECPKG_ATTR_CONNECTION_INFO_EX:
      return core::ConnectionInfoEx{connection()};
    case SECPKG_ATTR_CIPHER_INFO:
      return core::CipherInfo{connection()};
    case SECPKG_ATTR_SESSION_INFO: {
      core::SessionInfo info{SSL_session_reused(ssl()) == 1, {}};
      if (const SSL_SESSION* session = SSL_get_session(ssl())) {
        unsigned size = 0;
        const unsigned char* data = SSL_SESSION_get_id(session, &size);
        info.id.assign(data, data + std::min(size, 32U));
      }
      return info;
    }
    case SECPKG_ATTR_APPLICATION_PROTOCOL: {
      const unsigned char* data = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(ssl(), &data, &size);
      return core::ApplicationProtocol{ByteVector(data, data + size)};
    }
    case SECPKG_ATTR_REMOTE_CERT_CONTEXT:
      return remote_certificate();
    case SECPKG_ATTR_REMOTE_CERTIFICATES:
      return remote_certificates();
    case SECPKG_ATTR_LOCAL_CERT_CONTEXT:
      return local_certificate();
    case SECPKG_ATTR_UNIQUE_BINDINGS:
      return unique_bindings();
    case SECPKG_ATTR_ENDPOINT_BINDINGS:
      return endpoint_bindings();
    case SECPKG_ATTR_KEYING_MATERIAL:
      return keying_material();
    default:
      return fail(Status::unsupported_function, "ulAttribute", hex32(id) + " is not one that TLS has");
  }
}

core::Connection SchannelContext::connection() const {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl());
  const SuiteInfo suite = describe(cipher);
  const int group = static_cast<int>(SSL_get_negotiated_group(const_cast<SSL*>(ssl())));
  core::Connection out;
  out.protocol = protocol_bit(SSL_version(ssl()), server());
  out.wire_version = static_cast<std::uint32_t>(SSL_version(ssl()));
  out.suite = SSL_CIPHER_get_protocol_id(cipher);
  out.suite_name = wide(SSL_CIPHER_standard_name(cipher));
  out.cipher_id = suite.cipher;
  out.cipher_bits = suite.cipher_bits;
  out.cipher_block_bytes = suite.block_bytes;
  out.cipher_name = suite.cipher_name;
  out.hash_id = suite.hash;
  out.hash_bits = suite.hash_bits;
  out.hash_name = suite.hash_name;
  out.exchange_id = suite.exchange;
  out.exchange_name = suite.exchange == CALG_RSA_KEYX ? u"RSA" : suite.exchange == CALG_DH_EPHEM ? u"DH" : u"ECDH";
  out.certificate_name = key_name(server() ? SSL_get_certificate(ssl()) : SSL_get0_peer_certificate(ssl()));
  if (suite.exchange == CALG_RSA_KEYX) {
    const X509* certificate = server() ? SSL_get_certificate(ssl()) : SSL_get0_peer_certificate(ssl());
    if (certificate != nullptr)
      out.exchange_bits = static_cast<std::uint32_t>(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
  } else if (suite.exchange == CALG_ECDH_EPHEM) {
    out.group = group_number(group);
    out.exchange_bits = group_bits(group);
  }
  return out;
}

Result<core::Attribute> SchannelContext::remote_certificate() const {
  X509* peer = SSL_get0_peer_certificate(ssl());
  if (peer == nullptr)
    return fail(Status::no_credentials, "SECPKG_ATTR_REMOTE_CERT_CONTEXT", "the peer has shown no certificate");
  std::vector<cert::ElementPtr> others;
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* other = sk_X509_value(chain, i);
    if (X509_cmp(other, peer) != 0) others.push_back(std::make_shared<cert::Element>(cert::share(other)));
  }
  return to_attribute(cert::make_context(std::make_shared<cert::Element>(cert::share(peer)), std::move(others)));
}

Result<core::Attribute> SchannelContext::remote_certificates() const {
  const X509* peer = SSL_get0_peer_certificate(ssl());
  if (peer == nullptr)
    return fail(Status::no_credentials, "SECPKG_ATTR_REMOTE_CERTIFICATES", "the peer has shown no certificate");
  core::Certificates all;
  all.der.push_back(cert::der_of<X509, i2d_X509>(peer));
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (X509_cmp(sk_X509_value(chain, i), peer) != 0)
      all.der.push_back(cert::der_of<X509, i2d_X509>(sk_X509_value(chain, i)));
  }
  return all;
}

Result<core::Attribute> SchannelContext::local_certificate() const {
  X509* own = SSL_get_certificate(ssl());
  if (own == nullptr)
    return fail(Status::no_credentials, "SECPKG_ATTR_LOCAL_CERT_CONTEXT", "this side has shown no certificate");
  // The credential's own one, with its properties and key.
  for (const OwnCertificate& certificate : credential_->own()) {
    if (X509_cmp(certificate.element->x509(), own) == 0)
      return to_attribute(cert::make_context(certificate.element->copy()));
  }
  return to_attribute(cert::make_context(std::make_shared<cert::Element>(cert::share(own))));
}

core::IssuerList SchannelContext::issuers() const {
  core::IssuerList list;
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl());
  for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
    list.names.push_back(cert::der_of<X509_NAME, i2d_X509_NAME>(sk_X509_NAME_value(names, i)));
  }
  return list;
}

}  // namespace opensspi::schannel
