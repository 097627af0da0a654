// PKCS#12. Input: a file, tried with the empty password and with "password".
#include "cert/pfx.hpp"
#include "fuzz/fuzz_world.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file(data, size);
  for (const std::string_view password : {"", "password"}) {
    const auto content = cert::decode_pfx(file, password, true);
    require(!content || cert::is_pfx(file));
  }
  return 0;
}
