// OpenSspiSetNoDelay: sockets of TCP, and what is none.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "opensspi/extra.h"

namespace {

struct Socket {
  explicit Socket(int family) : descriptor(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(descriptor); }
  int no_delay() const {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0 ? value : -1;
  }
  int descriptor;
};

TEST(SetNoDelay, OfASocketOfTcp) {
  const Socket tcp(AF_INET);
  ASSERT_EQ(tcp.no_delay(), 0) << "not so from the beginning";
  EXPECT_EQ(OpenSspiSetNoDelay(tcp.descriptor), SEC_E_OK);
  EXPECT_NE(tcp.no_delay(), 0);
  EXPECT_EQ(OpenSspiSetNoDelay(tcp.descriptor), SEC_E_OK) << "and once more";
}

TEST(SetNoDelay, OfSomethingElseIsRefusedByName) {
  const Socket local(AF_UNIX);
  EXPECT_EQ(OpenSspiSetNoDelay(local.descriptor), SEC_E_INVALID_PARAMETER);
  EXPECT_EQ(OpenSspiSetNoDelay(-1), SEC_E_INVALID_PARAMETER);
  OPENSSPI_FAILURE failure{};
  failure.cbSize = sizeof failure;
  ASSERT_EQ(OpenSspiGetLastFailureW(&failure), SEC_E_OK);
  EXPECT_EQ(failure.Status, SEC_E_INVALID_PARAMETER);
  const std::u16string_view text(failure.Text);
  EXPECT_NE(text.find(u"-1"), text.npos) << "the value that was wrong";
}

}  // namespace
