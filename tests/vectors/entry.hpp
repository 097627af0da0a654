// One entry of a file of vectors, which remembers what of it was looked at: what nobody looks at proves nothing.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace opensspi::testing {

class Entry {
 public:
  explicit Entry(const nlohmann::json& value) : value_(&value), seen_(std::make_shared<std::set<const void*>>()) {}

  // A part of it, remembered in the same book.
  Entry operator[](const std::string& key) const { return {value_->at(key), seen_}; }
  Entry operator[](std::size_t index) const { return {value_->at(index), seen_}; }
  bool has(const std::string& key) const { return value_->contains(key); }
  std::vector<Entry> elements() const;

  std::string text() const;
  ByteVector bytes() const;     // hexadecimal digits
  Key16 key() const;            // 16 bytes of them
  std::uint32_t flags() const;  // "0xe2888235"
  std::uint64_t number() const;
  std::u16string utf16() const;  // ASCII text
  bool is_null() const;
  bool truth() const;

  // The paths of all values below that no call above has read, but for remarks: note, source, rule, facts, based_on.
  std::vector<std::string> unread() const;

 private:
  Entry(const nlohmann::json& value, std::shared_ptr<std::set<const void*>> seen)
      : value_(&value), seen_(std::move(seen)) {}
  const nlohmann::json& read() const;
  void collect_unread(const nlohmann::json& value, const std::string& path, std::vector<std::string>& out) const;

  const nlohmann::json* value_;
  std::shared_ptr<std::set<const void*>> seen_;
};

}  // namespace opensspi::testing
