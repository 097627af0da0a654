// What stands in the place of the test's KDC: a configuration that names another, and one that never answers.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "ends.hpp"

namespace interop {

// A configuration of its own, in which `change` has its say.
class Configuration {
 public:
  Configuration(const std::string& name, const std::string& from, const std::string& to)
      : path_(kdc_folder() + "/" + name), variable_("KRB5_CONFIG", path_) {
    std::ifstream in(kdc_folder() + "/krb5.conf");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    text.replace(text.find(from), from.size(), to);
    std::ofstream(path_) << text;
  }

 private:
  std::string path_;
  Variable variable_;
};

// What is told without waiting comes sooner than the usual deadline of 5 s, however busy the machine is.
constexpr double kUsualWait = 4.9;

// A KDC that takes what is sent, over UDP and TCP, and never answers.
class SilentKdc {
 public:
  SilentKdc() {
    // A port of TCP may be another program's of UDP.
    bool bound = bind_both();
    for (int again = 0; again < 100 && !bound; ++again) {
      close_both();
      bound = bind_both();
    }
    EXPECT_TRUE(bound);
    EXPECT_EQ(listen(tcp_, 16), 0);
  }
  ~SilentKdc() { close_both(); }
  SilentKdc(const SilentKdc&) = delete;
  SilentKdc& operator=(const SilentKdc&) = delete;
  int port() const { return port_; }

 private:
  bool bind_both() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    tcp_ = socket(AF_INET, SOCK_STREAM, 0);
    udp_ = socket(AF_INET, SOCK_DGRAM, 0);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(tcp_, generic, size) != 0 || getsockname(tcp_, generic, &size) != 0) return false;
    port_ = ntohs(address.sin_port);
    return bind(udp_, generic, size) == 0;
  }
  void close_both() const {
    close(tcp_);
    close(udp_);
  }

  int tcp_ = -1, udp_ = -1, port_ = 0;
};

}  // namespace interop
