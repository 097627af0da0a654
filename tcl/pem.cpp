#include "pem.hpp"

#include "errors.hpp"

namespace twapi {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::size_t kLineLength = 64;

std::string base64(Bytes bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = (group << 8) | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? kAlphabet[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

// Blanks are passed over; padding ends it. Bits left over must be zero and padding as long as it has to be.
std::optional<ByteVector> from_base64(std::string_view text) {
  ByteVector bytes;
  std::uint32_t group = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding != 0) return {};
    group = (group << 6) | static_cast<std::uint32_t>(value);
    if (++digits % 4 == 0) {
      for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(group >> shift));
      group = 0;
    }
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || (rest == 0 && padding != 0) || (rest != 0 && padding != 4 - rest)) return {};
  if (rest == 2) bytes.push_back(static_cast<std::uint8_t>(group >> 4));
  if (rest == 3) {
    bytes.push_back(static_cast<std::uint8_t>(group >> 10));
    bytes.push_back(static_cast<std::uint8_t>(group >> 2));
  }
  return bytes;
}

bool looks_like_pem(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text.substr(start).starts_with(kBegin);
}

}  // namespace

std::string to_pem(Bytes der, std::string_view label) {
  const std::string digits = base64(der);
  std::string text = std::string(kBegin) + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < digits.size(); at += kLineLength) text += digits.substr(at, kLineLength) + "\n";
  return text + "-----END " + std::string(label) + "-----\n";
}

std::optional<ByteVector> from_pem(std::string_view text, std::string_view label) {
  const std::string begin = std::string(kBegin) + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  const std::size_t start = text.find(begin);
  if (start == std::string_view::npos) return {};
  const std::size_t body = start + begin.size();
  const std::size_t stop = text.find(end, body);
  if (stop == std::string_view::npos) return {};
  return from_base64(text.substr(body, stop - body));
}

int get_der(Tcl_Interp* interp, Tcl_Obj* value, Encoding encoding, std::string_view label, ByteVector& der) {
  Bytes bytes;
  if (!get_bytes(interp, value, bytes)) return TCL_ERROR;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (encoding == Encoding::der || (encoding == Encoding::any && !looks_like_pem(text))) {
    der.assign(bytes.begin(), bytes.end());
    return TCL_OK;
  }
  auto content = from_pem(text, label);
  if (!content) {
    return set_argument_error(interp, "The data has no complete PEM block \"BEGIN " + std::string(label) + "\"");
  }
  der = std::move(*content);
  return TCL_OK;
}

}  // namespace twapi
