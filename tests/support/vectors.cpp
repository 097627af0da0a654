#include "support/vectors.hpp"

#include <fstream>
#include <map>
#include <stdexcept>

#include "base/text.hpp"

namespace opensspi::testing {

ByteVector from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) throw std::invalid_argument("an odd number of hexadecimal digits");
  ByteVector bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Key16 key_from_hex(std::string_view digits) {
  const ByteVector bytes = from_hex(digits);
  if (bytes.size() != 16) throw std::invalid_argument("a key has 16 bytes");
  return Key16(Bytes(bytes).first<16>());
}

const nlohmann::json& vectors(const std::string& name) {
  static std::map<std::string, nlohmann::json> read;
  const auto at = read.find(name);
  if (at != read.end()) return at->second;
  std::ifstream in(std::string(OPENSSPI_TESTS_DIR) + "/vectors/" + name + ".json");
  if (!in) throw std::runtime_error("tests/vectors/" + name + ".json cannot be read");
  return read.emplace(name, nlohmann::json::parse(in)).first->second;
}

ByteVector utf16le(std::u16string_view text) {
  ByteVector bytes;
  append_utf16le(bytes, text);
  return bytes;
}

}  // namespace opensspi::testing
