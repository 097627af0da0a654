#include "schannel/callbacks.hpp"

#include <chrono>
#include <cstring>
#include <new>

#include "schannel/context.hpp"

namespace opensspi::schannel {
namespace {

// No exception may cross OpenSSL.
template <typename Work>
int guarded(int otherwise, Work&& work) noexcept {
  try {
    return work();
  } catch (...) {
    return otherwise;
  }
}

int on_client_certificate(SSL* ssl, X509** certificate, EVP_PKEY** key) {
  return guarded(0, [&] { return context_of(ssl)->own_certificate(certificate, key); });
}

// Instead of X509_verify_cert, which it calls.
int on_chain(X509_STORE_CTX* store_context, void* argument) {
  return guarded(0, [&] {
    static_cast<SchannelCredential*>(argument)->peers().share(store_context);
    return X509_verify_cert(store_context);
  });
}

// The server's choice by the name that the client asks for.
int on_certificate(SSL* ssl, void* argument) {
  return guarded(0, [&] {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return 1;
    const auto& credential = *static_cast<const SchannelCredential*>(argument);
    return use_for_name(ssl, credential.own(), name) ? 1 : 0;
  });
}

int on_application_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                            unsigned in_size, void*) {
  return guarded(SSL_TLSEXT_ERR_ALERT_FATAL,
                 [&] { return context_of(ssl)->choose_protocol(out, out_size, {in, in_size}); });
}

int on_client_status(SSL* ssl, void*) {
  return guarded(0, [&] { return context_of(ssl)->stapled(); });
}

int on_server_status(SSL* ssl, void* argument) {
  const ByteVector& response = static_cast<const SchannelCredential*>(argument)->settings().ocsp_response;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(response.data(), response.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

// ---- Tickets. Each carries the moment of the full handshake that it goes back to: resuming makes no session younger.
// ----

std::int64_t now_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool read_birth(SSL_SESSION* session, std::int64_t& birth_ms) {
  void* data = nullptr;
  std::size_t size = 0;
  if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != sizeof birth_ms) return false;
  std::memcpy(&birth_ms, data, sizeof birth_ms);
  return true;
}

int on_ticket_made(SSL* ssl, void*) {
  SSL_SESSION* session = SSL_get_session(ssl);
  std::int64_t birth_ms = 0;
  if (SSL_session_reused(ssl) == 1 && read_birth(session, birth_ms)) return 1;
  birth_ms = now_ms();
  return SSL_SESSION_set1_ticket_appdata(session, &birth_ms, sizeof birth_ms);
}

SSL_TICKET_RETURN on_ticket_read(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                                 SSL_TICKET_STATUS status, void* argument) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
  const std::int64_t lifespan_ms = static_cast<const SchannelCredential*>(argument)->settings().lifespan.count();
  std::int64_t birth_ms = 0;
  const bool born = read_birth(session, birth_ms);
  const std::int64_t age_ms = now_ms() - birth_ms;
  if (!born || age_ms < 0 || age_ms >= lifespan_ms || !certificate_lives(session))
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

// What OpenSSL's macro does, whose cast is an old one.
void set_status_callback(SSL_CTX* context, int (*callback)(SSL*, void*)) {
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(callback));
}

}  // namespace

void attach(SSL* ssl, SchannelContext* context) { SSL_set_app_data(ssl, context); }

SchannelContext* context_of(const SSL* ssl) { return static_cast<SchannelContext*>(SSL_get_app_data(ssl)); }

int on_verify(int good, X509_STORE_CTX* store_context) {
  return guarded(0, [&] {
    const auto* ssl =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    return context_of(ssl)->verified(good, store_context);
  });
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  return guarded(0, [&] {
    context_of(ssl)->new_session(session);
    return 0;  // OpenSSL keeps its reference
  });
}

void set_callbacks(SSL_CTX* context, const SchannelCredential& credential) {
  void* argument = const_cast<SchannelCredential*>(&credential);
  SSL_CTX_set_cert_verify_callback(context, on_chain, argument);
  if (credential.settings().server) {
    SSL_CTX_set_alpn_select_cb(context, on_application_protocol, nullptr);
    SSL_CTX_set_session_ticket_cb(context, on_ticket_made, on_ticket_read, argument);
    if (name_chooses(credential.own())) SSL_CTX_set_cert_cb(context, on_certificate, argument);
    if (!credential.settings().ocsp_response.empty()) {
      set_status_callback(context, on_server_status);
      SSL_CTX_set_tlsext_status_arg(context, argument);
    }
  } else {
    SSL_CTX_set_client_cert_cb(context, on_client_certificate);
    set_status_callback(context, on_client_status);
  }
}

}  // namespace opensspi::schannel
