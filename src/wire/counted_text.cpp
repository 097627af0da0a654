#include "wire/counted_text.hpp"

#include "base/text.hpp"

namespace opensspi::wire {

void put_text(Writer& w, std::u16string_view text) {
  w.u32le(static_cast<std::uint32_t>(text.size()));
  w.utf16le(text);
}

std::u16string get_text(Reader& r) {
  const std::size_t length = r.u32le();
  if (length > r.remaining() / 2) r.fail("a text of " + std::to_string(length) + " characters does not fit");
  return from_utf16le(r.take(r.ok() ? 2 * length : 0));
}

}  // namespace opensspi::wire
