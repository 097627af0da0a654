# Warnings, hardening and sanitizers, the same for every target of ours.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# CMake's own flags for Release are -O3 -DNDEBUG: assertions stay on, since a broken invariant must stop the process.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_C_FLAGS_SANITIZE "-Og -g1")
set(CMAKE_CXX_FLAGS_SANITIZE "-Og -g1")

add_library(opensspi_options INTERFACE)
target_compile_options(opensspi_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-align -Wformat=2 -Wundef -Wvla
  $<$<BOOL:${OPENSSPI_WERROR}>:-Werror>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wextra-semi>
  $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wtrampolines>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-warning-option>
  # g++ 12 sees overflows in std::vector's own code, where there are none, once it has inlined it.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict>
  -fno-strict-overflow -fno-delete-null-pointer-checks)

# Stands in every object, also where a sanitizer watches: what is tested is what is shipped.
foreach(flag IN ITEMS -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "has${flag}" have)
  check_cxx_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(opensspi_options INTERFACE ${flag})
  endif()
endforeach()
target_compile_definitions(opensspi_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(opensspi_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)

if(OPENSSPI_SANITIZE)
  target_compile_options(opensspi_options INTERFACE
    -fsanitize=${OPENSSPI_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(opensspi_options INTERFACE -fsanitize=${OPENSSPI_SANITIZE})
else()
  # Fortified string functions hide from AddressSanitizer what it would find. Libraries are linked without undefined
  # symbols, which clang's sanitizers cannot have.
  target_compile_definitions(opensspi_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=3>)
  set(OPENSSPI_NO_UNDEFINED -Wl,-z,defs)
endif()
