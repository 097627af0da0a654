// AV_PAIR lists, MS-NLMP 2.2.2.1: what a server tells of itself and what a client's response binds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/filetime.hpp"
#include "base/result.hpp"

namespace opensspi::ntlm {

enum class AvId : std::uint16_t {
  eol = 0,
  nb_computer_name = 1,
  nb_domain_name = 2,
  dns_computer_name = 3,
  dns_domain_name = 4,
  dns_tree_name = 5,
  flags = 6,
  timestamp = 7,
  single_host = 8,
  target_name = 9,
  channel_bindings = 10,
};

inline constexpr std::uint32_t kAvFlagMicPresent = 0x2;
inline constexpr std::uint32_t kAvFlagUntrustedTarget = 0x4;
inline constexpr std::size_t kChannelBindingsBytes = 16;

struct AvPair {
  AvId id;
  Bytes value;  // a view into what was parsed, or into the caller's
};

class AvPairs {
 public:
  // Up to and with MsvAvEOL; what follows it is the caller's. Refused: a pair that leaves the list, a list without its
  // end, an id twice (an attacker's first one would hide the true one), a fixed length that is another.
  static Result<AvPairs> parse(Bytes list, const char* check);

  std::optional<Bytes> find(AvId id) const;
  std::u16string text(AvId id) const;  // empty where absent
  std::uint32_t flags() const;         // MsvAvFlags, 0 where absent
  std::optional<FileTime> timestamp() const;

  // Replaces the pair of the id where it stands, else appends it.
  void set(AvId id, Bytes value);
  void remove(AvId id);

  // With MsvAvEOL.
  ByteVector serialize() const;
  const std::vector<AvPair>& pairs() const { return pairs_; }
  std::size_t serialized_bytes() const;

 private:
  std::vector<AvPair> pairs_;
};

}  // namespace opensspi::ntlm
