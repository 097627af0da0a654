// Owners of what GSSAPI and libkrb5 hand out: each is released when it ends.
#pragma once

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace opensspi::kerberos {

template <typename Handle, OM_uint32 (*release)(OM_uint32*, Handle*)>
class GssOwner {
 public:
  GssOwner() = default;
  explicit GssOwner(Handle handle) : handle_(handle) {}
  GssOwner(GssOwner&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  GssOwner& operator=(GssOwner&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  GssOwner(const GssOwner&) = delete;
  GssOwner& operator=(const GssOwner&) = delete;
  ~GssOwner() { reset(); }

  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }
  explicit operator bool() const { return handle_ != nullptr; }
  void reset() {
    OM_uint32 minor = 0;
    if (handle_ != nullptr) release(&minor, &handle_);
    handle_ = nullptr;
  }

 private:
  Handle handle_ = nullptr;
};

inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) {
  return gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using GssContext = GssOwner<gss_ctx_id_t, delete_context>;
using GssCredential = GssOwner<gss_cred_id_t, gss_release_cred>;
using GssName = GssOwner<gss_name_t, gss_release_name>;

class GssBuffer {
 public:
  GssBuffer() = default;
  GssBuffer(const GssBuffer&) = delete;
  GssBuffer& operator=(const GssBuffer&) = delete;
  ~GssBuffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }
  gss_buffer_t out() { return &buffer_; }
  Bytes bytes() const { return {static_cast<const std::uint8_t*>(buffer_.value), buffer_.length}; }
  std::string text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }

 private:
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

inline gss_buffer_desc gss_view(Bytes bytes) { return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; }

// The display form of a name; empty where there is none.
std::string text_of(gss_name_t name);

// SEC_E_TARGET_UNKNOWN: not the name of a principal.
Result<GssName> import_principal(const std::string& principal);

// A libkrb5 context of the calling thread: none is ever shared between threads.
class Krb5 {
 public:
  static Result<Krb5> open();
  Krb5(Krb5&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  Krb5(const Krb5&) = delete;
  Krb5& operator=(const Krb5&) = delete;
  Krb5& operator=(Krb5&&) = delete;
  ~Krb5() {
    if (context_ != nullptr) krb5_free_context(context_);
  }
  krb5_context get() const { return context_; }

 private:
  explicit Krb5(krb5_context context) : context_(context) {}
  krb5_context context_;
};

// What is released with the context that made it, which therefore ends after it.
template <typename Handle, auto release>
class Krb5Owner {
 public:
  explicit Krb5Owner(const Krb5& krb5) : context_(krb5.get()) {}
  Krb5Owner(Krb5Owner&& other) noexcept : context_(other.context_), handle_(std::exchange(other.handle_, nullptr)) {}
  Krb5Owner& operator=(Krb5Owner&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  Krb5Owner(const Krb5Owner&) = delete;
  Krb5Owner& operator=(const Krb5Owner&) = delete;
  ~Krb5Owner() { reset(); }

  Handle get() const { return handle_; }
  Handle* out() {
    reset();
    return &handle_;
  }
  Handle release_handle() { return std::exchange(handle_, nullptr); }
  Handle operator->() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }
  void reset() {
    if (handle_ != nullptr) release(context_, handle_);
    handle_ = nullptr;
  }

 private:
  krb5_context context_;
  Handle handle_ = nullptr;
};

using Ccache = Krb5Owner<krb5_ccache, krb5_cc_close>;
using MemoryCcache = Krb5Owner<krb5_ccache, krb5_cc_destroy>;  // of our own: its content ends with it
using Keytab = Krb5Owner<krb5_keytab, krb5_kt_close>;
using Principal = Krb5Owner<krb5_principal, krb5_free_principal>;
using Creds = Krb5Owner<krb5_creds*, krb5_free_creds>;
using InitOptions = Krb5Owner<krb5_get_init_creds_opt*, krb5_get_init_creds_opt_free>;

// "alice@EXAMPLE.TEST"; empty without memory.
std::string unparse(const Krb5& krb5, krb5_const_principal principal);

}  // namespace opensspi::kerberos
