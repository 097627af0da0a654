// Acceptor: the server's side of the handshake, RFC 4121 and MS-KILE 3.4.
#pragma once

#include <memory>

#include "kerberos/bindings.hpp"
#include "kerberos/context.hpp"
#include "kerberos/credential.hpp"
#include "kerberos/describe.hpp"
#include "kerberos/user_to_user.hpp"

namespace opensspi::kerberos {

class Acceptor final : public KerberosContext {
 public:
  Acceptor(const KerberosPackage& package, std::shared_ptr<const KerberosCredential> credential);
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_third_leg, awaiting_user_request, established, failed };

  Result<core::Step> dispatch(const core::StepInput& input);
  // The same of a token in Windows' spelling.
  Result<core::Step> step_respelled(const core::StepInput& input);

  // What one call of gss_accept_sec_context gives.
  struct Leg {
    ByteVector output;
    GssName peer;
    GssCredential delegated;
    OM_uint32 major = 0, minor = 0, flags = 0, seconds = 0;

    void run(GssContext& context, gss_cred_id_t key, Bytes token, const std::optional<Bindings>& bindings);
  };

  bool is_datagram() const { return (requested_ & ASC_REQ_DATAGRAM) != 0; }
  bool sends_bindings(Bytes token) const;
  // Whether the ticket is encrypted with a type that is allowed here.
  Result<void> check_ticket(Bytes token) const;
  core::Step finish(Leg leg);
  Result<core::Step> on_token(const core::StepInput& input, TokenKind due);
  Result<core::Step> on_tgt_request(const core::StepInput& input);
  Result<core::Step> on_user_request(const core::StepInput& input);
  Result<void> check_bindings(const core::StepInput& input, bool bound) const;

  State state_ = State::start;
  std::shared_ptr<const KerberosCredential> credential_;
  std::shared_ptr<const ServiceKey> key_;           // between the first step and the last
  std::optional<UserToUserAcceptor> user_to_user_;  // likewise
  GssContext context_;
  bool spelled_as_windows_ = false;  // the client's tokens are, and so are the answers
};

}  // namespace opensspi::kerberos
