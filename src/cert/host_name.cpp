// Host names as TLS and certificates have them: ASCII, internationalised labels in Punycode (RFC 3492).
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cert/chain.hpp"

namespace opensspi::cert {
namespace {

// RFC 3492 section 5.
constexpr std::uint32_t kBase = 36, kTMin = 1, kTMax = 26, kSkew = 38, kDamp = 700, kInitialBias = 72, kInitialN = 128;

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > ((kBase - kTMin) * kTMax) / 2; k += kBase) delta /= kBase - kTMin;
  return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

char digit(std::uint32_t value) { return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26)); }

void put_delta(std::string& out, std::uint32_t delta, std::uint32_t bias) {
  for (std::uint32_t k = kBase;; k += kBase) {
    const std::uint32_t t = k <= bias ? kTMin : std::min(k - bias, kTMax);
    if (delta < t) break;
    out += digit(t + (delta - t) % (kBase - t));
    delta = (delta - t) / (kBase - t);
  }
  out += digit(delta);
}

constexpr std::size_t kMostLabel = 63;

std::string punycode(const std::u32string& label) {
  std::string out;
  for (const char32_t point : label) {
    if (point < 0x80) out += static_cast<char>(point);
  }
  const auto basic = static_cast<std::uint32_t>(out.size());
  if (basic > 0) out += '-';
  std::uint32_t n = kInitialN, delta = 0, bias = kInitialBias, handled = basic;
  while (handled < label.size()) {
    char32_t next = 0x110000;
    for (const char32_t point : label) {
      if (point >= n && point < next) next = point;
    }
    delta += (next - n) * (handled + 1);  // at most 63 characters: this cannot overflow 32 bits
    n = next;
    for (const char32_t point : label) {
      if (point < n) ++delta;
      if (point != n) continue;
      put_delta(out, delta, bias);
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return "xn--" + out;
}

std::u32string code_points(std::u16string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t point = text[i];
    if ((point & 0xFC00) == 0xD800 && i + 1 < text.size() && (text[i + 1] & 0xFC00) == 0xDC00) {
      point = 0x10000 + ((point - 0xD800) << 10) + (text[++i] - 0xDC00U);
    }
    out += point;
  }
  return out;
}

// Empty: it cannot be a label. Upper case is folded where one unit of UTF-16 has one counterpart.
std::string ascii_label(std::u16string_view label) {
  std::u32string points = code_points(label);
  if (points.empty() || points.size() > kMostLabel) return {};
  bool ascii = true;
  for (char32_t& point : points) {
    if (point >= U'A' && point <= U'Z') point += 32;
    if (point >= 0xC0 && point <= 0xDE && point != 0xD7) point += 32;  // Latin-1
    if (point >= 0x391 && point <= 0x3A9) point += 32;                 // Greek
    if (point >= 0x410 && point <= 0x42F) point += 32;                 // Cyrillic
    if (point <= 0x20 || point == 0x7F || (point >= 0xD800 && point < 0xE000)) return {};
    ascii = ascii && point < 0x80;
  }
  std::string out = ascii ? std::string(points.begin(), points.end()) : punycode(points);
  return out.size() > kMostLabel ? std::string() : out;
}

}  // namespace

std::string host_name(std::u16string_view name) {
  static constexpr std::size_t kMostName = 253;
  if (!name.empty() && name.back() == u'.') name.remove_suffix(1);
  if (is_ip_address(to_utf8(name))) return to_utf8(name);
  std::string out;
  while (true) {
    const std::size_t dot = name.find_first_of(u".\u3002");
    const std::string label = ascii_label(name.substr(0, dot));
    if (label.empty()) return {};
    out += label;
    if (dot == std::u16string_view::npos) break;
    out += '.';
    name.remove_prefix(dot + 1);
  }
  return out.size() > kMostName ? std::string() : out;
}

}  // namespace opensspi::cert
