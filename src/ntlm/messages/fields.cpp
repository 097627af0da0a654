#include "ntlm/messages/fields.hpp"

#include "base/text.hpp"

namespace opensspi::ntlm {
namespace {

constexpr std::uint8_t kSignature[] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};

}  // namespace

void read_head(wire::Reader& r, MessageType type) {
  r.expect(kSignature, "the signature NTLMSSP");
  const std::uint32_t found = r.u32le();
  if (r.ok() && found != static_cast<std::uint32_t>(type)) {
    r.fail("MessageType is " + std::to_string(found) + ", " + std::to_string(static_cast<std::uint32_t>(type)) +
           " is due");
  }
}

void write_head(wire::Writer& w, MessageType type) {
  w.raw(kSignature);
  w.u32le(static_cast<std::uint32_t>(type));
}

Field read_field(wire::Reader& r) {
  Field field;
  field.length = r.u16le();
  r.skip(2);  // MaxLen: ignored on receipt
  field.offset = r.u32le();
  return field;
}

Bytes field_bytes(wire::Reader& r, const Field& field, const char* what) {
  return field.length == 0 ? Bytes{} : r.slice(field.offset, field.length, what);
}

Result<std::u16string> decode_text(Bytes bytes, bool unicode, const char* what) {
  if (unicode) {
    if (bytes.size() % 2 != 0) {
      return fail(Status::invalid_token, what, "UTF-16LE of an odd number of bytes: " + std::to_string(bytes.size()));
    }
    return from_utf16le(bytes);
  }
  return std::u16string(bytes.begin(), bytes.end());
}

Result<ByteVector> encode_text(std::u16string_view text, bool unicode, const char* what) {
  ByteVector bytes;
  if (unicode) {
    bytes.reserve(2 * text.size());
    append_utf16le(bytes, text);
  } else {
    bytes.reserve(text.size());
    for (const char16_t unit : text) {
      if (unit > 0xFF) {
        return fail(Status::unsupported_function, what,
                    "\"" + to_utf8(text) + "\" cannot be said to a peer that does not speak Unicode");
      }
      bytes.push_back(static_cast<std::uint8_t>(unit));
    }
  }
  if (bytes.size() > 0xFFFF) {
    return fail(Status::invalid_parameter, what,
                "it has " + std::to_string(bytes.size()) + " bytes, a field at most 65535");
  }
  return bytes;
}

void write_version(wire::Writer& w) {
  w.u8(10);        // ProductMajorVersion
  w.u8(0);         // ProductMinorVersion
  w.u16le(17763);  // ProductBuild
  w.zeros(3);
  w.u8(0x0F);  // NTLMSSP_REVISION_W2K3
}

}  // namespace opensspi::ntlm
