// Certificates made on the spot, and the two ends of a TLS connection, through the public interface only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/schannel.h"

namespace tls {

using Bytes = std::vector<std::uint8_t>;

struct FreeCertificate {
  void operator()(const CERT_CONTEXT* context) const { CertFreeCertificateContext(context); }
};
using Certificate = std::unique_ptr<const CERT_CONTEXT, FreeCertificate>;

struct CloseStore {
  void operator()(void* store) const { CertCloseStore(store, 0); }
};
using Store = std::unique_ptr<void, CloseStore>;

// What a certificate is made of.
struct Wish {
  std::u16string subject = u"CN=server.example";
  std::vector<std::u16string> names = {};  // "DNS:server.example"
  const CERT_CONTEXT* issuer = nullptr;
  ULONG key = OPENSSPI_KEY_EC;
  ULONG bits = 0;
  bool authority = false;
  LONG path_length = -1;
  std::vector<std::string> usages = {};
  long from_days = -1, until_days = 365;  // from now
  const char* digest = nullptr;
  std::vector<CERT_EXTENSION> extensions = {};
};
Certificate make(const Wish& wish);
Store store_of(std::initializer_list<const CERT_CONTEXT*> certificates);

// A root and a certificate for server.example under it.
struct House {
  Certificate root, server;
  Store roots;
  explicit House(ULONG key = OPENSSPI_KEY_EC);
};

struct CredentialWish {
  bool server = false;
  std::vector<const CERT_CONTEXT*> certificates = {};
  HCERTSTORE roots = nullptr;
  DWORD protocols = 0, flags = 0, least = 0, most = 0, lifespan = 0;
  std::vector<ALG_ID> algorithms = {};
};

class Credential {
 public:
  explicit Credential(const CredentialWish& wish);
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  ~Credential();
  SECURITY_STATUS status() const { return status_; }
  CredHandle* handle() { return &handle_; }

 private:
  CredHandle handle_{};
  SECURITY_STATUS status_ = SEC_E_OK;
};

struct Outcome {
  SECURITY_STATUS status = SEC_E_OK;
  Bytes token;
  std::size_t extra = 0, missing = 0;
};

// One end. Steps give the token; receive() keeps what a step left over.
class End {
 public:
  End(bool server, CredHandle* credential, std::u16string target = u"server.example", ULONG flags = 0);
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End();

  Outcome step(const Bytes& input);
  Outcome start() { return step({}); }
  void use_credential(CredHandle* credential) { credential_ = credential; }
  void set_flags(ULONG flags) { flags_ = flags; }
  void set_protocols(std::vector<std::string> names) { protocols_ = std::move(names); }
  bool done() const { return done_; }
  ULONG attributes() const { return attributes_; }
  CtxtHandle* handle() { return &context_; }

  template <typename T>
  std::optional<T> query(ULONG id) {
    T value{};
    if constexpr (requires { value.dwVersion; }) value.dwVersion = 1;
    last_query = QueryContextAttributesW(&context_, id, &value);
    if (last_query != SEC_E_OK) return std::nullopt;
    return value;
  }
  SECURITY_STATUS last_query = SEC_E_OK;
  Certificate remote_certificate();
  Bytes bindings(ULONG id);

  // One record by EncryptMessage; by DecryptMessage.
  Bytes encrypt(std::string_view text);
  struct Plain {
    SECURITY_STATUS status;
    std::string text;
    std::size_t extra = 0, missing = 0;
  };
  Plain decrypt(Bytes record);

  // Any number of records by the stream functions.
  Bytes encrypt_stream(std::string_view text);
  struct Stream {
    SECURITY_STATUS status;
    std::string text;
    std::size_t consumed = 0;
  };
  Stream decrypt_stream(const Bytes& input);
  Outcome shut_down();

 private:
  bool server_;
  CredHandle* credential_;
  CtxtHandle context_{};
  bool begun_ = false, done_ = false;
  std::u16string target_;
  ULONG flags_, attributes_ = 0;
  std::vector<std::string> protocols_;
};

// Runs the handshake to its end or to the first failure.
struct Result {
  SECURITY_STATUS client = SEC_I_CONTINUE_NEEDED, server = SEC_I_CONTINUE_NEEDED;
  Bytes client_rest, server_rest;  // what came behind the handshake
  bool good() const { return client == SEC_E_OK && server == SEC_E_OK; }
};
Result shake(End& client, End& server, std::size_t chunk = 0);

// Why the last call failed, for messages.
std::string why();

}  // namespace tls
