// A list of AV_PAIRs from any bytes: read or refused; what was read is the bytes it was read from, up to its end.
#include <algorithm>

#include "fuzz/fuzz_world.hpp"
#include "ntlm/messages/av_pairs.hpp"

using namespace opensspi;
using namespace opensspi::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes list(data, size);
  auto pairs = ntlm::AvPairs::parse(list, "list");
  if (!pairs) return 0;
  const ByteVector written = pairs->serialize();
  require(written.size() == pairs->serialized_bytes() && written.size() <= size);
  require(std::ranges::equal(written, list.first(written.size())));
  for (std::uint16_t id = 1; id < 12; ++id) {
    (void)pairs->text(static_cast<ntlm::AvId>(id));
    const std::uint8_t value[] = {2, 0, 0, 0};
    pairs->set(static_cast<ntlm::AvId>(id), value);
    require(pairs->find(static_cast<ntlm::AvId>(id))->size() == sizeof value);
    pairs->remove(static_cast<ntlm::AvId>(id));
    require(!pairs->find(static_cast<ntlm::AvId>(id)));
  }
  require(pairs->flags() == 0 && !pairs->timestamp());
  return 0;
}
