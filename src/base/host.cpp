#include "base/host.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/configuration.hpp"
#include "base/host_names.hpp"

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
  void random(MutableBytes out) const override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        std::perror("opensspi: the kernel gives no random numbers (getrandom)");
        std::abort();
      }
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }

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
