// How the functions of the C API leave the library: under the name ossp_NAME that our headers bind callers to, and
// under Windows' own name for those who look it up.
#pragma once

// On the definition.
#define OPENSSPI_API extern "C" __attribute__((visibility("default")))

// g++ wants an alias to have every attribute of its target, of those it finds out by itself too; clang has no such
// warning.
#ifdef __clang__
#define OPENSSPI_ALIAS_BEGIN
#define OPENSSPI_ALIAS_END static_assert(true)
#else
#define OPENSSPI_ALIAS_BEGIN _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmissing-attributes\"")
#define OPENSSPI_ALIAS_END _Pragma("GCC diagnostic pop") static_assert(true)
#endif

// After the definition, in the same file.
#define OPENSSPI_EXPORT(name)                                                                                    \
  OPENSSPI_ALIAS_BEGIN                                                                                           \
  extern "C"                                                                                                     \
      __attribute__((visibility("default"), alias("ossp_" #name))) decltype(name) windows_##name __asm__(#name); \
  OPENSSPI_ALIAS_END
