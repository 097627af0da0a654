// One end of TLS over TCP through the C interface, to stand against other implementations.
//   interop_tls server key=value...   prints "port N", then a line for each connection; echoes lines, answers HTTP GET
//   interop_tls client key=value...   connects, prints a line for each connection, sends a line and reads the answer
// Keys: port, target, cert (PEM with key), roots (PEM), proto (tls1.2, tls1.3), mutual (1), alpn (name), count, send,
// suites (exact ones).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/schannel.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
std::map<std::string, std::string> options;

std::string narrow(const SEC_WCHAR* text) {
  std::string out;
  for (; *text != 0; ++text) out += static_cast<char>(*text);
  return out;
}

std::string why() {
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  OpenSspiGetLastFailureW(&failure);
  return narrow(failure.Check) + ": " + narrow(failure.Text);
}

[[noreturn]] void die(const std::string& what) {
  std::printf("failed %s: %s\n", what.c_str(), why().c_str());
  std::exit(1);
}

HCERTSTORE open_file(const std::string& path) {
  const std::u16string wide(path.begin(), path.end());
  HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_FILENAME_W, 0, 0, CERT_STORE_READONLY_FLAG, wide.c_str());
  if (store == nullptr) die(path);
  return store;
}

CredHandle acquire(bool server) {
  SCHANNEL_CRED data{};
  data.dwVersion = SCHANNEL_CRED_VERSION;
  PCCERT_CONTEXT certificate = nullptr;
  if (options.contains("cert")) {
    certificate =
        CertFindCertificateInStore(open_file(options["cert"]), 0, 0, CERT_FIND_HAS_PRIVATE_KEY, nullptr, nullptr);
    if (certificate == nullptr) die("certificate");
    data.cCreds = 1;
    data.paCred = &certificate;
  }
  if (options.contains("roots")) data.hRootStore = open_file(options["roots"]);
  if (options["proto"] == "tls1.2") data.grbitEnabledProtocols = SP_PROT_TLS1_2;
  if (options["proto"] == "tls1.3") data.grbitEnabledProtocols = SP_PROT_TLS1_3;
  CredHandle handle;
  char16_t package[] = u"Schannel";
  if (AcquireCredentialsHandleW(nullptr, package, server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND, nullptr, &data,
                                nullptr, nullptr, &handle, nullptr) != SEC_E_OK) {
    die("acquire");
  }
  if (options.contains("suites")) {
    const std::u16string suites(options["suites"].begin(), options["suites"].end());
    OPENSSPI_TLS_POLICY policy{};
    policy.CipherSuites = suites.c_str();
    if (SetCredentialsAttributesW(&handle, OPENSSPI_CRED_ATTR_TLS_POLICY, &policy, sizeof policy) != SEC_E_OK) {
      die("suites");
    }
  }
  return handle;
}

class Connection {
 public:
  Connection(int socket, CredHandle* credential, bool server)
      : socket_(socket), credential_(credential), server_(server) {}
  ~Connection() {
    if (begun_) DeleteSecurityContext(&context_);
    close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool handshake() {
    Bytes input;
    if (!server_ && !step(input)) return false;
    while (!done_) {
      if (!more(input)) return fail("the peer closed during the handshake");
      while (!input.empty() && !done_) {
        const std::size_t before = input.size();
        if (!step(input)) return false;
        if (input.size() == before && !done_) break;
      }
    }
    waiting_ = input;
    return true;
  }

  void report() {
    SecPkgContext_CipherInfo cipher{};
    cipher.dwVersion = 1;
    SecPkgContext_SessionInfo session{};
    SecPkgContext_ApplicationProtocol protocol{};
    if (QueryContextAttributesW(&context_, SECPKG_ATTR_CIPHER_INFO, &cipher) != SEC_E_OK ||
        QueryContextAttributesW(&context_, SECPKG_ATTR_SESSION_INFO, &session) != SEC_E_OK ||
        QueryContextAttributesW(&context_, SECPKG_ATTR_APPLICATION_PROTOCOL, &protocol) != SEC_E_OK) {
      die("query");
    }
    std::string peer = "none";
    PCCERT_CONTEXT certificate = nullptr;
    if (QueryContextAttributesW(&context_, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &certificate) == SEC_E_OK) {
      SEC_WCHAR name[128];
      CertGetNameStringW(certificate, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, nullptr, name, 128);
      peer = narrow(name);
      CertFreeCertificateContext(certificate);
    }
    std::printf("connected version=%x suite=%s resumed=%u peer=%s alpn=%.*s\n", cipher.dwProtocol,
                narrow(cipher.szCipherSuite).c_str(), session.dwFlags, peer.c_str(), protocol.ProtocolIdSize,
                reinterpret_cast<const char*>(protocol.ProtocolId));
    std::fflush(stdout);
  }

  bool write(const std::string& text) {
    std::size_t size = 0;
    if (OpenSspiEncryptStream(&context_, text.data(), text.size(), nullptr, &size) != SEC_E_OK) return false;
    Bytes out(size);
    if (OpenSspiEncryptStream(&context_, text.data(), text.size(), out.data(), &size) != SEC_E_OK) return false;
    out.resize(size);
    return send_all(out);
  }

  // What has come; false at the end.
  bool read(std::string& text) {
    for (;;) {
      std::string plain(waiting_.size(), '\0');
      std::size_t used = waiting_.size(), got = plain.size();
      const SECURITY_STATUS status = OpenSspiDecryptStream(&context_, waiting_.data(), &used, plain.data(), &got);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(used));
      text.append(plain, 0, got);
      if (status == SEC_I_CONTEXT_EXPIRED) return closed_ = true, got != 0;
      if (status != SEC_E_OK) return fail("decrypt");
      if (got != 0) return true;
      if (!more(waiting_)) return false;
    }
  }
  bool closed_by_peer() const { return closed_; }

  void shut_down() {
    DWORD type = SCHANNEL_SHUTDOWN;
    SecBuffer buffer{sizeof type, SECBUFFER_TOKEN, &type};
    SecBufferDesc list{SECBUFFER_VERSION, 1, &buffer};
    Bytes nothing;
    if (ApplyControlToken(&context_, &list) == SEC_E_OK) step(nothing);
  }

 private:
  bool fail(const char* what) {
    std::printf("failed %s: %s\n", what, why().c_str());
    std::fflush(stdout);
    return false;
  }
  bool send_all(const Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t sent = send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }
  bool more(Bytes& to) {
    std::uint8_t buffer[16384];
    const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    to.insert(to.end(), buffer, buffer + got);
    return true;
  }

  bool step(Bytes& input) {
    std::vector<SecBuffer> in;
    if (!input.empty())
      in = {{static_cast<ULONG>(input.size()), SECBUFFER_TOKEN, input.data()}, {0, SECBUFFER_EMPTY, nullptr}};
    Bytes alpn;
    if (!begun_ && options.contains("alpn")) {
      const std::string& name = options["alpn"];
      const auto size = static_cast<std::uint16_t>(name.size() + 1);
      const std::uint32_t head[2] = {size + 6U, SecApplicationProtocolNegotiationExt_ALPN};
      alpn.resize(10);
      std::memcpy(alpn.data(), head, 8);
      std::memcpy(alpn.data() + 8, &size, 2);
      alpn.push_back(static_cast<std::uint8_t>(name.size()));
      alpn.insert(alpn.end(), name.begin(), name.end());
      in.push_back({static_cast<ULONG>(alpn.size()), SECBUFFER_APPLICATION_PROTOCOLS, alpn.data()});
    }
    SecBufferDesc in_list{SECBUFFER_VERSION, static_cast<ULONG>(in.size()), in.data()};
    SecBuffer out{0, SECBUFFER_TOKEN, nullptr};
    SecBufferDesc out_list{SECBUFFER_VERSION, 1, &out};
    ULONG flags = ISC_REQ_ALLOCATE_MEMORY | (server_ ? ASC_REQ_EXTENDED_ERROR : ISC_REQ_EXTENDED_ERROR) | extra_flags_;
    if (server_ && options["mutual"] == "1") flags |= ASC_REQ_MUTUAL_AUTH;
    std::u16string target(options["target"].begin(), options["target"].end());
    CtxtHandle* context = begun_ ? &context_ : nullptr;
    ULONG attributes = 0;
    const SECURITY_STATUS status = server_
                                       ? AcceptSecurityContext(credential_, context, in.empty() ? nullptr : &in_list,
                                                               flags, 0, &context_, &out_list, &attributes, nullptr)
                                       : InitializeSecurityContextW(credential_, context, target.data(), flags, 0, 0,
                                                                    in.empty() ? nullptr : &in_list, 0, &context_,
                                                                    &out_list, &attributes, nullptr);
    if (status >= 0) begun_ = true;
    bool sent = true;
    if (out.pvBuffer != nullptr) {
      const auto* data = static_cast<const std::uint8_t*>(out.pvBuffer);
      sent = send_all(Bytes(data, data + out.cbBuffer));
      FreeContextBuffer(out.pvBuffer);
    }
    if (status == SEC_E_INCOMPLETE_MESSAGE) return true;
    if (status == SEC_I_INCOMPLETE_CREDENTIALS) {
      extra_flags_ |= ISC_REQ_USE_SUPPLIED_CREDS;
      return step(input);
    }
    if (status != SEC_E_OK && status != SEC_I_CONTINUE_NEEDED) return fail("handshake");
    done_ = status == SEC_E_OK;
    std::size_t extra = 0;
    for (const SecBuffer& buffer : in) {
      if (buffer.BufferType == SECBUFFER_EXTRA) extra = buffer.cbBuffer;
    }
    input.erase(input.begin(), input.end() - static_cast<std::ptrdiff_t>(extra));
    return sent;
  }

  int socket_;
  CredHandle* credential_;
  bool server_;
  CtxtHandle context_{};
  bool begun_ = false, done_ = false, closed_ = false;
  ULONG extra_flags_ = 0;
  Bytes waiting_;
};

sockaddr_in address(int port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

void serve(Connection& connection) {
  std::string text;
  while (connection.read(text)) {
    if (text.starts_with("GET ") && text.find("\r\n\r\n") != std::string::npos) {
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n");
      break;
    }
    if (!text.starts_with("GET ") && text.find('\n') != std::string::npos) {
      connection.write("echo " + text);
      text.clear();
    }
  }
  connection.shut_down();
}

int run_server() {
  CredHandle credential = acquire(true);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at = address(0);
  socklen_t size = sizeof at;
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || listen(listener, 8) != 0) return 1;
  getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  std::printf("port %d\n", ntohs(at.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int accepted = accept(listener, nullptr, nullptr);
    if (accepted < 0) return 1;
    Connection connection(accepted, &credential, true);
    if (!connection.handshake()) continue;
    connection.report();
    serve(connection);
  }
}

int run_client() {
  CredHandle credential = acquire(false);
  const int count = options.contains("count") ? std::atoi(options["count"].c_str()) : 1;
  for (int i = 0; i < count; ++i) {
    const int made = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at = address(std::atoi(options["port"].c_str()));
    if (connect(made, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) return 2;
    Connection connection(made, &credential, false);
    if (!connection.handshake()) return 1;
    connection.report();
    connection.write(options.contains("send") ? options["send"] + "\r\n\r\n" : "hello\n");
    std::string text;
    while (text.find('\n') == std::string::npos && connection.read(text)) {
    }
    std::printf("answer %s\n", text.substr(0, text.find_first_of("\r\n")).c_str());
    std::fflush(stdout);
    connection.shut_down();
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    const std::size_t equals = word.find('=');
    options[word.substr(0, equals)] = equals == std::string::npos ? "1" : word.substr(equals + 1);
  }
  return count > 1 && std::string(words[1]) == "server" ? run_server() : run_client();
}
