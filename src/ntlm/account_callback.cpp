#include "ntlm/account_callback.hpp"

#include <algorithm>
#include <iterator>

#include "accounts/callback.hpp"
#include "base/text.hpp"

namespace opensspi::ntlm {
namespace {

constexpr const char* kCheck = "account callback";

// False where the text does not fit with its NUL: no account has such a name.
template <std::size_t N>
bool put_text(SEC_WCHAR (&to)[N], std::u16string_view text) {
  if (text.size() >= N) return false;
  std::ranges::copy(text, to);
  return true;
}

// Up to the NUL, or the array's end where the callback left none.
template <std::size_t N>
std::u16string get_text(const SEC_WCHAR (&from)[N]) {
  return {std::begin(from), std::find(std::begin(from), std::end(from), u'\0')};
}

Result<accounts::HashSource::Account> ask(OPENSSPI_ACCOUNT_FN function, void* context, std::u16string_view user,
                                          std::u16string_view domain) {
  OPENSSPI_ACCOUNT answer{};
  if (!put_text(answer.Account, user) || !put_text(answer.Domain, domain)) {
    return fail(Status::logon_denied, kCheck, "the claimed name has more than 256 characters");
  }
  const std::u16string user_text(user);
  const std::u16string domain_text(domain);
  const auto status = Status{function(context, user_text.c_str(), domain_text.c_str(), &answer)};
  accounts::HashSource::Account account;
  account.nt_hash = Key16(std::span<const std::uint8_t, 16>(answer.NtHash));
  wipe(answer.NtHash, sizeof answer.NtHash);
  if (status != Status::ok) {
    return fail(failed(status) ? status : Status::internal_error, kCheck,
                "it answered " + hex32(static_cast<std::uint32_t>(number(status))) + " for user \"" + to_utf8(user) +
                    "\" of domain \"" + to_utf8(domain) + "\"");
  }
  account.account = get_text(answer.Account);
  account.domain = get_text(answer.Domain);
  return account;
}

}  // namespace

std::shared_ptr<const accounts::AccountSource> account_callback(OPENSSPI_ACCOUNT_FN function, void* context) {
  return accounts::make_callback_source([function, context](std::u16string_view user, std::u16string_view domain) {
    return ask(function, context, user, domain);
  });
}

}  // namespace opensspi::ntlm
