// How the functions of the C API leave the library: under the name ossp_NAME that our headers bind callers to, and under
// Windows' own name for those who look it up.
#pragma once

// On the definition.
#define OPENSSPI_API extern "C" __attribute__((visibility("default")))

// After the definition, in the same file.
#define OPENSSPI_EXPORT(name)                                                                \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmissing-attributes\"")  \
  extern "C" __attribute__((visibility("default"), alias("ossp_" #name))) decltype(name) \
  windows_##name __asm__(#name);                                                            \
  _Pragma("GCC diagnostic pop") static_assert(true)
