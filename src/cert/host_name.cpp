// Host names as TLS and certificates have them: ASCII, internationalised labels as IDNA2008 encodes them.
#include <idn2.h>

#include <algorithm>
#include <memory>
#include <new>

#include "base/text.hpp"
#include "cert/chain.hpp"

namespace opensspi::cert {
namespace {

constexpr std::size_t kMostName = 253, kMostLabel = 63;  // RFC 1035 2.3.4, without the root's dot
// UTS 46 2.3: the dots that people type.
constexpr std::u16string_view kDots = u".\u3002\uFF0E\uFF61";

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What no label has: the URL Standard's forbidden domain code points, and the dot itself. STD3 would take the
// underscore too, which hosts of Windows networks do have.
bool is_forbidden(char c) {
  static constexpr std::string_view kForbidden = "#%./:<>?@[\\]^|";
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || kForbidden.contains(c);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// UTS 46, not transitional, to NFC; what is an A-label already must be the very one that its text gives. Nothing of it
// depends on the locale. The library's own STD3 rules drop characters in silence: ours refuse them, from its answer.
// Empty: it cannot be a label.
std::string idna_label(const std::string& label) {
  std::uint8_t* given = nullptr;
  const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(label.c_str()), &given,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> converted(given, idn2_free);
  if (status == IDN2_MALLOC) throw std::bad_alloc();
  // IDNA2008 has no symbols, yet hosts are registered under such A-labels: written so, nothing of it is in doubt.
  if (status == IDN2_DISALLOWED && is_ascii(label)) return label;
  return status == IDN2_OK ? std::string(reinterpret_cast<const char*>(converted.get())) : std::string();
}

// Empty: it cannot be a label.
std::string ascii_label(std::u16string_view text) {
  std::string label = to_utf8(text);
  if (std::ranges::any_of(label, is_forbidden)) return {};  // NUL among them, at which the library would stop
  std::ranges::transform(label, label.begin(), lower);
  if (!is_ascii(label) || label.starts_with("xn--")) label = idna_label(label);
  // Compatibility forms become what they stand for, which may be no letter: U+2100 is "a/c".
  const bool good = label.size() <= kMostLabel && is_ascii(label) && std::ranges::none_of(label, is_forbidden);
  return good ? label : std::string();
}

}  // namespace

std::string host_name(std::u16string_view name) {
  if (!name.empty() && kDots.contains(name.back())) name.remove_suffix(1);
  if (std::string address = to_utf8(name); is_ip_address(address)) return address;
  std::string out;
  while (true) {
    const std::size_t dot = name.find_first_of(kDots);
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
