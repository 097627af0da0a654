// Initiator: the client's side of the handshake, RFC 4121 and MS-KILE 3.2.
#pragma once

#include <memory>
#include <optional>

#include "kerberos/bindings.hpp"
#include "kerberos/context.hpp"
#include "kerberos/tickets.hpp"
#include "kerberos/user_to_user.hpp"

namespace opensspi::kerberos {

class Initiator final : public KerberosContext {
 public:
  Initiator(const KerberosPackage& package, std::shared_ptr<Tickets> tickets);
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_reply, awaiting_tgt, awaiting_user_reply, established, failed };
  // What is needed between the first step and the last, and then freed.
  struct Handshake {
    std::shared_ptr<Tickets> tickets;
    std::shared_ptr<const Ticket> ticket;
    GssContext context;
    OM_uint32 flags = 0;  // asked of GSSAPI
    std::optional<Bindings> bindings;
    std::u16string target;
    std::optional<UserToUserInitiator> user_to_user;
  };
  // What one call of gss_init_sec_context takes and gives. It owns all, so that a worker can run it.
  struct Leg {
    std::shared_ptr<const Ticket> ticket;
    GssContext context;
    OM_uint32 flags = 0;
    std::optional<Bindings> bindings;
    ByteVector input;
    ByteVector output;
    OM_uint32 major = 0, minor = 0, granted = 0, seconds = 0;

    void run();
  };

  Result<core::Step> begin(const core::StepInput& input);
  Result<core::Step> on_reply(const core::StepInput& input);
  Result<void> check_request(const core::StepInput& input) const;
  Result<std::shared_ptr<const Ticket>> ticket(const TicketRequest& request) const;
  Result<Leg> run(Leg leg) const;
  Result<core::Step> finish(Leg leg);
  Result<core::Step> on_tgt(const core::StepInput& input);
  Result<core::Step> on_user_reply(const core::StepInput& input);

  State state_ = State::start;
  std::unique_ptr<Handshake> handshake_;
};

}  // namespace opensspi::kerberos
