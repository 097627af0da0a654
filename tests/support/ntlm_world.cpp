#include "support/ntlm_world.hpp"

#include "accounts/callback.hpp"
#include "accounts/owf.hpp"
#include "base/text.hpp"
#include "ntlm/acceptor.hpp"
#include "ntlm/initiator.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {

void ScriptedHost::random(MutableBytes out) const {
  std::size_t taken = 0;
  while (taken < out.size() && !script_.empty()) {
    out[taken++] = script_.front();
    script_.pop_front();
  }
  FixedHost::random(out.subspan(taken));
}

NtlmWorld::NtlmWorld() {
  policy.max_lifetime_seconds = configuration.max_lifetime_seconds;
  add_account(u"alice", u"EXAMPLE", u"Passw0rd!");
}

void NtlmWorld::add_account(std::u16string_view user, std::u16string_view domain, std::u16string_view password) {
  accounts_[upcase(user)] = {std::u16string(user), std::u16string(domain), std::u16string(password)};
}

std::shared_ptr<const accounts::AccountSource> NtlmWorld::source() const {
  using Account = accounts::HashSource::Account;
  const auto find = [known = accounts_](std::u16string_view user, std::u16string_view) -> Result<Account> {
    const auto at = known.find(upcase(user));
    if (at == known.end()) return fail(Status::logon_denied, "accounts of the test", "unknown user");
    Account account;
    const ByteVector password = utf16le(at->second.password);
    account.nt_hash = accounts::ntowf_v1(password);
    account.has_lm_hash = accounts::lmowf_v1(password, account.lm_hash);
    account.account = at->second.user;
    account.domain = at->second.domain;
    return account;
  };
  return accounts::make_callback_source(find);
}

std::unique_ptr<core::Context> NtlmWorld::acceptor() const {
  return std::make_unique<ntlm::Acceptor>(package, source(), policy);
}

std::unique_ptr<core::Context> NtlmWorld::initiator(std::u16string_view user, std::u16string_view domain,
                                                    std::u16string_view password) const {
  return std::make_unique<ntlm::Initiator>(package, make_account(user, domain, password), policy);
}

std::unique_ptr<core::Context> NtlmWorld::anonymous_initiator() const {
  auto nobody = std::make_shared<ntlm::Account>();
  nobody->anonymous = true;
  return std::make_unique<ntlm::Initiator>(package, nobody, policy);
}

std::shared_ptr<const ntlm::Account> make_account(std::u16string_view user, std::u16string_view domain,
                                                  std::u16string_view password) {
  auto account = std::make_shared<ntlm::Account>();
  account->user = user;
  account->domain = domain;
  account->nt_hash = accounts::ntowf_v1(utf16le(password));
  account->ntowf_v2 = accounts::ntowf_v2(account->nt_hash, user, domain);
  account->has_lmowf_v1 = accounts::lmowf_v1(utf16le(password), account->lmowf_v1);
  return account;
}

Result<core::Step> step(core::Context& context, Bytes token, const StepOptions& options) {
  core::StepInput input;
  input.token = token;
  input.flags = options.flags;
  input.target = options.target;
  input.bindings = options.bindings;
  return context.step(input);
}

Conversation log_on(core::Context& client, core::Context& server, const StepOptions& client_options,
                    const StepOptions& server_options) {
  Conversation c;
  const auto ended = [&c](const Result<core::Step>& step) {
    c.status = status_of(step);
    c.reason = why(step);
    return !step;
  };
  auto first = step(client, {}, client_options);
  if (ended(first)) return c;
  c.negotiate = first->output;
  auto second = step(server, c.negotiate, server_options);
  if (ended(second)) return c;
  c.challenge = second->output;
  auto third = step(client, c.challenge, client_options);
  if (ended(third)) return c;
  c.authenticate = third->output;
  ended(step(server, c.authenticate, server_options));
  return c;
}

namespace {

struct Buffers {
  SecBuffer list[2];
  Buffers(ByteVector& token, ByteVector& data)
      : list{{static_cast<ULONG>(token.size()), SECBUFFER_TOKEN, token.data()},
             {static_cast<ULONG>(data.size()), SECBUFFER_DATA, data.data()}} {}
};

}  // namespace

Result<Sealed> seal(core::Context& context, Bytes data, std::uint32_t number) {
  Sealed message{ByteVector(16), {data.begin(), data.end()}};
  Buffers buffers(message.token, message.data);
  auto done = context.encrypt(0, buffers.list, number);
  if (!done) return fail(done);
  return message;
}

Result<ByteVector> unseal(core::Context& context, const Sealed& message, std::uint32_t number) {
  Sealed copy = message;
  Buffers buffers(copy.token, copy.data);
  auto done = context.decrypt(buffers.list, number);
  if (!done) {
    EXPECT_TRUE(copy.data == message.data || copy.data == ByteVector(message.data.size(), 0))
        << "a refused message leaves zeros, or what it was where nothing could be tried";
    return fail(done);
  }
  return copy.data;
}

Result<ByteVector> sign(core::Context& context, Bytes data, std::uint32_t number) {
  ByteVector token(16), copy(data.begin(), data.end());
  Buffers buffers(token, copy);
  auto done = context.sign(0, buffers.list, number);
  if (!done) return fail(done);
  return token;
}

Result<std::uint32_t> verify(core::Context& context, Bytes token, Bytes data, std::uint32_t number) {
  ByteVector token_copy(token.begin(), token.end()), data_copy(data.begin(), data.end());
  Buffers buffers(token_copy, data_copy);
  return context.verify(buffers.list, number);
}

ByteVector session_key(const core::Context& context) {
  auto attribute = context.query(SECPKG_ATTR_SESSION_KEY);
  if (!attribute) return {};
  const Bytes key = std::get<core::SessionKey>(*attribute).key.bytes();
  return {key.begin(), key.end()};
}

std::u16string user_name(const core::Context& context) {
  auto attribute = context.query(SECPKG_ATTR_NAMES);
  return attribute ? std::get<core::Names>(*attribute).user : u"(none)";
}

ByteVector as_bytes(std::string_view text) { return {text.begin(), text.end()}; }

void expect_usable(core::Context& a, core::Context& b, bool sealing) {
  core::Context* const ways[2][2] = {{&a, &b}, {&b, &a}};
  for (const auto& [from, to] : ways) {
    for (const char* text : {"", "message", "a longer message, in the other of two sizes that are tried"}) {
      const ByteVector data = as_bytes(text);
      auto signature = sign(*from, data);
      ASSERT_TRUE(signature) << why(signature);
      auto verified = verify(*to, *signature, data);
      EXPECT_TRUE(verified) << why(verified);
      if (!sealing) continue;
      auto sealed = seal(*from, data);
      ASSERT_TRUE(sealed) << why(sealed);
      auto opened = unseal(*to, *sealed);
      ASSERT_TRUE(opened) << why(opened);
      EXPECT_EQ(*opened, data);
    }
  }
}

}  // namespace opensspi::testing
