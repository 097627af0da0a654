// Channel bindings as GSSAPI takes them, RFC 2744 section 3.11; copies, since a worker may outlive the caller's memory.
#pragma once

#include <optional>

#include "core/step.hpp"
#include "kerberos/gss.hpp"

namespace opensspi::kerberos {

class Bindings {
 public:
  explicit Bindings(const core::ChannelBindings& given)
      : initiator_(given.initiator.begin(), given.initiator.end()),
        acceptor_(given.acceptor.begin(), given.acceptor.end()),
        application_(given.application.begin(), given.application.end()),
        initiator_type_(given.initiator_type),
        acceptor_type_(given.acceptor_type) {}

  gss_channel_bindings_struct view() const {
    return {initiator_type_, gss_view(initiator_), acceptor_type_, gss_view(acceptor_), gss_view(application_)};
  }

 private:
  ByteVector initiator_, acceptor_, application_;
  std::uint32_t initiator_type_, acceptor_type_;
};

}  // namespace opensspi::kerberos
