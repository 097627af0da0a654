// FileTime: 100 ns intervals since 1601-01-01 00:00 UTC, SSPI's time and NTLM's.
#pragma once

#include <cstdint>
#include <ctime>

namespace opensspi {

struct FileTime {
  std::uint64_t ticks = 0;
  auto operator<=>(const FileTime&) const = default;
};

inline constexpr FileTime kNever{0x7FFFFFFFFFFFFFFF};
inline constexpr std::uint64_t kTicksPerSecond = 10'000'000;
inline constexpr std::uint64_t kUnixEpochSeconds = 11'644'473'600;  // 1970 counted from 1601

constexpr FileTime to_filetime(std::int64_t unix_seconds, std::int64_t nanoseconds) {
  return {(static_cast<std::uint64_t>(unix_seconds) + kUnixEpochSeconds) * kTicksPerSecond +
          static_cast<std::uint64_t>(nanoseconds) / 100};
}

}  // namespace opensspi
