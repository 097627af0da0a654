// A small world for tests of NTLM: a host whose clock and random numbers are the test's, accounts, contexts of both
// roles, and message calls on plain sequences of bytes.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "accounts/account_source.hpp"
#include "base/configuration.hpp"
#include "ntlm/credential.hpp"
#include "ntlm/package.hpp"
#include "support/fixed_host.hpp"

namespace opensspi {

// GoogleTest prints statuses by their names.
inline void PrintTo(Status status, std::ostream* out) { *out << status_name(status); }

}  // namespace opensspi

namespace opensspi::testing {

template <typename T>
Status status_of(const Result<T>& result) {
  return result ? Status::ok : result.error().status;
}
inline Status status_of(const Result<core::Step>& result) { return result ? result->status : result.error().status; }

// What a failure says, check and detail; empty for a success.
template <typename T>
std::string why(const Result<T>& result) {
  return result ? std::string() : std::string(result.error().check) + ": " + result.error().detail;
}

// Draws what the test wrote down, then goes on with a counter.
class ScriptedHost : public FixedHost {
 public:
  void will_draw(Bytes bytes) { script_.insert(script_.end(), bytes.begin(), bytes.end()); }
  void random(MutableBytes out) const override;

 private:
  mutable std::deque<std::uint8_t> script_;
};

inline constexpr std::uint32_t kSealing = ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;

class NtlmWorld {
 public:
  NtlmWorld();  // alice of EXAMPLE with the password "Passw0rd!"; the policy of the defaults at both ends

  void add_account(std::u16string_view user, std::u16string_view domain, std::u16string_view password);
  std::shared_ptr<const accounts::AccountSource> source() const;
  std::unique_ptr<core::Context> acceptor() const;
  std::unique_ptr<core::Context> initiator(std::u16string_view user = u"alice", std::u16string_view domain = u"EXAMPLE",
                                           std::u16string_view password = u"Passw0rd!") const;
  std::unique_ptr<core::Context> anonymous_initiator() const;

  ScriptedHost host;
  Configuration configuration;
  ntlm::NtlmPackage package{host, configuration};
  ntlm::Policy policy;

 private:
  struct Known {
    std::u16string user, domain, password;
  };
  std::map<std::u16string, Known> accounts_;  // by the user in upper case
};

std::shared_ptr<const ntlm::Account> make_account(std::u16string_view user, std::u16string_view domain,
                                                  std::u16string_view password);

// ---- Steps.

struct StepOptions {
  std::uint32_t flags = 0;
  std::u16string_view target = {};
  std::optional<core::ChannelBindings> bindings = {};
};
Result<core::Step> step(core::Context& context, Bytes token, const StepOptions& options = {});

// The three messages of a log-on, and how it ended.
struct Conversation {
  ByteVector negotiate, challenge, authenticate;
  Status status = Status::internal_error;
  std::string reason;
};
Conversation log_on(core::Context& client, core::Context& server, const StepOptions& client_options = {},
                    const StepOptions& server_options = {});

// ---- Messages.

struct Sealed {
  ByteVector token, data;
};
Result<Sealed> seal(core::Context& context, Bytes data, std::uint32_t number = 0);
Result<ByteVector> unseal(core::Context& context, const Sealed& message, std::uint32_t number = 0);
Result<ByteVector> sign(core::Context& context, Bytes data, std::uint32_t number = 0);
Result<std::uint32_t> verify(core::Context& context, Bytes token, Bytes data, std::uint32_t number = 0);

ByteVector session_key(const core::Context& context);
std::u16string user_name(const core::Context& context);
ByteVector as_bytes(std::string_view text);

// Messages of every kind pass between the two, both ways.
void expect_usable(core::Context& a, core::Context& b, bool sealing = true);

}  // namespace opensspi::testing
