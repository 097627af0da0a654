#include "vectors/entry.hpp"

#include "base/text.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

bool is_remark(const std::string& key) {
  static const std::set<std::string> kRemarks = {"note", "source", "rule", "facts", "based_on", "_about"};
  return kRemarks.contains(key);
}

}  // namespace

const nlohmann::json& Entry::read() const {
  seen_->insert(value_);
  return *value_;
}

std::vector<Entry> Entry::elements() const {
  std::vector<Entry> parts;
  for (const auto& element : *value_) parts.push_back({element, seen_});
  return parts;
}

std::string Entry::text() const { return read().get<std::string>(); }
ByteVector Entry::bytes() const { return from_hex(text()); }
Key16 Entry::key() const { return key_from_hex(text()); }
std::uint32_t Entry::flags() const { return static_cast<std::uint32_t>(std::stoul(text(), nullptr, 16)); }
std::uint64_t Entry::number() const { return read().get<std::uint64_t>(); }
std::u16string Entry::utf16() const { return to_utf16(text()).value(); }
bool Entry::is_null() const { return read().is_null(); }
bool Entry::truth() const { return read().get<bool>(); }

std::vector<std::string> Entry::unread() const {
  std::vector<std::string> out;
  collect_unread(*value_, "", out);
  return out;
}

void Entry::collect_unread(const nlohmann::json& value, const std::string& path, std::vector<std::string>& out) const {
  if (!value.is_structured()) {
    if (!seen_->contains(&value)) out.push_back(path);
    return;
  }
  for (auto at = value.begin(); at != value.end(); ++at) {
    const std::string key = value.is_object() ? at.key() : std::to_string(at - value.begin());
    if (!value.is_object() || !is_remark(key)) collect_unread(*at, path + "/" + key, out);
  }
}

}  // namespace opensspi::testing
