# libopensspi: one set of objects, linked twice. The static one is for our own tests, which look inside.
file(GLOB_RECURSE OPENSSPI_SOURCES CONFIGURE_DEPENDS src/*.cpp src/*.c)

add_library(opensspi_objects OBJECT ${OPENSSPI_SOURCES})
target_include_directories(opensspi_objects SYSTEM PUBLIC include)
target_include_directories(opensspi_objects PUBLIC src)
target_link_libraries(opensspi_objects
  PUBLIC OpenSSL::SSL OpenSSL::Crypto PkgConfig::NETTLE PkgConfig::KRB5 PkgConfig::IDN2 ZLIB::ZLIB
    Threads::Threads ${CMAKE_DL_LIBS}
  PRIVATE opensspi_options)

if(OPENSSPI_PCH)
  set(headers <algorithm> <array> <cstdint> <cstring> <expected> <functional> <map> <memory> <mutex> <optional> <ranges>
    <span> <string> <string_view> <utility> <variant> <vector>)
  list(TRANSFORM headers REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:\\1>" OUTPUT_VARIABLE headers)
  target_precompile_headers(opensspi_objects PRIVATE ${headers})
endif()

add_library(opensspi_static STATIC)
target_link_libraries(opensspi_static PUBLIC opensspi_objects)
set_target_properties(opensspi_static PROPERTIES OUTPUT_NAME opensspi_static)

# Each function that a public header binds is exported as ossp_NAME and under Windows' name, and nothing else is.
file(GLOB OPENSSPI_HEADERS CONFIGURE_DEPENDS include/opensspi/*.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${OPENSSPI_HEADERS})
set(exports "")
foreach(header IN LISTS OPENSSPI_HEADERS)
  file(READ "${header}" text)
  string(REGEX MATCHALL "OPENSSPI_BOUND\\([A-Z][A-Za-z]+\\)" bound "${text}")
  foreach(entry IN LISTS bound)
    string(REGEX REPLACE "OPENSSPI_BOUND\\((.*)\\)" "    ossp_\\1;\n    \\1;\n" entry "${entry}")
    string(APPEND exports "${entry}")
  endforeach()
endforeach()
set(OPENSSPI_MAP "${CMAKE_BINARY_DIR}/libopensspi.map")
file(CONFIGURE OUTPUT "${OPENSSPI_MAP}" CONTENT "OPENSSPI_0 {\n  global:\n${exports}  local:\n    *;\n};\n" @ONLY)

# -Bsymbolic: libwinpr exports the same names, and must not be called from inside when it was loaded first.
add_library(opensspi SHARED)
target_link_libraries(opensspi PRIVATE opensspi_objects opensspi_options)
target_include_directories(opensspi SYSTEM INTERFACE "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>")
# nodelete: Tcl unloads its packages at exit, when a thread of ours may still run and what lives as long as the process is
# in use.
target_link_options(opensspi PRIVATE
  -Wl,-z,nodelete
  -Wl,-Bsymbolic "-Wl,--version-script=${OPENSSPI_MAP}" ${OPENSSPI_NO_UNDEFINED})
set_target_properties(opensspi PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS "${OPENSSPI_MAP}")
