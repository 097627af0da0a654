// A host whose clock, random numbers and names a test sets.
#pragma once

#include "base/host.hpp"

namespace opensspi::testing {

class FixedHost : public Host {
 public:
  FixedHost() {
    names_.netbios_computer = u"SERVER";
    names_.netbios_domain = u"SERVER";
    names_.dns_computer = u"server.example.com";
    names_.dns_domain = u"example.com";
  }

  FileTime now() const override { return now_; }
  // A counter: every draw differs, every run is the same.
  void random(MutableBytes out) const override {
    for (std::uint8_t& byte : out) byte = next_++;
  }
  const HostNames& names() const override { return names_; }

  void set_now(FileTime now) { now_ = now; }
  HostNames& writable_names() { return names_; }

 private:
  FileTime now_{130'475'779'380'041'523};  // 2014-06-18 15:12:18.0041523 UTC
  mutable std::uint8_t next_ = 0;
  HostNames names_;
};

}  // namespace opensspi::testing
