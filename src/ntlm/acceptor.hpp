// Acceptor: the server's side of the handshake, MS-NLMP 3.2.5.
#pragma once

#include <memory>
#include <optional>

#include "accounts/account_source.hpp"
#include "base/host.hpp"
#include "ntlm/channel_bindings.hpp"
#include "ntlm/context.hpp"
#include "ntlm/credential.hpp"
#include "ntlm/messages/authenticate.hpp"

namespace opensspi::ntlm {

class Acceptor final : public NtlmContext {
 public:
  Acceptor(const NtlmPackage& package, std::shared_ptr<const accounts::AccountSource> source, const Policy& policy);
  Result<core::Step> step(const core::StepInput& input) override;

 private:
  enum class State { start, awaiting_authenticate, established, failed };
  // What is needed between the first step and the last, and then freed.
  struct Handshake {
    std::shared_ptr<const accounts::AccountSource> source;
    Policy policy;
    std::uint32_t flags = 0;  // of the CHALLENGE_MESSAGE
    Challenge8 server_challenge{};
    ByteVector negotiate, challenge;  // raw, for the MIC
    ByteVector target_info;           // as sent
    std::optional<BindingsHash> bindings;
  };

  Result<core::Step> on_negotiate(const core::StepInput& input);
  Result<core::Step> on_authenticate(const core::StepInput& input);
  void take_request(const core::StepInput& input);

  Result<std::uint32_t> choose_flags(std::uint32_t offered) const;
  AvPairs make_target_info(ByteVector& storage) const;

  Result<Outcome> authenticate(const AuthenticateMessage& message, Bytes token) const;
  Result<Outcome> accept_anonymous(const AuthenticateMessage& message) const;
  Result<std::uint32_t> agreed_flags(const AuthenticateMessage& message, bool with_mic) const;
  Result<void> check_response(const Ntlmv2Response& response) const;
  Result<void> check_time(const Ntlmv2Response& response) const;
  Result<void> check_echo(const AvPairs& echoed) const;
  Result<void> check_bindings(const AvPairs* pairs) const;
  Result<void> take_keys(const AuthenticateMessage& message, const accounts::Verdict& verdict, Outcome& outcome) const;
  Result<void> check_mic(const AuthenticateMessage& message, Bytes token, const Outcome& outcome) const;

  const Host& host() const;

  State state_ = State::start;
  std::unique_ptr<Handshake> handshake_;
};

}  // namespace opensspi::ntlm
