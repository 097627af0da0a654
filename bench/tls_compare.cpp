// TLS through our C interface beside OpenSSL itself and its bare AES-128-GCM, in one process and by turns, so that only
// the ratios count. Prints "NAME VALUE" lines; bench/run_tls holds them against the targets.
//   rates are per second of CPU time; MB are 10^6 bytes of plain text; memory is bytes for each live pair.
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/schannel.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Calls per second of each of the subjects: the best of several short turns, taken one after the other.
std::vector<double> rates(const std::vector<std::function<void()>>& subjects, double seconds) {
  std::vector<double> best(subjects.size());
  for (int turn = 0; turn < 5; ++turn) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const double start = cpu_seconds();
      double now = start;
      std::uint64_t count = 0;
      for (std::uint64_t batch = 1; now - start < seconds; batch = std::min<std::uint64_t>(batch * 2, 4096)) {
        for (std::uint64_t k = 0; k < batch; ++k) subjects[i]();
        count += batch;
        now = cpu_seconds();
      }
      best[i] = std::max(best[i], static_cast<double>(count) / (now - start));
    }
  }
  return best;
}

// ---- Ours. ----

PCCERT_CONTEXT make_certificate() {
  BYTE name[256];
  DWORD size = sizeof name;
  expect(CertStrToNameW(1, u"CN=bench.example", CERT_X500_NAME_STR, nullptr, name, &size, nullptr) != 0, "name");
  const SEC_WCHAR* names[] = {u"DNS:bench.example"};
  OPENSSPI_CERT_REQUEST request{};
  request.cbSize = sizeof request;
  request.Subject = {size, name};
  request.cAltNames = 1;
  request.AltNames = names;
  request.CertificateAuthority = 1;
  request.KeyUsage = CERT_DIGITAL_SIGNATURE_KEY_USAGE | CERT_KEY_CERT_SIGN_KEY_USAGE;
  PCCERT_CONTEXT made = nullptr;
  expect(OpenSspiCertCreate(&request, &made) == SEC_E_OK, "OpenSspiCertCreate");
  return made;
}

CredHandle acquire(bool server, PCCERT_CONTEXT certificate, HCERTSTORE roots, DWORD flags) {
  SCHANNEL_CRED data{};
  data.dwVersion = SCHANNEL_CRED_VERSION;
  data.cCreds = server ? 1 : 0;
  data.paCred = &certificate;
  data.hRootStore = server ? nullptr : roots;
  data.dwFlags = flags;
  data.grbitEnabledProtocols = SP_PROT_TLS1_3;
  CredHandle handle;
  char16_t package[] = u"Schannel";
  expect(AcquireCredentialsHandleW(nullptr, package, server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, nullptr,
                                   &data, nullptr, nullptr, &handle, nullptr) == SEC_E_OK,
         "AcquireCredentialsHandleW");
  return handle;
}

class OurPair {
 public:
  OurPair(CredHandle* client, CredHandle* server) {
    Bytes token;
    step(false, client, token);
    step(true, server, token);
    step(false, client, token);
    step(true, server, token);
    // The tickets.
    Bytes plain(token.size());
    std::size_t used = token.size(), got = plain.size();
    expect(OpenSspiDecryptStream(&client_, token.data(), &used, plain.data(), &got) == SEC_E_OK, "tickets");
  }
  OurPair(const OurPair&) = delete;
  OurPair& operator=(const OurPair&) = delete;
  ~OurPair() {
    DeleteSecurityContext(&client_);
    DeleteSecurityContext(&server_);
  }
  CtxtHandle* client() { return &client_; }
  CtxtHandle* server() { return &server_; }
  bool resumed() {
    SecPkgContext_SessionInfo info{};
    return QueryContextAttributesW(&client_, SECPKG_ATTR_SESSION_INFO, &info) == SEC_E_OK &&
           info.dwFlags == SSL_SESSION_RECONNECT;
  }

 private:
  void step(bool server, CredHandle* credential, Bytes& token) {
    SecBuffer in[] = {{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()}, {0, SECBUFFER_EMPTY, nullptr}};
    SecBufferDesc in_list{SECBUFFER_VERSION, 2, in};
    SecBuffer out{sizeof buffer_, SECBUFFER_TOKEN, buffer_};
    SecBufferDesc out_list{SECBUFFER_VERSION, 1, &out};
    char16_t target[] = u"bench.example";
    ULONG attributes = 0;
    SecBufferDesc* input = token.empty() ? nullptr : &in_list;
    CtxtHandle& context = server ? server_ : client_;
    bool& begun = server ? server_begun_ : client_begun_;
    const SECURITY_STATUS status =
        server ? AcceptSecurityContext(credential, begun ? &context : nullptr, input, 0, 0, &context, &out_list,
                                       &attributes, nullptr)
               : InitializeSecurityContextW(credential, begun ? &context : nullptr, target, 0, 0, 0, input, 0, &context,
                                            &out_list, &attributes, nullptr);
    expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "handshake");
    begun = true;
    token.assign(buffer_, buffer_ + out.cbBuffer);
  }
  CtxtHandle client_{}, server_{};
  bool client_begun_ = false, server_begun_ = false;
  static inline std::uint8_t buffer_[24576];
};

// ---- OpenSSL with memory BIOs and one SSL_CTX for each side. ----

class RawSide {
 public:
  RawSide(bool server, const OurPair*, X509* certificate, EVP_PKEY* key)
      : context_(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context_, "X25519");
    if (server) {
      SSL_CTX_use_certificate(context_, certificate);
      SSL_CTX_use_PrivateKey(context_, key);
    } else {
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate);
    }
  }
  SSL_CTX* get() { return context_; }

 private:
  SSL_CTX* context_;
};

class RawPair {
 public:
  RawPair(SSL_CTX* client, SSL_CTX* server, SSL_SESSION* session = nullptr)
      : client_(SSL_new(client)), server_(SSL_new(server)) {
    // One BIO for each direction.
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client_, to_client, to_server);
    SSL_set_bio(server_, to_server, to_client);
    SSL_set_connect_state(client_);
    SSL_set_accept_state(server_);
    SSL_set1_host(client_, "bench.example");
    if (session != nullptr) SSL_set_session(client_, session);
    while (SSL_do_handshake(client_) != 1 || SSL_do_handshake(server_) != 1) SSL_do_handshake(server_);
    char byte = 0;
    SSL_read(client_, &byte, 1);  // the tickets
  }
  RawPair(const RawPair&) = delete;
  RawPair& operator=(const RawPair&) = delete;
  ~RawPair() {
    SSL_set_shutdown(client_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(server_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client_);
    SSL_free(server_);
  }
  SSL* client() { return client_; }

 private:
  SSL *client_, *server_;
};

// ---- Bare AES-128-GCM in records of 16 KiB. ----

class Evp {
 public:
  Evp() {
    std::uint8_t key[16] = {1};
    EVP_EncryptInit_ex(encrypt_, EVP_aes_128_gcm(), nullptr, key, nullptr);
    EVP_DecryptInit_ex(decrypt_, EVP_aes_128_gcm(), nullptr, key, nullptr);
  }
  void encrypt(const Bytes& in, Bytes& out) {
    for (std::size_t at = 0, to = 0; at < in.size(); at += 16384, to += 16384 + 16) {
      const int size = static_cast<int>(std::min<std::size_t>(16384, in.size() - at));
      int written = 0;
      EVP_EncryptInit_ex(encrypt_, nullptr, nullptr, nullptr, iv_);
      EVP_EncryptUpdate(encrypt_, nullptr, &written, iv_, 5);
      EVP_EncryptUpdate(encrypt_, out.data() + to, &written, in.data() + at, size);
      EVP_EncryptFinal_ex(encrypt_, out.data() + to + size, &written);
      EVP_CIPHER_CTX_ctrl(encrypt_, EVP_CTRL_GCM_GET_TAG, 16, out.data() + to + size);
    }
  }
  void decrypt(const Bytes& sealed, std::size_t plain_size, Bytes& out) {
    for (std::size_t at = 0, from = 0; at < plain_size; at += 16384, from += 16384 + 16) {
      const int size = static_cast<int>(std::min<std::size_t>(16384, plain_size - at));
      int written = 0;
      EVP_DecryptInit_ex(decrypt_, nullptr, nullptr, nullptr, iv_);
      EVP_DecryptUpdate(decrypt_, nullptr, &written, iv_, 5);
      EVP_DecryptUpdate(decrypt_, out.data() + at, &written, sealed.data() + from, size);
      EVP_CIPHER_CTX_ctrl(decrypt_, EVP_CTRL_GCM_SET_TAG, 16, const_cast<std::uint8_t*>(sealed.data() + from + size));
      expect(EVP_DecryptFinal_ex(decrypt_, out.data() + at + size, &written) == 1, "EVP tag");
    }
  }

 private:
  EVP_CIPHER_CTX* encrypt_ = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* decrypt_ = EVP_CIPHER_CTX_new();
  std::uint8_t iv_[12] = {7};
};

void print(const char* name, double value) { std::printf("%s %.1f\n", name, value); }

double mb_per_second(double rate, std::size_t size) { return rate * static_cast<double>(size) / 1e6; }

void measure_data(OurPair& pair, std::size_t size) {
  const Bytes plain(size, 'x');
  Bytes record(size + (size / 16384 + 1) * 64), opened(size + 64), gcm(record.size());
  Evp evp;
  std::size_t room = 0;
  const auto ours = [&] {
    room = record.size();
    expect(OpenSspiEncryptStream(pair.client(), plain.data(), size, record.data(), &room) == SEC_E_OK, "encrypt");
  };
  Bytes in_place(size + 64);
  const auto message = [&] {
    if (size > 16384) return;
    SecBuffer buffers[] = {{5, SECBUFFER_STREAM_HEADER, in_place.data()},
                           {static_cast<ULONG>(size), SECBUFFER_DATA, in_place.data() + 5},
                           {17, SECBUFFER_STREAM_TRAILER, in_place.data() + 5 + size}};
    SecBufferDesc list{SECBUFFER_VERSION, 3, buffers};
    expect(EncryptMessage(pair.server(), 0, &list, 0) == SEC_E_OK, "EncryptMessage");
  };
  const auto encrypted = rates({ours, [&] { evp.encrypt(plain, gcm); }, message}, 0.08);
  const std::string at = std::to_string(size);
  print(("encrypt_evp_" + at).c_str(), mb_per_second(encrypted[1], size));
  print(("encrypt_stream_" + at).c_str(), mb_per_second(encrypted[0], size));
  if (size <= 16384) print(("encrypt_message_" + at).c_str(), mb_per_second(encrypted[2], size));
}

// Decryption needs what was encrypted in order, so it is measured with the encryption that it needs, whose cost is
// taken off.
void measure_decrypt(CredHandle* client, CredHandle* server, std::size_t size) {
  OurPair pair(client, server);
  const Bytes plain(size, 'x');
  const std::size_t count = std::max<std::size_t>(4, (8U << 20) / (size + 40));
  Evp evp;
  Bytes sealed(size + (size / 16384 + 1) * 16), opened(size + 64);
  evp.encrypt(plain, sealed);
  std::vector<Bytes> records(count);
  double best = 0, best_evp = 0;
  for (int turn = 0; turn < 8; ++turn) {
    for (Bytes& record : records) {
      record.resize(size + (size / 16384 + 1) * 64);
      std::size_t room = record.size();
      expect(OpenSspiEncryptStream(pair.client(), plain.data(), size, record.data(), &room) == SEC_E_OK, "encrypt");
      record.resize(room);
    }
    double start = cpu_seconds();
    for (const Bytes& record : records) {
      opened.resize(record.size());
      std::size_t used = record.size(), got = opened.size();
      expect(OpenSspiDecryptStream(pair.server(), record.data(), &used, opened.data(), &got) == SEC_E_OK && got == size,
             "decrypt");
    }
    best = std::max(best, static_cast<double>(count) / (cpu_seconds() - start));
    start = cpu_seconds();
    for (std::size_t i = 0; i < count; ++i) evp.decrypt(sealed, size, opened);
    best_evp = std::max(best_evp, static_cast<double>(count) / (cpu_seconds() - start));
  }
  const std::string at = std::to_string(size);
  print(("decrypt_evp_" + at).c_str(), mb_per_second(best_evp, size));
  print(("decrypt_stream_" + at).c_str(), mb_per_second(best, size));
}

}  // namespace

int main() {
  PCCERT_CONTEXT certificate = make_certificate();
  HCERTSTORE roots = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, nullptr);
  CertAddCertificateContextToStore(roots, certificate, CERT_STORE_ADD_ALWAYS, nullptr);
  CredHandle server = acquire(true, certificate, roots, 0);
  CredHandle client = acquire(false, certificate, roots, SCH_CRED_RESTRICTED_ROOTS);
  CredHandle fresh = acquire(false, certificate, roots, SCH_CRED_RESTRICTED_ROOTS | SCH_CRED_DISABLE_RECONNECTS);

  // The raw side has a certificate of its own, of the same kind.
  EVP_PKEY* key = EVP_EC_gen("P-256");
  const unsigned char* der = certificate->pbCertEncoded;
  X509* x509 = d2i_X509(nullptr, &der, static_cast<long>(certificate->cbCertEncoded));
  X509_set_pubkey(x509, key);
  X509_sign(x509, key, EVP_sha256());
  RawSide raw_server(true, nullptr, x509, key), raw_client(false, nullptr, x509, key);

  const auto handshakes =
      rates({[&] { OurPair pair(&fresh, &server); }, [&] { RawPair pair(raw_client.get(), raw_server.get()); }}, 0.5);
  print("handshake_ours", handshakes[0]);
  print("handshake_openssl", handshakes[1]);
  bool resumed = false;
  {
    OurPair first(&client, &server);
    OurPair second(&client, &server);
    resumed = second.resumed();
  }
  expect(resumed, "resumption");
  RawPair first(raw_client.get(), raw_server.get());
  SSL_SESSION* session = SSL_get1_session(first.client());
  const auto again = rates(
      {[&] { OurPair pair(&client, &server); }, [&] { RawPair pair(raw_client.get(), raw_server.get(), session); }},
      0.3);
  print("resumed_ours", again[0]);
  print("resumed_openssl", again[1]);

  OurPair pair(&fresh, &server);
  for (const std::size_t size : {std::size_t{64}, std::size_t{1024}, std::size_t{16384}, std::size_t{1} << 20}) {
    measure_data(pair, size);
    measure_decrypt(&fresh, &server, size);
  }

  constexpr std::size_t kPairs = 500;
  std::vector<std::unique_ptr<OurPair>> pairs;
  pairs.reserve(kPairs);
  malloc_trim(0);
  const struct mallinfo2 before = mallinfo2();
  for (std::size_t i = 0; i < kPairs; ++i) pairs.push_back(std::make_unique<OurPair>(&fresh, &server));
  const struct mallinfo2 after = mallinfo2();
  print("memory_pair", static_cast<double>(after.uordblks - before.uordblks) / kPairs);
  std::vector<std::unique_ptr<RawPair>> raw_pairs;
  raw_pairs.reserve(kPairs);
  const struct mallinfo2 raw_before = mallinfo2();
  for (std::size_t i = 0; i < kPairs; ++i)
    raw_pairs.push_back(std::make_unique<RawPair>(raw_client.get(), raw_server.get()));
  print("memory_openssl", static_cast<double>(mallinfo2().uordblks - raw_before.uordblks) / kPairs);
  return 0;
}
