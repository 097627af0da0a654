#include "base/fips.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/safe_file.hpp"

namespace opensspi {

bool kernel_in_fips_mode(const char* flag_path) {
  const Descriptor flag(::open(flag_path, O_RDONLY | O_CLOEXEC));
  if (!flag) return false;
  std::uint8_t first = 0;
  return read_fully(flag.get(), {&first, 1}) == 1 && first == '1';
}

}  // namespace opensspi
