#include "fuzz/fuzz_world.hpp"

#include <algorithm>

#include "accounts/callback.hpp"
#include "accounts/owf.hpp"
#include "base/text.hpp"

namespace opensspi::fuzz {
namespace {

constexpr std::u16string_view kUser = u"alice", kDomain = u"EXAMPLE", kPassword = u"Passw0rd!";

ByteVector password() {
  ByteVector bytes;
  append_utf16le(bytes, kPassword);
  return bytes;
}

std::shared_ptr<const accounts::AccountSource> source() {
  return accounts::make_callback_source(
      [](std::u16string_view user, std::u16string_view) -> Result<accounts::HashSource::Account> {
        if (!equal_ignoring_case(user, kUser)) return fail(Status::logon_denied, "accounts", "unknown");
        accounts::HashSource::Account account;
        account.nt_hash = accounts::ntowf_v1(password());
        account.has_lm_hash = accounts::lmowf_v1(password(), account.lm_hash);
        account.account = kUser;
        account.domain = kDomain;
        return account;
      });
}

std::shared_ptr<const ntlm::Account> account() {
  auto account = std::make_shared<ntlm::Account>();
  account->user = kUser;
  account->domain = kDomain;
  account->nt_hash = accounts::ntowf_v1(password());
  account->ntowf_v2 = accounts::ntowf_v2(account->nt_hash, kUser, kDomain);
  account->has_lmowf_v1 = accounts::lmowf_v1(password(), account->lmowf_v1);
  return account;
}

}  // namespace

StillHost::StillHost() {
  names_.netbios_computer = u"SERVER";
  names_.netbios_domain = u"SERVER";
  names_.dns_computer = u"server.example.com";
  names_.dns_domain = u"example.com";
}

void StillHost::random(MutableBytes out) const { std::ranges::fill(out, std::uint8_t{0xA5}); }

ntlm::Policy World::policy(std::uint8_t choice) {
  return {.allow_weak = (choice & 1) != 0,
          .require_mic = (choice & 2) != 0,
          .lm_level = (choice & 1) != 0 ? (choice >> 2) % 6U : 3U,
          .max_lifetime_seconds = 36 * 3600};
}

std::unique_ptr<core::Context> World::acceptor(std::uint8_t choice) const {
  static const auto accounts = source();
  return std::make_unique<ntlm::Acceptor>(package, accounts, policy(choice));
}

std::unique_ptr<core::Context> World::initiator(std::uint8_t choice) const {
  static const auto alice = account();
  return std::make_unique<ntlm::Initiator>(package, alice, policy(choice));
}

const World& world() {
  static const World instance;
  return instance;
}

Bytes take_piece(Bytes& input) {
  const std::size_t low = take_byte(input), high = take_byte(input);
  const Bytes piece = input.first(std::min(input.size(), low | high << 8));
  input = input.subspan(piece.size());
  return piece;
}

std::uint8_t take_byte(Bytes& input) {
  if (input.empty()) return 0;
  const std::uint8_t byte = input[0];
  input = input.subspan(1);
  return byte;
}

void use(core::Context& context) {
  std::uint8_t token[16] = {}, data[] = {'d', 'a', 't', 'a'};
  SecBuffer buffers[] = {{sizeof token, SECBUFFER_TOKEN, token}, {sizeof data, SECBUFFER_DATA, data}};
  require(context.sign(0, buffers, 0).has_value());
  (void)context.encrypt(0, buffers, 0);
  (void)context.decrypt(buffers, 0);
  (void)context.attributes();
  for (std::uint32_t id = 0; id < 30; ++id) (void)context.query(id);
  require(context.pack(false).has_value());
}

}  // namespace opensspi::fuzz
