#include "accounts/self.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "accounts/self_key.hpp"
#include "base/safe_file.hpp"
#include "base/text.hpp"

namespace opensspi::accounts {
namespace {

constexpr const char* kCheck = "same-user account";

std::unexpected<Error> refuse(std::string why) { return fail(Status::no_credentials, kCheck, std::move(why)); }

struct PasswdEntry {
  std::string name, home;
};

Result<PasswdEntry> passwd_entry(uid_t uid) {
  static constexpr std::size_t kLeast = 1024;
  static constexpr std::size_t kMost = 1 << 20;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kLeast);
  int error = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  while (error == ERANGE && buffer.size() < kMost) {
    buffer.resize(2 * buffer.size());
    error = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  }
  if (error != 0) return refuse("user " + std::to_string(uid) + " cannot be looked up: " + system_error_text(error));
  if (found == nullptr) return refuse("user " + std::to_string(uid) + " has no entry in the passwd database");
  return PasswdEntry{entry.pw_name, entry.pw_dir};
}

class SelfSource final : public HashSource {
 public:
  explicit SelfSource(SelfAccount account) : account_(std::move(account)) {}

  std::string name() const override { return "self"; }

 private:
  Result<Account> find(std::u16string_view user, std::u16string_view domain) const override {
    if (!equal_ignoring_case(user, account_.user) || !equal_ignoring_case(domain, account_.domain)) {
      return fail(Status::logon_denied, kCheck,
                  "without an account source only \"" + to_utf8(account_.domain) + "\\" + to_utf8(account_.user) +
                      "\", as whom this process runs, can log on");
    }
    return Account{.nt_hash = account_.nt_hash.clone(),
                   .lm_hash = {},
                   .account = account_.user,
                   .domain = account_.domain,
                   .sids = {},
                   .may_not_log_on = {}};
  }

  SelfAccount account_;
};

}  // namespace

Result<SelfAccount> self_account_in(const std::string& home, const std::string& user, uid_t uid, const Host& host) {
  auto name = to_utf16(user);
  if (!name) return refuse("the name of user " + std::to_string(uid) + " is not UTF-8");
  auto key = self_key(home, uid);
  if (!key) return fail(key);
  return SelfAccount{std::move(*name), host.names().netbios_computer, self_nt_hash(*key, machine_id(), uid)};
}

Result<SelfAccount> self_account(const Host& host) {
  const ProcessIdentity process = ProcessIdentity::of_this_process();
  if (auto plain = check_not_elevated(process); !plain) return fail(plain);
  auto entry = passwd_entry(process.effective_uid);
  if (!entry) return fail(entry);
  return self_account_in(entry->home, entry->name, process.effective_uid, host);
}

std::shared_ptr<const AccountSource> make_self_source(SelfAccount account) {
  return std::make_shared<SelfSource>(std::move(account));
}

Result<std::shared_ptr<const AccountSource>> open_self_source(const Host& host) {
  auto account = self_account(host);
  if (!account) return fail(account);
  return make_self_source(std::move(*account));
}

}  // namespace opensspi::accounts
