// What all three messages share: the head, the field descriptors, text, the version. MS-NLMP 2.2.1 and 2.2.2.10.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::ntlm {

inline constexpr std::size_t kChallengeBytes = 8;
using Challenge8 = std::array<std::uint8_t, kChallengeBytes>;

enum class MessageType : std::uint32_t { negotiate = 1, challenge = 2, authenticate = 3 };

// Signature and MessageType.
void read_head(wire::Reader& r, MessageType type);
void write_head(wire::Writer& w, MessageType type);

// Len, MaxLen (ignored), BufferOffset; an empty field's offset means nothing.
struct Field {
  std::uint16_t length = 0;
  std::uint32_t offset = 0;
};
Field read_field(wire::Reader& r);
Bytes field_bytes(wire::Reader& r, const Field& field, const char* what);

// Writes descriptors now and their content behind the message's fixed part, in the order of put().
class Payload {
 public:
  explicit Payload(std::size_t fixed_bytes) : next_(fixed_bytes) {}
  void put(wire::Writer& w, Bytes content) {
    w.u16le(static_cast<std::uint16_t>(content.size()));
    w.u16le(static_cast<std::uint16_t>(content.size()));
    w.u32le(static_cast<std::uint32_t>(next_));
    next_ += content.size();
  }

 private:
  std::size_t next_;
};

// Text as it stands in a message: UTF-16LE with NTLMSSP_NEGOTIATE_UNICODE, else OEM, which is read and written as
// Latin-1, the code units' low bytes.
Result<std::u16string> decode_text(Bytes bytes, bool unicode, const char* what);
Result<ByteVector> encode_text(std::u16string_view text, bool unicode, const char* what);

// Version says nothing that anything depends on; this is what Windows 10 sends.
void write_version(wire::Writer& w);

}  // namespace opensspi::ntlm
