#include "fuzz/negotiate_world.hpp"

#include <cstdlib>
#include <cstring>

#include "base/text.hpp"
#include "negotiate/messages/tokens.hpp"
#include "opensspi/extra.h"

namespace opensspi::fuzz {
namespace {

constexpr std::uint32_t kWanted = ISC_REQ_INTEGRITY | ISC_REQ_CONFIDENTIALITY;

// MD4 of "Passw0rd!" in UTF-16LE.
constexpr std::uint8_t kNtHash[16] = {0xfc, 0x52, 0x5c, 0x96, 0x83, 0xe8, 0xfe, 0x06,
                                      0x70, 0x95, 0xba, 0x2d, 0xdc, 0x97, 0x18, 0x89};

SECURITY_STATUS look_up(void*, const SEC_WCHAR*, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  std::memcpy(account->NtHash, kNtHash, sizeof kNtHash);
  return SEC_E_OK;
}

}  // namespace

NegotiateWorld::NegotiateWorld() {
  core::AuthIdentity identity;
  identity.user = u"alice";
  identity.domain = u"EXAMPLE";
  ByteVector password;
  append_utf16le(password, u"Passw0rd!");
  identity.password = Secret(Bytes(password));
  identity.has_user = identity.has_domain = identity.has_password = true;
  core::AcquireInput input;
  input.use = SECPKG_CRED_BOTH;
  input.identity = &identity;
  auto credential = package_.acquire(input);
  if (!credential) std::abort();
  credential_ = std::move(*credential);
  const OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
  const Bytes structure(reinterpret_cast<const std::uint8_t*>(&accounts), sizeof accounts);
  if (!credential_->set(OPENSSPI_CRED_ATTR_ACCOUNTS, structure)) std::abort();
}

std::unique_ptr<core::Context> NegotiateWorld::start(core::Role role) {
  auto context = credential_->start(role);
  if (!context) std::abort();
  return std::move(*context);
}

std::vector<Bytes> split_steps(Bytes input) {
  std::vector<Bytes> steps;
  while (input.size() >= 2) {
    const std::size_t wanted = input[0] + 256U * input[1];
    input = input.subspan(2);
    const std::size_t length = std::min(wanted, input.size());
    steps.push_back(input.first(length));
    input = input.subspan(length);
  }
  return steps;
}

Result<core::Step> step(core::Context& context, Bytes token) {
  core::StepInput input;
  input.token = token;
  input.flags = kWanted;
  input.target = u"HTTP/server.example.com";
  return context.step(input);
}

void check_rules(core::Context& context, const Result<core::Step>& result) {
  const Bytes token = result ? Bytes(result->output) : Bytes(result.error().output);
  if (!token.empty() && negotiate::kind_of(token) == negotiate::Kind::unknown) std::abort();
  if (result) {
    if (result->status != Status::ok && result->status != Status::continue_needed) std::abort();
    if (context.established() != (result->status == Status::ok)) std::abort();
    return;
  }
  if (result.error().detail.empty() || result.error().check[0] == '\0') std::abort();
  if (result.error().status == Status::internal_error) std::abort();
}

}  // namespace opensspi::fuzz
