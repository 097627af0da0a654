#include "accounts/callback.hpp"

namespace opensspi::accounts {
namespace {

class CallbackSource final : public HashSource {
 public:
  explicit CallbackSource(FindAccount find) : find_(std::move(find)) {}

  std::string name() const override { return "callback"; }

 private:
  Result<Account> find(std::u16string_view user, std::u16string_view domain) const override {
    auto account = find_(user, domain);
    if (account && account->account.empty()) account->account = user;
    if (account && account->domain.empty()) account->domain = domain;
    return account;
  }

  FindAccount find_;
};

}  // namespace

std::shared_ptr<const AccountSource> make_callback_source(FindAccount find) {
  return std::make_shared<CallbackSource>(std::move(find));
}

}  // namespace opensspi::accounts
