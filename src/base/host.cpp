#include "base/host.hpp"

#include <unistd.h>

#include <array>
#include <ctime>

#include "base/configuration.hpp"
#include "base/host_names.hpp"
#include "base/kernel_random.hpp"

namespace opensspi {
namespace {

HostNames names_of_this_machine() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  // A configuration that is wrong stops every acquisition with its reason; the names are then used by nobody.
  return host_names(configuration().value_or(Configuration{}), name.data());
}

class SystemHost final : public Host {
 public:
  FileTime now() const override {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return to_filetime(time.tv_sec, time.tv_nsec);
  }

  // Straight from the kernel: a draw of 16 bytes costs about 0.25 us, and there is no state that a fork could double.
  void random(MutableBytes out) const override { kernel_random(out); }

  const HostNames& names() const override {
    static const auto* const kNames = new HostNames(names_of_this_machine());
    return *kNames;
  }
};

}  // namespace

const Host& system_host() {
  static const auto* const kHost = new SystemHost;  // never destroyed: used while the process ends
  return *kHost;
}

}  // namespace opensspi
