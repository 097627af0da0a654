// Calls that may reach a KDC. MIT krb5 1.20 has no setting that bounds how long it waits for one.
#pragma once

#include "base/workers.hpp"

namespace opensspi::kerberos {

inline constexpr Milliseconds kDefaultDeadline{5000};

inline constinit Workers kdc_workers{"KDC",
                                     "the KDC is down or a firewall drops its answers; see [realms] in krb5.conf"};

// As Workers::within.
template <typename T>
Result<T> within(Milliseconds deadline, const std::string& waited_for, std::move_only_function<Result<T>()> work) {
  return kdc_workers.within<T>(deadline, waited_for, std::move(work));
}

}  // namespace opensspi::kerberos
