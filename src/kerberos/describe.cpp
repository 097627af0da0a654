#include "kerberos/describe.hpp"

#include <algorithm>
#include <iterator>

#include "base/trace.hpp"
#include "wire/reader.hpp"

namespace opensspi::kerberos {
namespace {

constexpr std::uint8_t kOid[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02};
constexpr std::uint8_t kOidOfWindows[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02};

// What is behind tag and length of a DER element that is the whole of the token; empty where it is not.
Bytes content_of_element(Bytes token) {
  wire::Reader r{token};
  r.skip(1);
  const std::uint8_t first = r.u8();
  std::size_t length = first;
  if (first >= 0x80) {
    length = 0;
    const Bytes digits = r.take(first & 0x7FU);
    if (digits.empty() || digits.size() > 4) return {};
    for (const std::uint8_t digit : digits) length = (length << 8) | digit;
  }
  if (!r.ok() || length != r.remaining()) return {};
  return r.take(r.remaining());
}

// What is behind "60 length OID"; empty where the frame is another.
Bytes content_of_frame(Bytes token) {
  if (token.empty() || token[0] != 0x60) return {};
  wire::Reader r{content_of_element(token)};
  const Bytes oid = r.take(sizeof kOid);
  if (!r.ok() || !(std::ranges::equal(oid, kOid) || std::ranges::equal(oid, kOidOfWindows))) return {};
  return r.take(r.remaining());
}

const char* framed_kind(Bytes content) {
  if (content.size() < 2) return nullptr;
  switch ((content[0] << 8) | content[1]) {  // TOK_ID, RFC 4121 section 4.1
    case 0x0100:
      return "AP-REQ";
    case 0x0200:
      return "AP-REP";
    case 0x0300:
      return "KRB-ERROR";
    case 0x0400:
      return "TGT-REQ";
    case 0x0401:
      return "TGT-REP";
    default:
      return nullptr;
  }
}

const char* bare_kind(Bytes token) {
  if (content_of_element(token).empty()) return nullptr;
  switch (token[0]) {  // RFC 4120: application tags 14, 15 and 30
    case 0x6E:
      return "AP-REQ in DCE style";
    case 0x6F:
      return "AP-REP in DCE style";
    case 0x7E:
      return "KRB-ERROR";
    default:
      return nullptr;
  }
}

}  // namespace

bool is_token_of_kerberos(Bytes token) {
  return framed_kind(content_of_frame(token)) != nullptr || bare_kind(token) != nullptr;
}

std::string describe_token(Bytes token) {
  if (token.empty()) return "no token";
  static constexpr std::uint8_t kNtlm[] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
  if (token.size() >= sizeof kNtlm && std::ranges::equal(token.first(sizeof kNtlm), kNtlm)) return "a message of NTLM";
  if (const char* kind = framed_kind(content_of_frame(token))) return kind;
  if (const char* kind = bare_kind(token)) return kind;
  const bool is_whole = !content_of_element(token).empty();
  if (is_whole && (token[0] == 0x60 || token[0] == 0xA1)) return "a token of another mechanism, perhaps SPNEGO";
  return "not a whole token of Kerberos";
}

void trace_token(const char* way, Bytes token) {
  if (!trace::enabled() || token.empty()) return;
  trace::line("Kerberos", std::string(way) + " " + std::to_string(token.size()) + " bytes: " + describe_token(token));
}

}  // namespace opensspi::kerberos
