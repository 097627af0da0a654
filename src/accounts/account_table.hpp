// AccountTable: the accounts of one file, found by name in constant time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accounts/account_source.hpp"

namespace opensspi::accounts {

class AccountTable {
 public:
  struct Entry {
    Key16 nt_hash;
    Key16 lm_hash;
    bool has_lm_hash = false;
    std::u16string account, domain;  // canonical
    std::string may_not_log_on;
    std::size_t line = 0;
  };

  // Names are the same whatever their case. The line of an earlier entry for them, which stays; 0 where there was none.
  std::size_t add(std::u16string_view domain, std::u16string_view user, Entry entry);

  // nullptr where there is none.
  const Entry* find(std::u16string_view domain, std::u16string_view user) const;

  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::u16string, std::size_t> by_name_;
};

}  // namespace opensspi::accounts
