// Host: what a package takes from the machine it runs on; tests put one of their own in its place.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/filetime.hpp"

namespace opensspi {

// The names that an NTLM server gives of itself, MS-NLMP 2.2.2.1.
struct HostNames {
  std::u16string netbios_computer;  // at most 15 characters, upper case
  std::u16string netbios_domain;    // that of the computer on a machine outside of any domain
  std::u16string dns_computer;
  std::u16string dns_domain;
  std::u16string dns_tree;  // empty outside of a domain
  bool domain_member = false;
};

class Host {
 public:
  virtual ~Host() = default;
  virtual FileTime now() const = 0;
  virtual void random(MutableBytes out) const = 0;  // the system's random numbers; never fails, it ends the process
  virtual const HostNames& names() const = 0;
};

// The machine itself: getrandom, the real-time clock, and the names of the configuration or of the machine.
const Host& system_host();

}  // namespace opensspi
