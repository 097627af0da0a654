# ccache, where there is one. The sloppiness is what it needs to cache builds with a precompiled header; the base directory and
# the silence about the build's own directory let every clone on a machine share what another has compiled.
find_program(OPENSSPI_CCACHE ccache)
if(OPENSSPI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=true "${OPENSSPI_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
