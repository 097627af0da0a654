// A text behind the number of its characters, as exported contexts have it.
#pragma once

#include <string>
#include <string_view>

#include "wire/reader.hpp"
#include "wire/writer.hpp"

namespace opensspi::wire {

void put_text(Writer& w, std::u16string_view text);
// A number that the rest cannot hold fails the reader.
std::u16string get_text(Reader& r);

}  // namespace opensspi::wire
