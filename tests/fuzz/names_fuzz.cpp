// Names of certificates as text, and host names. Input: UTF-16LE.
#include <algorithm>

#include "base/text.hpp"
#include "cert/chain.hpp"
#include "cert/names.hpp"
#include "fuzz/fuzz_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::u16string text = from_utf16le({data, size});
  std::size_t at = 0;
  const auto der = cert::text_to_name(text, CERT_X500_NAME_STR, at);
  require(at <= text.size());
  if (der) {
    const auto name = cert::parse_name(*der);
    require(name.has_value());
    cert::name_to_text(name->get(), CERT_X500_NAME_STR);
  }
  const std::string host = cert::host_name(text);
  require(host.size() <= 253);
  // It is sent as it is, and means itself.
  require(std::ranges::all_of(host, [](char c) { return c > ' ' && c < 0x7F && (c < 'A' || c > 'Z'); }) ||
          cert::is_ip_address(host));
  require(cert::host_name(std::u16string(host.begin(), host.end())) == host);
  return 0;
}
