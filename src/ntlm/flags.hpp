// NegotiateFlags, MS-NLMP 2.2.2.5.
#pragma once

#include <cstdint>
#include <string>

namespace opensspi::ntlm {

enum : std::uint32_t {
  kUnicode = 0x00000001,
  kOem = 0x00000002,
  kRequestTarget = 0x00000004,
  kSign = 0x00000010,
  kSeal = 0x00000020,
  kDatagram = 0x00000040,
  kLmKey = 0x00000080,
  kNtlm = 0x00000200,
  kAnonymous = 0x00000800,
  kOemDomainSupplied = 0x00001000,
  kOemWorkstationSupplied = 0x00002000,
  kAlwaysSign = 0x00008000,
  kTargetTypeDomain = 0x00010000,
  kTargetTypeServer = 0x00020000,
  kExtendedSessionSecurity = 0x00080000,
  kIdentify = 0x00100000,
  kRequestNonNtSessionKey = 0x00400000,
  kTargetInfo = 0x00800000,
  kVersion = 0x02000000,
  k128 = 0x20000000,
  kKeyExchange = 0x40000000,
  k56 = 0x80000000,
};

// What decides how messages are protected. Nobody may change these between the CHALLENGE_MESSAGE and the
// AUTHENTICATE_MESSAGE unseen.
inline constexpr std::uint32_t kProtectionFlags = kSign | kSeal | kExtendedSessionSecurity | k128 | kKeyExchange;

// "0xe2888215 (UNICODE REQUEST_TARGET SIGN ...)", unknown bits as a number.
std::string describe_flags(std::uint32_t flags);

}  // namespace opensspi::ntlm
