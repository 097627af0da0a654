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

TokenKind framed_kind(Bytes content) {
  if (content.size() < 2) return TokenKind::other;
  switch ((content[0] << 8) | content[1]) {  // TOK_ID, RFC 4121 section 4.1
    case 0x0100:
      return TokenKind::ap_req;
    case 0x0200:
      return TokenKind::ap_rep;
    case 0x0300:
      return TokenKind::krb_error;
    case 0x0400:
      return TokenKind::tgt_req;
    case 0x0401:
      return TokenKind::tgt_rep;
    default:
      return TokenKind::other;
  }
}

TokenKind bare_kind(Bytes token) {
  if (content_of_element(token).empty()) return TokenKind::other;
  switch (token[0]) {  // RFC 4120: application tags 14, 15 and 30
    case 0x6E:
      return TokenKind::ap_req;
    case 0x6F:
      return TokenKind::ap_rep;
    case 0x7E:
      return TokenKind::krb_error;
    default:
      return TokenKind::other;
  }
}

bool is_ntlm(Bytes token) {
  static constexpr std::uint8_t kNtlm[] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
  return token.size() >= sizeof kNtlm && std::ranges::equal(token.first(sizeof kNtlm), kNtlm);
}

}  // namespace

TokenKind kind_of_token(Bytes token) {
  const TokenKind framed = framed_kind(content_of_frame(token));
  return framed == TokenKind::other ? bare_kind(token) : framed;
}

Bytes message_of_token(Bytes token) {
  const Bytes content = content_of_frame(token);
  if (framed_kind(content) != TokenKind::other) return content.subspan(2);
  return bare_kind(token) != TokenKind::other ? token : Bytes{};
}

bool is_spelled_as_windows(Bytes token) {
  if (content_of_frame(token).empty()) return false;
  const Bytes oid = content_of_element(token).first(sizeof kOidOfWindows);
  return std::ranges::equal(oid, kOidOfWindows);  // not secret
}

void respell(MutableBytes token) {
  if (content_of_frame(token).empty()) return;
  const Bytes other = is_spelled_as_windows(token) ? Bytes(kOid) : Bytes(kOidOfWindows);
  copy_bytes(token.subspan(token.size() - content_of_element(token).size()), other);
}

std::string describe_token(Bytes token) {
  const std::string style = !token.empty() && token[0] != 0x60 ? " in DCE style" : "";
  switch (kind_of_token(token)) {
    case TokenKind::ap_req:
      return "AP-REQ" + style;
    case TokenKind::ap_rep:
      return "AP-REP" + style;
    case TokenKind::krb_error:
      return "KRB-ERROR";
    case TokenKind::tgt_req:
      return "TGT-REQ";
    case TokenKind::tgt_rep:
      return "TGT-REP";
    case TokenKind::other:
      break;
  }
  if (token.empty()) return "no token";
  if (is_ntlm(token)) return "a message of NTLM";
  const bool is_whole = !content_of_element(token).empty();
  if (is_whole && (token[0] == 0x60 || token[0] == 0xA1)) return "a token of another mechanism, perhaps SPNEGO";
  return "not a whole token of Kerberos";
}

void trace_token(const char* way, Bytes token) {
  if (!trace::enabled() || token.empty()) return;
  trace::line("Kerberos", std::string(way) + " " + std::to_string(token.size()) + " bytes: " + describe_token(token));
}

}  // namespace opensspi::kerberos
