#include "accounts/account_table.hpp"

#include "base/text.hpp"

namespace opensspi::accounts {
namespace {

// NUL is in no name of a file.
std::u16string key_of(std::u16string_view domain, std::u16string_view user) {
  std::u16string key;
  key.reserve(domain.size() + 1 + user.size());
  for (const char16_t unit : domain) key.push_back(upcase(unit));
  key.push_back(u'\0');
  for (const char16_t unit : user) key.push_back(upcase(unit));
  return key;
}

}  // namespace

std::size_t AccountTable::add(std::u16string_view domain, std::u16string_view user, Entry entry) {
  const auto [at, is_new] = by_name_.try_emplace(key_of(domain, user), entries_.size());
  if (!is_new) return entries_[at->second].line;
  entries_.push_back(std::move(entry));
  return 0;
}

const AccountTable::Entry* AccountTable::find(std::u16string_view domain, std::u16string_view user) const {
  const auto at = by_name_.find(key_of(domain, user));
  return at == by_name_.end() ? nullptr : &entries_[at->second];
}

}  // namespace opensspi::accounts
