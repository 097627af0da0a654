// SchannelContext: one TLS connection, either role: the handshake a record at a time, protection, attributes, shutdown.
#pragma once

#include <memory>
#include <string>

#include "core/context.hpp"
#include "schannel/credential.hpp"
#include "schannel/wire.hpp"

namespace opensspi::schannel {

class SchannelContext : public core::Context {
 public:
  ~SchannelContext() override;

  Result<core::Step> step(const core::StepInput& input) override;
  std::uint32_t attributes() const override;
  bool established() const override { return state_ == State::established; }

  Result<void> encrypt(std::uint32_t qop, std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<Decrypted> decrypt(std::span<SecBuffer> buffers, std::uint32_t sequence) override;
  Result<std::size_t> stream_bound(std::size_t input_bytes) const override;
  Result<std::size_t> encrypt_stream(Bytes input, MutableBytes output) override;
  Result<Status> decrypt_stream(Bytes input, MutableBytes output, StreamProgress& progress) override;

  Result<core::Attribute> query(std::uint32_t id) const override;
  Result<void> set(std::uint32_t id, Bytes value) override;
  Result<void> control(Bytes control_token) override;

  // ---- From OpenSSL's callbacks. ----
  virtual int verified(int good, X509_STORE_CTX* store_context) = 0;  // 1: go on
  virtual int stapled() { return 1; }                                 // 1: go on, 0: refuse
  virtual int own_certificate(X509**, EVP_PKEY**) { return 0; }       // as client_cert_cb
  virtual void new_session(SSL_SESSION*) {}
  virtual int choose_protocol(const unsigned char** out, unsigned char* out_size, Bytes offered);

 protected:
  SchannelContext(std::shared_ptr<SchannelCredential> credential, core::Role role);

  // Before the first byte: names, verification, sessions.
  virtual Result<void> begin(const core::StepInput& input) = 0;
  // The credential that a later call of the handshake gives.
  virtual Result<void> change_credential(const core::StepInput&) { return {}; }
  // After the last byte of the handshake; what was agreed must be what was asked for.
  virtual Result<void> accept_outcome() { return {}; }
  virtual bool peer_is_authenticated() const = 0;

  SSL* ssl() const { return ssl_.get(); }
  bool server() const { return role_ == core::Role::acceptor; }
  const Settings& settings() const { return credential_->settings(); }
  void refuse_with(Status status, std::string detail) {
    refusal_ = std::make_unique<Error>(Error{status, "certificate of the peer", std::move(detail), {}});
  }
  Result<void> take_protocols(Bytes application_protocols);
  // The stream functions answer a late CertificateRequest by themselves, without a certificate where there is none.
  bool declines_late_request() const { return declines_late_request_; }
  // Of a certificate that OpenSSL accepts: whether pDisabledCrypto does too.
  bool allows_signature(X509_STORE_CTX* store_context);

  const std::shared_ptr<SchannelCredential> credential_;
  const core::Role role_;
  std::uint32_t requested_ = 0;  // ISC_REQ_x or ASC_REQ_x of the latest step
  std::string alpn_;             // what this side speaks, as the wire has it

 private:
  enum class State { fresh, handshaking, waiting, established, failed };
  enum class Control { none, shutdown, key_update };

  // The handshake, handshake.cpp.
  Result<core::Step> handshake(Bytes token);
  Result<core::Step> resume_waiting(const core::StepInput& input);
  Result<core::Step> run_handshake(Bytes token, std::size_t used);
  Result<core::Step> handshake_done(std::size_t extra_bytes);
  Result<core::Step> after_handshake(const core::StepInput& input);
  Result<core::Step> answer_late_request(const core::StepInput& input);
  Result<core::Step> shut_down();
  Error failed_with(const char* check);

  // Protection, protection.cpp.
  Result<void> check_can_send(std::uint32_t qop) const;
  Result<Status> read_record(Bytes record, MutableBytes out, std::size_t& plain);
  Result<void> count_answers(std::size_t owed_before);
  bool owes_answer() const;
  Result<void> encrypt_in_place(SecBuffer& header, SecBuffer& data, SecBuffer& trailer);
  core::StreamSizes stream_sizes() const;
  std::size_t head_bytes() const;
  std::size_t tail_bytes() const;
  std::size_t least_overhead() const;

  // Attributes, attributes.cpp and bindings.cpp.
  Result<core::Attribute> query_established(std::uint32_t id) const;
  core::Connection connection() const;
  Result<core::Attribute> remote_certificate() const;
  Result<core::Attribute> remote_certificates() const;
  Result<core::Attribute> local_certificate() const;
  core::IssuerList issuers() const;
  Result<core::Attribute> endpoint_bindings() const;
  Result<core::Attribute> unique_bindings() const;
  Result<core::Attribute> keying_material() const;
  Result<void> set_keying_material(Bytes value);

  Wire wire_;  // before ssl_, which writes to it until its end
  SslPtr ssl_;
  State state_ = State::fresh;
  Control control_ = Control::none;
  bool sent_close_ = false, received_close_ = false;
  bool late_request_ = false;  // a CertificateRequest after the handshake waits for a certificate
  bool declines_late_request_ = false;
  unsigned idle_records_ = 0;              // records without application data in a row
  unsigned untaken_answers_ = 0;           // what the peer was answered since the caller last took it
  std::unique_ptr<Error> failure_;         // why state_ is failed
  std::unique_ptr<Error> refusal_;         // what a callback found, in better words than OpenSSL's
  std::unique_ptr<ByteVector> presented_;  // waiting: what was read of the token, which the caller gives again
  struct Exporter {
    std::string label;
    ByteVector context;
    bool has_context = false;
    std::uint32_t size = 0;
  };
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace opensspi::schannel
