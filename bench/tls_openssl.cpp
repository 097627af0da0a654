// OpenSSL itself with memory BIOs: one SSL_CTX for each side, made once; the client verifies the server's name.
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "tls_peer.hpp"

namespace {

using namespace bench;

struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  Identity() {
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -300);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 365L * 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(kTlsName), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    for (const auto& [id, text] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                   {NID_key_usage, "critical,digitalSignature,keyCertSign"},
                                   {NID_subject_alt_name, "DNS:bench.example"}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, text);
      expect(X509_add_ext(certificate, extension, -1) == 1, "X509_add_ext");
      X509_EXTENSION_free(extension);
    }
    expect(X509_sign(certificate, key, EVP_sha256()) != 0, "X509_sign");
  }
};

SSL_CTX* make_context(bool server, const Identity& identity) {
  SSL_CTX* context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  expect(SSL_CTX_set_ciphersuites(context, kTlsSuite) == 1, "SSL_CTX_set_ciphersuites");
  expect(SSL_CTX_set1_groups_list(context, kTlsGroup) == 1, "SSL_CTX_set1_groups_list");
  if (server) {
    SSL_CTX_use_certificate(context, identity.certificate);
    expect(SSL_CTX_use_PrivateKey(context, identity.key) == 1, "SSL_CTX_use_PrivateKey");
  } else {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), identity.certificate);
  }
  return context;
}

class Pair {
 public:
  Pair(SSL_CTX* client, SSL_CTX* server, SSL_SESSION* session = nullptr)
      : client_(SSL_new(client)), server_(SSL_new(server)) {
    // One BIO for each direction.
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client_, to_client, to_server);
    SSL_set_bio(server_, to_server, to_client);
    SSL_set_connect_state(client_);
    SSL_set_accept_state(server_);
    // What SSL_set_tlsext_host_name does, whose cast is an old one.
    SSL_ctrl(client_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(kTlsName));
    SSL_set1_host(client_, kTlsName);
    if (session != nullptr) SSL_set_session(client_, session);
    while (SSL_do_handshake(client_) != 1 || SSL_do_handshake(server_) != 1) SSL_do_handshake(server_);
    char byte = 0;
    SSL_read(client_, &byte, 1);  // the tickets
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    SSL_set_shutdown(client_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(server_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client_);
    SSL_free(server_);
  }
  SSL* client() { return client_; }

  // Bytes in, records out, as a program with a network of its own has it.
  std::size_t encrypt(std::span<const std::uint8_t> plain, Buffer& out) {
    expect(SSL_write(client_, plain.data(), static_cast<int>(plain.size())) == static_cast<int>(plain.size()),
           "SSL_write");
    const int count = BIO_read(SSL_get_wbio(client_), out.data(), static_cast<int>(out.size()));
    expect(count > 0, "BIO_read");
    return static_cast<std::size_t>(count);
  }
  void decrypt(std::span<const std::uint8_t> records, std::size_t plain_size, Buffer& out) {
    expect(BIO_write(SSL_get_rbio(server_), records.data(), static_cast<int>(records.size())) ==
               static_cast<int>(records.size()),
           "BIO_write");
    std::size_t total = 0;
    while (total < plain_size) {
      const int count = SSL_read(server_, out.data() + total, static_cast<int>(out.size() - total));
      expect(count > 0, "SSL_read");
      total += static_cast<std::size_t>(count);
    }
  }

 private:
  SSL *client_, *server_;
};

// Sessions come with the first read after the handshake.
SSL_SESSION* latest_session = nullptr;

int keep_session(SSL*, SSL_SESSION* session) {
  SSL_SESSION_free(std::exchange(latest_session, session));
  return 1;
}

}  // namespace

int main() {
  const Identity identity;
  SSL_CTX* server = make_context(true, identity);
  SSL_CTX* client = make_context(false, identity);
  SSL_CTX* remembering = make_context(false, identity);
  SSL_CTX_set_session_cache_mode(remembering, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(remembering, keep_session);

  Verbs verbs;
  verbs["handshake"] = [&](std::size_t, double ms) { return rate(ms, [&] { Pair pair(client, server); }); };
  verbs["resumed"] = [&](std::size_t, double ms) {
    if (latest_session == nullptr) Pair first(remembering, server);
    return rate(ms, [&] {
      SSL_SESSION* session = std::exchange(latest_session, nullptr);
      Pair pair(remembering, server, session);
      expect(SSL_session_reused(pair.client()) == 1, "resumption");
      SSL_SESSION_free(session);
    });
  };
  Pair pair(client, server);
  verbs["encrypt"] = [&](std::size_t size, double ms) {
    const Buffer plain = message_of(size);
    Buffer out(records_room(size));
    Pair fresh(client, server);
    return mb_rate(size, ms, [&] { fresh.encrypt(plain, out); });
  };
  verbs["decrypt"] = [&](std::size_t size, double ms) {
    const Buffer plain = message_of(size);
    std::vector<Buffer> records(places_for(size));
    Buffer out(records_room(size));
    return opening_rate(
        size, ms, records.size(),
        [&](std::size_t i) {
          records[i].resize(records_room(size));
          records[i].resize(pair.encrypt(plain, records[i]));
        },
        [&](std::size_t i) { pair.decrypt(records[i], size, out); });
  };
  verbs["memory"] = [&](std::size_t pairs, double) {
    return bytes_per_pair(pairs, [&] { return std::make_unique<Pair>(client, server); });
  };
  return serve(verbs);
}
