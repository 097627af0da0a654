// The handshake, and what is said after it: renegotiation refused, keys updated, the end.
#include <openssl/err.h>

#include <algorithm>

#include "base/text.hpp"
#include "opensspi/schannel.h"
#include "schannel/alerts.hpp"
#include "schannel/callbacks.hpp"
#include "schannel/context.hpp"
#include "schannel/record.hpp"
#include "schannel/strength.hpp"
#include "schannel/suites.hpp"
#include "wire/reader.hpp"

namespace opensspi::schannel {
namespace {

constexpr const char* kCheck = "TLS handshake";

std::unexpected<Error> bad_record(Bytes at) {
  return fail(Status::invalid_token, "TLS record",
              "the bytes " + to_hex(at.first(std::min(at.size(), kRecordHead))) +
                  " begin no record: wanted are a type of 20 to 23, the version 3.x and a length of at most 18432");
}

core::Step incomplete(std::size_t missing) { return {Status::incomplete_message, {}, 0, missing}; }

}  // namespace

SchannelContext::SchannelContext(std::shared_ptr<SchannelCredential> credential, core::Role role)
    : credential_(std::move(credential)), role_(role), ssl_(SSL_new(credential_->context())) {
  if (!ssl_) throw std::bad_alloc();
  wire_.attach(ssl_.get());
  attach(ssl_.get(), this);
}

// OpenSSL takes a connection that ends without close_notify for a bad one and gives its session up; a caller that just
// ends its context is none (RFC 8446 6.1). One that failed stays bad.
SchannelContext::~SchannelContext() {
  if (state_ == State::established) SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Result<core::Step> SchannelContext::step(const core::StepInput& input) {
  requested_ = input.flags;
  switch (state_) {
    case State::fresh: {
      if (server() && first_record(input.token).kind == RecordFrame::Kind::incomplete) {
        return incomplete(first_record(input.token).missing);
      }
      state_ = State::failed;  // no error path can leave it
      auto begun = begin(input);
      if (!begun) return fail(begun);
      state_ = State::handshaking;
      return server() ? handshake(input.token) : run_handshake({}, 0);
    }
    case State::handshaking:
      return handshake(input.token);
    case State::waiting:
      return resume_waiting(input);
    case State::established:
      return after_handshake(input);
    case State::failed:
      if (failure_ != nullptr) {
        Error again = *failure_;
        failure_->output.clear();  // an alert is sent once
        return std::unexpected<Error>(std::move(again));
      }
      return fail(Status::out_of_sequence, kCheck, "the handshake failed before");
  }
  return fail(Status::internal_error, kCheck, "no such state");
}

Result<core::Step> SchannelContext::handshake(Bytes token) {
  const RecordFrame frame = first_record(token);
  if (frame.kind == RecordFrame::Kind::incomplete) return incomplete(frame.missing);
  return run_handshake(token, 0);
}

// `used` bytes of the token were read before. Records go in one at a time, so that what follows the handshake stays
// with the caller.
Result<core::Step> SchannelContext::run_handshake(Bytes token, std::size_t used) {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl());
    if (done == 1) return handshake_done(token.size() - used);
    switch (SSL_get_error(ssl(), done)) {
      case SSL_ERROR_WANT_READ:
        break;
      case SSL_ERROR_WANT_X509_LOOKUP:
        state_ = State::waiting;
        presented_ = std::make_unique<ByteVector>(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(used));
        return core::Step{Status::info_incomplete_credentials, wire_.take_spill(), 0, 0};
      default:
        return std::unexpected<Error>(failed_with(kCheck));
    }
    const Bytes rest = token.subspan(used);
    const RecordFrame frame = first_record(rest);
    if (frame.kind == RecordFrame::Kind::bad) {
      state_ = State::failed;
      return bad_record(rest);
    }
    if (frame.kind == RecordFrame::Kind::incomplete) {
      state_ = State::handshaking;
      return core::Step{Status::continue_needed, wire_.take_spill(), rest.size(), 0};
    }
    wire_.feed(rest.first(frame.size));
    used += frame.size;
  }
}

// SEC_I_INCOMPLETE_CREDENTIALS consumed nothing: the caller gives the same bytes again, and perhaps more behind them.
Result<core::Step> SchannelContext::resume_waiting(const core::StepInput& input) {
  const ByteVector& before = *presented_;
  const std::size_t same = std::min(before.size(), input.token.size());
  const bool repeated = std::ranges::equal(Bytes(before).first(same), input.token.first(same));  // not secret
  if (!repeated) {
    state_ = State::failed;
    return fail(Status::invalid_token, kCheck,
                "after SEC_I_INCOMPLETE_CREDENTIALS the same input is to be given again, and this one differs");
  }
  if (input.token.size() < before.size()) return incomplete(before.size() - input.token.size());
  auto changed = change_credential(input);
  if (!changed) return fail(changed);
  const std::size_t used = before.size();
  presented_.reset();
  return run_handshake(input.token, used);
}

// Depth 0 signs the handshake, and each but the last is signed by the one above it.
bool SchannelContext::allows_signature(X509_STORE_CTX* store_context) {
  if (settings().disabled.empty()) return true;
  X509* certificate = X509_STORE_CTX_get_current_cert(store_context);
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(store_context);
  const int depth = X509_STORE_CTX_get_error_depth(store_context);
  if (certificate == nullptr) return true;
  bool good = depth != 0 || may_sign_handshakes(settings(), X509_get0_pubkey(certificate));
  if (good && depth + 1 < sk_X509_num(chain)) {
    good = may_be_signed_so(settings(), certificate, X509_get0_pubkey(sk_X509_value(chain, depth + 1)));
  }
  if (good) return true;
  X509_STORE_CTX_set_error(store_context, depth == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_MD_TOO_WEAK);
  refuse_with(Status::algorithm_mismatch,
              "pDisabledCrypto disables its key or its signature, " + std::to_string(depth) + " above the peer's");
  return false;
}

Result<core::Step> SchannelContext::handshake_done(std::size_t extra_bytes) {
  state_ = State::failed;
  // Whoever looks at the certificate itself, the key's length is this credential's to judge.
  const X509* peer = SSL_get0_peer_certificate(ssl());
  if (peer != nullptr && !may_sign_handshakes(settings(), X509_get0_pubkey(peer))) {
    return fail(Status::algorithm_mismatch, kCheck, "pDisabledCrypto disables the key of the peer's certificate");
  }
  // Resumed or not, and whichever credential the handshake began with.
  if (!allows(settings(), SSL_get_current_cipher(ssl()))) {
    return fail(Status::algorithm_mismatch, kCheck, "the suite is outside of what the credential asks for");
  }
  auto accepted = accept_outcome();
  if (!accepted) return fail(accepted);
  refusal_.reset();
  SSL_free_buffers(ssl());  // 17 KiB for each direction, which an idle connection does without
  state_ = State::established;
  return core::Step{Status::ok, wire_.take_spill(), extra_bytes, 0};
}

// Why the last call on the SSL failed; the alert is owed to the peer where the caller wants alerts.
Error SchannelContext::failed_with(const char* check) {
  Error failure = ssl_failure(ssl(), check);
  if (refusal_) {
    failure.status = refusal_->status;
    failure.check = refusal_->check;
    failure.detail = refusal_->detail;
  }
  const std::uint32_t wants_alert = server() ? ASC_REQ_EXTENDED_ERROR : ISC_REQ_EXTENDED_ERROR;
  failure.output = wire_.take_spill();
  state_ = State::failed;
  failure_ = std::make_unique<Error>(failure);
  if ((requested_ & wants_alert) == 0) failure.output.clear();
  return failure;
}

// ---- After the handshake. ----

Result<core::Step> SchannelContext::after_handshake(const core::StepInput& input) {
  if (late_request_ && control_ != Control::shutdown) return answer_late_request(input);
  switch (std::exchange(control_, Control::none)) {
    case Control::shutdown:
      return shut_down();
    case Control::key_update:
      SSL_key_update(ssl(), SSL_KEY_UPDATE_REQUESTED);
      break;
    case Control::none:
      if (!owes_answer() && input.token.empty() && wire_.spill().empty()) {
        return fail(Status::out_of_sequence, "TLS connection",
                    "it is established, and nothing is to be said to the peer");
      }
      break;
  }
  // What the peer is owed: the answer to its KeyUpdate, which comes with a write of nothing, and what was written while
  // reading. The input is application data, or nothing: it stays the caller's.
  ERR_clear_error();
  std::size_t written = 0;
  if (owes_answer() && !sent_close_ && SSL_get_key_update_type(ssl()) != SSL_KEY_UPDATE_NONE) {
    wire_.write_to({});
    if (SSL_write_ex(ssl(), "", 0, &written) != 1) return std::unexpected<Error>(failed_with("TLS KeyUpdate"));
  }
  return core::Step{Status::ok, wire_.take_spill(), input.token.size(), 0};
}

// RFC 8446 4.6.2. As in the handshake: SEC_I_INCOMPLETE_CREDENTIALS, and the next call brings a credential or says to
// go on without. The input is what came behind the request: it stays the caller's.
Result<core::Step> SchannelContext::answer_late_request(const core::StepInput& input) {
  auto changed = change_credential(input);
  if (!changed) return fail(changed);
  ERR_clear_error();
  wire_.write_to({});
  const int done = SSL_do_handshake(ssl());
  if (done != 1 && SSL_get_error(ssl(), done) == SSL_ERROR_WANT_X509_LOOKUP) {
    return core::Step{Status::info_incomplete_credentials, {}, input.token.size(), 0};
  }
  if (done != 1) return std::unexpected<Error>(failed_with("TLS CertificateRequest"));
  late_request_ = false;
  return core::Step{Status::ok, wire_.take_spill(), input.token.size(), 0};
}

Result<core::Step> SchannelContext::shut_down() {
  if (!sent_close_) {
    ERR_clear_error();
    wire_.write_to({});
    if (late_request_) {  // OpenSSL closes nothing before it has its answer: no certificate
      declines_late_request_ = true;
      SSL_do_handshake(ssl());
      late_request_ = declines_late_request_ = false;
    }
    SSL_shutdown(ssl());
    ERR_clear_error();
    sent_close_ = true;
  }
  return core::Step{Status::ok, wire_.take_spill(), 0, 0};
}

Result<void> SchannelContext::control(Bytes token) {
  constexpr const char* kToken = "control token";
  wire::Reader reader(token);
  const std::uint32_t type = reader.u32le();
  if (!reader.ok())
    return fail(Status::invalid_token, kToken,
                "it has " + std::to_string(token.size()) + " bytes, at least 4 are needed");
  switch (type) {
    case SCHANNEL_SHUTDOWN:
      if (state_ == State::failed)
        return fail(Status::context_expired, kToken, "the connection failed before: there is nothing to close");
      if (state_ != State::established) {
        return fail(Status::out_of_sequence, kToken, "the handshake is not over: there is nothing to close");
      }
      control_ = Control::shutdown;
      return {};
    case SCHANNEL_RENEGOTIATE:
      if (state_ != State::established || SSL_version(ssl()) < TLS1_3_VERSION) {
        return fail(
            Status::unsupported_function, kToken,
            "renegotiation is not supported; new keys (KeyUpdate) can be had on an established connection of TLS 1.3");
      }
      control_ = Control::key_update;
      return {};
    case SCHANNEL_SESSION: {
      const std::uint32_t flags = reader.u32le();
      if (!reader.ok() || (flags != SSL_SESSION_ENABLE_RECONNECTS && flags != SSL_SESSION_DISABLE_RECONNECTS)) {
        return fail(Status::invalid_token, kToken, "its flags must be ENABLE_RECONNECTS (1) or DISABLE_RECONNECTS (2)");
      }
      if (flags == SSL_SESSION_DISABLE_RECONNECTS) {
        new_session(nullptr);
        if (SSL_SESSION* session = SSL_get_session(ssl())) SSL_CTX_remove_session(credential_->context(), session);
      }
      return {};
    }
    case SCHANNEL_ALERT:
      return fail(Status::unsupported_function, kToken,
                  "alerts are sent by the package itself; SCHANNEL_SHUTDOWN (1) closes");
    default:
      return fail(Status::unsupported_function, kToken, "its type is " + std::to_string(type) + ", known are 0 to 3");
  }
}

// ---- ALPN, RFC 7301. ----

// SEC_APPLICATION_PROTOCOLS: lists that are packed one behind the other.
Result<void> SchannelContext::take_protocols(Bytes given) {
  if (given.empty()) return {};
  const auto bad = [](std::string why) {
    return fail(Status::invalid_token, "SEC_APPLICATION_PROTOCOLS", std::move(why));
  };
  wire::Reader reader(given);
  wire::Reader lists(reader.take(reader.u32le()));
  if (!reader.ok()) return bad(reader.why());
  while (lists.remaining() > 0) {
    const std::uint32_t kind = lists.u32le();
    const Bytes list = lists.take(lists.u16le());
    if (!lists.ok()) return bad(lists.why());
    if (kind != SecApplicationProtocolNegotiationExt_ALPN) continue;
    for (std::size_t at = 0; at < list.size(); at += std::size_t{1} + list[at]) {
      if (list[at] == 0 || list[at] >= list.size() - at)
        return bad("a protocol's name is empty or longer than its list");
    }
    alpn_.assign(reinterpret_cast<const char*>(list.data()), list.size());
  }
  return {};
}

// The server's order counts. No protocol in common is an error only where this side named some.
int SchannelContext::choose_protocol(const unsigned char** out, unsigned char* out_size, Bytes offered) {
  if (alpn_.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(alpn_.data()),
                            static_cast<unsigned>(alpn_.size()), offered.data(), static_cast<unsigned>(offered.size()));
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace opensspi::schannel
