// The acceptor's timestamp: one instant of the host's clock, however fast the clock runs.
#include <gtest/gtest.h>

#include "ntlm/flags.hpp"
#include "ntlm/messages/challenge.hpp"
#include "ntlm/messages/negotiate.hpp"
#include "ntlm/package.hpp"
#include "opensspi/extra.h"
#include "support/fixed_host.hpp"

namespace opensspi::testing {
namespace {

// Every look at the clock changes every byte of it.
class RunningHost final : public FixedHost {
 public:
  FileTime now() const override { return {0x0101010101010101 * ++looks_}; }

 private:
  mutable std::uint64_t looks_ = 0;
};

SECURITY_STATUS nobody(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT*) { return SEC_E_LOGON_DENIED; }

TEST(NtlmAcceptorClock, TheTimestampIsOneInstant) {
  const RunningHost host;
  const Configuration configuration;
  ntlm::NtlmPackage package(host, configuration);
  auto credential = package.acquire({.principal = {}, .use = SECPKG_CRED_INBOUND});
  ASSERT_TRUE(credential);
  const OPENSSPI_ACCOUNTS accounts{nullptr, nobody, nullptr};
  const Bytes structure(reinterpret_cast<const std::uint8_t*>(&accounts), sizeof accounts);
  ASSERT_TRUE((*credential)->set(OPENSSPI_CRED_ATTR_ACCOUNTS, structure));
  auto acceptor = (*credential)->start(core::Role::acceptor);
  ASSERT_TRUE(acceptor);

  const ByteVector negotiate = ntlm::NegotiateMessage{ntlm::kUnicode | ntlm::kNtlm}.serialize();
  core::StepInput input;
  input.token = negotiate;
  auto step = (*acceptor)->step(input);
  ASSERT_TRUE(step);
  auto challenge = ntlm::ChallengeMessage::parse(step->output);
  ASSERT_TRUE(challenge);
  const auto timestamp = challenge->target_info.timestamp();
  ASSERT_TRUE(timestamp);
  EXPECT_EQ(timestamp->ticks % 0x0101010101010101, 0U) << "its bytes are of different instants";
}

}  // namespace
}  // namespace opensspi::testing
