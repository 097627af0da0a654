// Schannel through the C interface: EncryptMessage and DecryptMessage in place, OpenSspiEncryptStream and
// OpenSspiDecryptStream out of place. The client verifies chain and name.
#include "opensspi/schannel.h"

#include "opensspi/extra.h"
#include "tls_peer.hpp"

namespace {

using namespace bench;

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
  const SECURITY_STATUS status =
      AcquireCredentialsHandleW(nullptr, package, server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, nullptr, &data,
                                nullptr, nullptr, &handle, nullptr);
  expect(status == SEC_E_OK, "AcquireCredentialsHandleW", status);
  static_assert(std::string_view(kTlsSuite) == "TLS_AES_128_GCM_SHA256" && std::string_view(kTlsGroup) == "X25519");
  OPENSSPI_TLS_POLICY policy{};
  policy.CipherSuites = u"TLS_AES_128_GCM_SHA256";
  policy.Groups = u"X25519";
  const SECURITY_STATUS set = SetCredentialsAttributesW(&handle, OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy);
  expect(set == SEC_E_OK, "OPENSSPI_CRED_ATTR_TLS_POLICY", set);
  return handle;
}

class Pair {
 public:
  Pair(CredHandle* client, CredHandle* server) {
    Buffer token;
    step(false, client, token);
    step(true, server, token);
    step(false, client, token);
    step(true, server, token);
    // The tickets.
    Buffer plain(token.size());
    std::size_t used = token.size(), got = plain.size();
    expect(OpenSspiDecryptStream(&client_, token.data(), &used, plain.data(), &got) == SEC_E_OK, "tickets");
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    DeleteSecurityContext(&client_);
    DeleteSecurityContext(&server_);
  }
  bool resumed() {
    SecPkgContext_SessionInfo info{};
    return QueryContextAttributesW(&client_, SECPKG_ATTR_SESSION_INFO, &info) == SEC_E_OK &&
           info.dwFlags == SSL_SESSION_RECONNECT;
  }

  std::size_t encrypt(std::span<const std::uint8_t> plain, Buffer& out) {
    std::size_t size = out.size();
    expect(OpenSspiEncryptStream(&client_, plain.data(), plain.size(), out.data(), &size) == SEC_E_OK, "encrypt");
    return size;
  }
  void decrypt(std::span<const std::uint8_t> records, std::size_t plain_size, Buffer& out) {
    std::size_t used = records.size(), got = out.size();
    const SECURITY_STATUS status = OpenSspiDecryptStream(&server_, records.data(), &used, out.data(), &got);
    expect(status == SEC_E_OK && used == records.size() && got == plain_size, "decrypt", status);
  }

  // A record at a time, each in its own place in `memory`.
  void encrypt_in_place(Buffer& memory, std::size_t plain_size) {
    constexpr std::size_t kStride = kHeader + kRecordPlain + kTrailer;
    for (std::size_t done = 0, at = 0; done < plain_size; done += kRecordPlain, at += kStride) {
      const std::size_t size = std::min(kRecordPlain, plain_size - done);
      SecBuffer buffers[] = {
          {kHeader, SECBUFFER_STREAM_HEADER, memory.data() + at},
          {static_cast<ULONG>(size), SECBUFFER_DATA, memory.data() + at + kHeader},
          {kTrailer, SECBUFFER_STREAM_TRAILER, memory.data() + at + kHeader + size},
          {0, SECBUFFER_EMPTY, nullptr},
      };
      SecBufferDesc list{SECBUFFER_VERSION, 4, buffers};
      const SECURITY_STATUS status = EncryptMessage(&client_, 0, &list, 0);
      expect(status == SEC_E_OK, "EncryptMessage", status);
    }
  }
  void decrypt_in_place(std::span<std::uint8_t> records, std::size_t plain_size) {
    std::size_t got = 0;
    while (!records.empty()) {
      SecBuffer buffers[] = {{static_cast<ULONG>(records.size()), SECBUFFER_DATA, records.data()},
                             {0, SECBUFFER_EMPTY, nullptr},
                             {0, SECBUFFER_EMPTY, nullptr},
                             {0, SECBUFFER_EMPTY, nullptr}};
      SecBufferDesc list{SECBUFFER_VERSION, 4, buffers};
      const SECURITY_STATUS status = DecryptMessage(&server_, &list, 0, nullptr);
      expect(status == SEC_E_OK, "DecryptMessage", status);
      got += buffers[1].cbBuffer;
      records = records.last(buffers[3].BufferType == SECBUFFER_EXTRA ? buffers[3].cbBuffer : 0);
    }
    expect(got == plain_size, "DecryptMessage's plain text");
  }

 private:
  static constexpr ULONG kHeader = 5, kTrailer = 17;

  void step(bool server, CredHandle* credential, Buffer& token) {
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
    expect(status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED, "handshake", status);
    begun = true;
    token.assign(buffer_, buffer_ + out.cbBuffer);
  }
  CtxtHandle client_{}, server_{};
  bool client_begun_ = false, server_begun_ = false;
  static inline std::uint8_t buffer_[24576];
};

}  // namespace

int main() {
  PCCERT_CONTEXT certificate = make_certificate();
  HCERTSTORE roots = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, nullptr);
  CertAddCertificateContextToStore(roots, certificate, CERT_STORE_ADD_ALWAYS, nullptr);
  CredHandle server = acquire(true, certificate, roots, 0);
  CredHandle client = acquire(false, certificate, roots, SCH_CRED_RESTRICTED_ROOTS | SCH_CRED_DISABLE_RECONNECTS);
  CredHandle remembering = acquire(false, certificate, roots, SCH_CRED_RESTRICTED_ROOTS);
  {
    Pair first(&remembering, &server);
  }

  Pair pair(&client, &server);
  Verbs verbs;
  verbs["handshake"] = [&](std::size_t, double ms) {
    return rate(ms, [&] { expect(!Pair(&client, &server).resumed(), "a full handshake"); });
  };
  verbs["resumed"] = [&](std::size_t, double ms) {
    return rate(ms, [&] { expect(Pair(&remembering, &server).resumed(), "resumption"); });
  };
  verbs["encrypt"] = [&](std::size_t size, double ms) {
    const Buffer plain = message_of(size);
    Buffer out(records_room(size));
    Pair fresh(&client, &server);
    return mb_rate(size, ms, [&] { fresh.encrypt(plain, out); });
  };
  verbs["encrypt_in_place"] = [&](std::size_t size, double ms) {
    Buffer memory = message_of(records_room(size));
    Pair fresh(&client, &server);
    return mb_rate(size, ms, [&] { fresh.encrypt_in_place(memory, size); });
  };
  std::vector<Buffer> records;
  const auto make = [&](std::size_t size) {
    return [&, plain = message_of(size)](std::size_t i) {
      records[i].resize(records_room(plain.size()));
      records[i].resize(pair.encrypt(plain, records[i]));
    };
  };
  verbs["decrypt"] = [&](std::size_t size, double ms) {
    records.assign(places_for(size), {});
    Buffer out(records_room(size));
    return opening_rate(size, ms, records.size(), make(size),
                        [&](std::size_t i) { pair.decrypt(records[i], size, out); });
  };
  verbs["decrypt_in_place"] = [&](std::size_t size, double ms) {
    records.assign(places_for(size), {});
    return opening_rate(size, ms, records.size(), make(size),
                        [&](std::size_t i) { pair.decrypt_in_place(records[i], size); });
  };
  verbs["memory"] = [&](std::size_t pairs, double) {
    return bytes_per_pair(pairs, [&] { return std::make_unique<Pair>(&client, &server); });
  };
  return serve(verbs);
}
