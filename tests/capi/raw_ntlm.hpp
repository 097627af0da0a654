// An NTLMv2 end of the tests' own, made of bytes: it sets the flags and leaves out the fields that it is told to, which
// a well-behaved end would not. It shares no code with the library. [MS-NLMP].
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace raw {

using Blob = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

// MS-NLMP 2.2.2.5 NEGOTIATE flags.
inline constexpr std::uint32_t kUnicode = 0x1, kOem = 0x2, kRequestTarget = 0x4, kSign = 0x10, kSeal = 0x20,
                               kDatagram = 0x40, kNtlm = 0x200, kAnonymous = 0x800, kAlwaysSign = 0x8000,
                               kEss = 0x80000, kIdentify = 0x100000, kTargetInfo = 0x800000, kVersion = 0x2000000,
                               k128 = 0x20000000, kKeyExch = 0x40000000, k56 = 0x80000000;
inline constexpr std::uint32_t kUsual = kUnicode | kRequestTarget | kNtlm | kAlwaysSign | kEss;

// MS-NLMP 2.2.2.1 AvId.
inline constexpr std::uint16_t kAvEol = 0, kAvNbComputerName = 1, kAvNbDomainName = 2, kAvFlags = 6, kAvTimestamp = 7,
                               kAvChannelBindings = 10;

Blob md5(Bytes data);
Blob hmac_md5(Bytes key, Bytes data);
Blob joined(std::initializer_list<Bytes> parts);
Blob utf16(const std::string& ascii);

class Rc4 {
 public:
  explicit Rc4(Bytes key);
  Blob apply(Bytes data);

 private:
  std::uint8_t state_[256];
  std::uint8_t i_ = 0, j_ = 0;
};

std::uint32_t read32(Bytes message, std::size_t at);
void write32(Blob& message, std::size_t at, std::uint32_t value);
// The content of the Fields at `at`: Len, MaxLen, Offset.
Blob field(Bytes message, std::size_t at);
Blob av_pair(std::uint16_t id, Bytes value);
// The value of an AV_PAIR, or nothing; `list` starts with the first pair.
Blob av_find(Bytes list, std::uint16_t id, bool* found = nullptr);

Blob negotiate(std::uint32_t flags, std::size_t size = 40);
Blob challenge(std::uint32_t flags, const std::string& target_name, Bytes target_info);
// The TargetInfo of a server PEER without a timestamp.
Blob target_info(std::initializer_list<Blob> more = {});

// What a client of the tests answers to a CHALLENGE_MESSAGE, and what it leaves out.
struct Answer {
  std::string user = "alice", domain = "EXAMPLE";
  std::uint32_t flags = 0;         // of AUTHENTICATE_MESSAGE; 0: the challenge's
  bool claims_mic = false;         // MsvAvFlags bit 2 in the response
  bool sends_mic = false;          // the 16 bytes before the payload
  bool damaged_proof = false;      // one bit of NTProofStr
  std::vector<Blob> more_pairs{};  // whole AV_PAIRs
};

struct Authenticated {
  Blob message, exported_key;
};
Authenticated authenticate(Bytes negotiate, Bytes challenge, const Answer& answer);

// The key that both ends hold after an AUTHENTICATE_MESSAGE of alice, as a server finds it.
Blob exported_key_of(Bytes challenge, Bytes authenticate);

// One direction of a session with extended session security.
class Direction {
 public:
  Direction(Bytes exported_key, std::uint32_t flags, bool client_to_server);
  Blob seal(Blob& data);  // the signature; data becomes ciphertext
  Blob sign(Bytes data);

 private:
  Blob sign_key_;
  Rc4 rc4_;
  std::uint32_t flags_, number_ = 0;
};

}  // namespace raw
