// What of Kerberos is read by us before MIT sees it, or besides: the frame of a token, a PAC's logon information, an
// exported context.
#include <cstdlib>

#include "kerberos/describe.hpp"
#include "kerberos/pac.hpp"
#include "kerberos/session.hpp"

using namespace opensspi;
using namespace opensspi::kerberos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Bytes input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      if (describe_token(input).empty()) std::abort();
      (void)kind_of_token(input);
      break;
    case 1: {
      const auto info = parse_logon_info(input);
      if (!info && info.error().detail.empty()) std::abort();
      break;
    }
    default: {
      wire::Reader r{input};
      const auto session = Session::restore(r, true, GSS_C_INTEG_FLAG);
      if (!session && session.error().detail.empty()) std::abort();
      break;
    }
  }
  return 0;
}
