#include "ntlm/messages/av_pairs.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::ntlm {
namespace {

// More ids than the specification will ever have; bounds the work that a list of empty pairs makes.
constexpr std::size_t kMostPairs = 64;

// The lengths that MS-NLMP 2.2.2.1 fixes; -1 for those it leaves open.
int fixed_length(AvId id) {
  switch (id) {
    case AvId::eol:
      return 0;
    case AvId::flags:
      return 4;
    case AvId::timestamp:
      return 8;
    case AvId::channel_bindings:
      return kChannelBindingsBytes;
    default:
      return -1;
  }
}

bool is_text(AvId id) { return (id >= AvId::nb_computer_name && id <= AvId::dns_tree_name) || id == AvId::target_name; }

std::string named(AvId id) { return "AV_PAIR " + std::to_string(static_cast<unsigned>(id)); }

void check_length(wire::Reader& r, AvId id, std::size_t length) {
  const int fixed = fixed_length(id);
  if (fixed >= 0 && length != static_cast<std::size_t>(fixed)) {
    r.fail(named(id) + " has " + std::to_string(length) + " bytes, not " + std::to_string(fixed));
  }
  if (is_text(id) && length % 2 != 0) {
    r.fail(named(id) + " is text of an odd number of bytes: " + std::to_string(length));
  }
}

}  // namespace

Result<AvPairs> AvPairs::parse(Bytes list, const char* check) {
  wire::Reader r{list};
  AvPairs parsed;
  while (true) {
    const auto id = static_cast<AvId>(r.u16le());
    const std::uint16_t length = r.u16le();
    const Bytes value = r.take(length);
    if (r.ok()) check_length(r, id, length);
    if (r.ok() && id != AvId::eol && parsed.find(id)) r.fail(named(id) + " stands in the list twice");
    if (r.ok() && parsed.pairs_.size() == kMostPairs)
      r.fail("the list has more than " + std::to_string(kMostPairs) + " pairs");
    if (!r.ok()) return fail(Status::invalid_token, check, r.why());
    if (id == AvId::eol) return parsed;
    parsed.pairs_.push_back({id, value});
  }
}

std::optional<Bytes> AvPairs::find(AvId id) const {
  const auto found = std::ranges::find(pairs_, id, &AvPair::id);
  if (found == pairs_.end()) return std::nullopt;
  return found->value;
}

std::u16string AvPairs::text(AvId id) const {
  const auto value = find(id);
  return value ? from_utf16le(*value) : std::u16string{};
}

std::uint32_t AvPairs::flags() const {
  const auto value = find(AvId::flags);
  return value ? wire::Reader(*value).u32le() : 0;
}

std::optional<FileTime> AvPairs::timestamp() const {
  const auto value = find(AvId::timestamp);
  if (!value) return std::nullopt;
  return FileTime{wire::Reader(*value).u64le()};
}

void AvPairs::set(AvId id, Bytes value) {
  const auto found = std::ranges::find(pairs_, id, &AvPair::id);
  if (found != pairs_.end()) {
    found->value = value;
  } else {
    pairs_.push_back({id, value});
  }
}

void AvPairs::remove(AvId id) {
  std::erase_if(pairs_, [id](const AvPair& pair) { return pair.id == id; });
}

std::size_t AvPairs::serialized_bytes() const {
  std::size_t bytes = 4;
  for (const AvPair& pair : pairs_) bytes += 4 + pair.value.size();
  return bytes;
}

ByteVector AvPairs::serialize() const {
  wire::Writer w(serialized_bytes());
  for (const AvPair& pair : pairs_) {
    w.u16le(static_cast<std::uint16_t>(pair.id));
    w.u16le(static_cast<std::uint16_t>(pair.value.size()));
    w.raw(pair.value);
  }
  w.zeros(4);  // MsvAvEOL
  return w.finish();
}

}  // namespace opensspi::ntlm
