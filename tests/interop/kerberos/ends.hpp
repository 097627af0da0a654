// The two ends of a conversation: ours through the C interface, and MIT's GSSAPI.
#pragma once

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "opensspi/extra.h"
#include "opensspi/sspi.h"

namespace interop {

using Blob = std::vector<std::uint8_t>;

inline std::u16string widen(const std::string& text) { return {text.begin(), text.end()}; }
inline std::string narrow(const SEC_WCHAR* text) {
  std::string out;
  for (; text != nullptr && *text != 0; ++text) out += *text < 0x80 ? static_cast<char>(*text) : '?';
  return out;
}
inline Blob blob(const std::string& text) { return {text.begin(), text.end()}; }

// The words of the last failing call of this thread.
std::string last_failure();

// Whether the token is framed with Windows' object identifier of Kerberos.
bool is_spelled_as_windows(const Blob& token);

// The folder of the test's KDC.
inline std::string kdc_folder() { return std::getenv("OPENSSPI_KDC"); }

// Sets an environment variable until the end of the block.
class Variable {
 public:
  Variable(const char* name, const std::string& value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool was_set_;
};

// A credential of the package Kerberos, or of another.
class Credential {
 public:
  struct Settings {
    std::string package = "Kerberos";
    std::string principal = {}, user = {}, domain = {}, password = {}, package_list = {};
    std::string ccache = {}, keytab = {}, client_keytab = {};
    ULONG deadline_ms = 0;
    bool allow_rc4 = false;
    bool has_identity() const { return !user.empty() || !package_list.empty(); }
  };
  explicit Credential(ULONG use) : Credential(use, Settings{}) {}
  Credential(ULONG use, const Settings& settings);
  ~Credential() {
    if (status_ == SEC_E_OK) FreeCredentialsHandle(&handle_);
  }
  explicit Credential(CredHandle handle) : handle_(handle) {}
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;

  CredHandle* handle() { return &handle_; }
  SECURITY_STATUS status() const { return status_; }
  TimeStamp expiry{};

 private:
  CredHandle handle_{};
  SECURITY_STATUS status_ = SEC_E_OK;
};

// A message in the buffers of EncryptMessage.
struct Sealed {
  Blob token, data, padding;
  Blob all() const;
};

class Sspi {
 public:
  // A client where there is a target.
  Sspi(Credential& credential, std::string target, ULONG flags)
      : credential_(credential), target_(std::move(target)), flags_(flags) {}
  Sspi(Credential& credential, ULONG flags) : credential_(credential), flags_(flags), server_(true) {}
  ~Sspi() {
    if (started_) DeleteSecurityContext(&context_);
  }
  Sspi(const Sspi&) = delete;
  Sspi& operator=(const Sspi&) = delete;

  SECURITY_STATUS step(const Blob& token, Blob& output);
  void bind(const std::string& application_data) { bindings_ = application_data; }

  Sealed seal(const Blob& message, ULONG qop = 0);
  SECURITY_STATUS unseal(Sealed& message, ULONG* qop = nullptr);
  SECURITY_STATUS unseal_stream(Blob stream, Blob& out, ULONG* qop = nullptr);
  Blob sign(const Blob& message);
  SECURITY_STATUS verify(const Blob& message, Blob token);

  CtxtHandle* handle() { return &context_; }
  ULONG attributes() const { return attributes_; }
  TimeStamp expiry{};
  std::string name();
  SecPkgContext_Sizes sizes();

 private:
  Credential& credential_;
  std::string target_;
  ULONG flags_;
  bool server_ = false;
  bool started_ = false;
  std::string bindings_;
  ULONG attributes_ = 0;
  CtxtHandle context_{};
};

class Gss {
 public:
  Gss(std::string target, OM_uint32 flags) : target_(std::move(target)), flags_(flags) {}
  explicit Gss(OM_uint32 flags) : flags_(flags), server_(true) {}
  ~Gss();
  Gss(const Gss&) = delete;
  Gss& operator=(const Gss&) = delete;

  OM_uint32 step(const Blob& token, Blob& output);
  void bind(const std::string& application_data) { bindings_ = application_data; }
  // The client's tokens are framed with Windows' object identifier of Kerberos.
  void spell_as_windows() { mechanism_ = gss_mech_krb5_wrong; }

  Blob wrap(const Blob& message, bool encrypt);
  Sealed wrap_iov(const Blob& message, bool encrypt);
  OM_uint32 unwrap(const Blob& token, Blob& out, bool& encrypted);
  OM_uint32 unwrap_iov(Sealed& message);
  Blob sign(const Blob& message);
  OM_uint32 verify(const Blob& message, const Blob& token);

  OM_uint32 granted() const { return granted_; }

 private:
  std::string target_;
  OM_uint32 flags_;
  bool server_ = false;
  gss_OID mechanism_ = gss_mech_krb5;
  std::string bindings_;
  OM_uint32 granted_ = 0;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  gss_cred_id_t credential_ = GSS_C_NO_CREDENTIAL;
};

// Carries tokens until both ends are done; false where one fails, which the test then looks at.
template <typename Client, typename Server>
::testing::AssertionResult log_on(Client& client, Server& server) {
  constexpr long kContinue[] = {SEC_I_CONTINUE_NEEDED, GSS_S_CONTINUE_NEEDED};
  Blob up, down;
  bool client_done = false, server_done = false;
  for (int leg = 0; leg < 8 && !(client_done && server_done); ++leg) {
    if (!client_done) {
      const long status = static_cast<long>(client.step(down, up));
      if (status != 0 && status != kContinue[0] && status != kContinue[1]) {
        return ::testing::AssertionFailure() << "client: " << std::hex << status << " " << last_failure();
      }
      client_done = status == 0;
    }
    if (!server_done && !up.empty()) {
      const long status = static_cast<long>(server.step(up, down));
      if (status != 0 && status != kContinue[0] && status != kContinue[1]) {
        return ::testing::AssertionFailure() << "server: " << std::hex << status << " " << last_failure();
      }
      server_done = status == 0;
    }
  }
  if (client_done && server_done) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "the ends do not come to an end";
}

}  // namespace interop
