#include "peer/spnego_world.hpp"

#include "base/text.hpp"
#include "opensspi/extra.h"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

constexpr int kMostReplies = 10;  // more than any conversation has

SECURITY_STATUS look_up(void*, const SEC_WCHAR* user, const SEC_WCHAR*, OPENSSPI_ACCOUNT* account) {
  constexpr std::u16string_view kAlice = u"alice";
  if (!std::equal(kAlice.begin(), kAlice.end(), user) || user[kAlice.size()] != 0) return SEC_E_LOGON_DENIED;
  const peer::Blob hash = peer::nt_hash("Passw0rd!");
  std::ranges::copy(hash, account->NtHash);
  return SEC_E_OK;
}

}  // namespace

std::shared_ptr<core::Credential> SpnegoWorld::acquire(const core::AuthIdentity& identity) {
  core::AcquireInput input;
  input.use = SECPKG_CRED_BOTH;
  input.identity = &identity;
  auto credential = package.acquire(input);
  EXPECT_TRUE(credential) << why(credential);
  return credential ? *credential : nullptr;
}

std::unique_ptr<core::Context> SpnegoWorld::initiator(std::u16string_view list, std::u16string_view password) {
  core::AuthIdentity identity;
  identity.user = u"alice";
  identity.domain = u"EXAMPLE";
  const ByteVector secret = utf16le(password);
  identity.password = Secret(Bytes(secret));
  identity.has_user = identity.has_domain = identity.has_password = true;
  identity.package_list = list;
  return acquire(identity)->start(core::Role::initiator).value();
}

std::unique_ptr<core::Context> SpnegoWorld::acceptor(std::u16string_view list) {
  core::AuthIdentity identity;
  identity.package_list = list;
  auto credential = acquire(identity);
  const OPENSSPI_ACCOUNTS accounts{nullptr, look_up, nullptr};
  const auto set =
      credential->set(OPENSSPI_CRED_ATTR_ACCOUNTS, {reinterpret_cast<const std::uint8_t*>(&accounts), sizeof accounts});
  EXPECT_TRUE(set) << why(set);
  return credential->start(core::Role::acceptor).value();
}

SpnegoTalk peers_client_at_ours(SpnegoWorld& world, peer::SpnegoClient& client, const StepOptions& options) {
  SpnegoTalk talk;
  talk.ours = world.acceptor();
  talk.tokens.push_back(client.init());
  for (int replies = 0; replies < kMostReplies; ++replies) {
    talk.result = step(*talk.ours, talk.tokens.back(), options);
    if (!talk.result) return talk;
    talk.tokens.push_back(talk.result->output);
    if (talk.ours->established()) return talk;
    talk.tokens.push_back(client.answer(talk.tokens.back()));
  }
  ADD_FAILURE() << "the conversation does not end";
  return talk;
}

SpnegoTalk our_client_at_peers(SpnegoWorld& world, peer::SpnegoServer& server, const StepOptions& options,
                               std::u16string_view list) {
  SpnegoTalk talk;
  talk.ours = world.initiator(list);
  const auto ours = [&](const ByteVector& token) {
    if (!token.empty()) talk.tokens.push_back(token);
    talk.result = step(*talk.ours, token, options);
    if (talk.result) talk.tokens.push_back(talk.result->output);
    return talk.result.has_value();
  };
  if (!ours(list.empty() ? server.hint() : ByteVector{})) return talk;
  if (!ours(server.first(talk.tokens.back()))) return talk;
  const auto sent = peer::read_resp(talk.tokens.back());
  const bool has_negotiate = sent && sent->token && sent->token->size() > 8 && (*sent->token)[8] == 1;
  if (has_negotiate && !ours(server.challenge(talk.tokens.back()))) return talk;
  ours(server.last(talk.tokens.back()));
  return talk;
}

void expect_failed(const SpnegoTalk& talk, Status status, const std::string& reason) {
  EXPECT_EQ(talk.status(), status) << talk.reason();
  EXPECT_TRUE(talk.reason().find(reason) != std::string::npos)
      << "\"" << talk.reason() << "\" says nothing of \"" << reason << "\"";
  EXPECT_FALSE(talk.ours->established());
  EXPECT_EQ(status_of(step(*talk.ours, talk.tokens.back())), Status::out_of_sequence);
  EXPECT_TRUE(session_key(*talk.ours).empty());
}

void expect_no_more_tokens(const SpnegoTalk& talk) {
  for (const ByteVector& token : talk.tokens) {
    const auto again = step(*talk.ours, token, {.flags = kSealing});
    EXPECT_EQ(status_of(again), Status::out_of_sequence);
    EXPECT_TRUE(why(again).find("no further token is due") != std::string::npos) << why(again);
  }
  EXPECT_TRUE(talk.ours->established()) << "what comes too late does not end what was established";
}

const std::vector<BadLayout>& layouts_that_are_no_resp() {
  static const std::vector<BadLayout> layouts = {
      {{.reversed = true}, "NegTokenResp: "},
      {{.last_twice = true}, "NegTokenResp: "},
      {{.long_lengths = true}, "not in the shortest form"},
      {{.indefinite = true}, "indefinite"},
      {{.trailing = true}, "1 bytes follow its end"},
      {{.short_by_one = true}, "it claims"},
      {{.more = peer::Blob{0xA4, 2, 4, 0}}, "NegTokenResp: 4 bytes follow"},
  };
  return layouts;
}

std::string fallback(const core::Context& context) {
  auto attribute = context.query(OPENSSPI_ATTR_FALLBACK);
  return attribute ? to_utf8(std::get<core::Fallback>(*attribute).reason) : why(attribute);
}

std::string chosen(const core::Context& context) {
  auto attribute = context.query(SECPKG_ATTR_NEGOTIATION_INFO);
  return attribute ? to_utf8(std::get<core::NegotiationInfo>(*attribute).package->name) : why(attribute);
}

}  // namespace opensspi::testing
