// OpenSspiSetNoDelay.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "capi/export.hpp"
#include "capi/failure.hpp"
#include "opensspi/extra.h"

using namespace opensspi;
using namespace opensspi::capi;

OPENSSPI_API SECURITY_STATUS OpenSspiSetNoDelay(int Socket) {
  return guarded("OpenSspiSetNoDelay", [&]() -> Result<Status> {
    const int on = 1;
    if (setsockopt(Socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) return Status::ok;
    return fail(Status::invalid_parameter, "Socket",
                "the descriptor " + std::to_string(Socket) +
                    " is no TCP socket: " + std::error_code(errno, std::generic_category()).message());
  });
}
OPENSSPI_EXPORT(OpenSspiSetNoDelay);
