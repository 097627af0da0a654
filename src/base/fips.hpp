// FIPS mode: whether this host forbids the primitives that NTLM is made of.
#pragma once

namespace opensspi {

inline constexpr const char* kKernelFipsFlag = "/proc/sys/crypto/fips_enabled";

// True where the kernel runs in FIPS mode. A kernel without the flag, or one that may not be read, is not in it.
bool kernel_in_fips_mode(const char* flag_path = kKernelFipsFlag);

}  // namespace opensspi
