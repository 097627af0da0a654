# The Tcl package, ready to use where it is built: TCLLIBPATH=build/release/tcl tclsh.
file(GLOB OPENSSPI_TCL_SOURCES CONFIGURE_DEPENDS tcl/*.cpp)
file(GLOB OPENSSPI_TCL_SCRIPTS CONFIGURE_DEPENDS tcl/*.tcl)
if(OPENSSPI_TCL_SOURCES)
  find_path(TCL_INCLUDE tcl.h PATH_SUFFIXES tcl8.6 REQUIRED)
  find_library(TCL_STUB NAMES tclstub8.6 tclstub REQUIRED)

  add_library(twapi_crypto MODULE ${OPENSSPI_TCL_SOURCES})
  target_compile_definitions(twapi_crypto PRIVATE USE_TCL_STUBS)
  target_include_directories(twapi_crypto SYSTEM PRIVATE "${TCL_INCLUDE}")
  target_link_libraries(twapi_crypto PRIVATE opensspi opensspi_options "${TCL_STUB}")
  target_link_options(twapi_crypto PRIVATE -Wl,-z,nodelete ${OPENSSPI_NO_UNDEFINED})
  set_target_properties(twapi_crypto PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tcl" INSTALL_RPATH "$ORIGIN/../../../${CMAKE_INSTALL_LIBDIR}")

  foreach(script IN LISTS OPENSSPI_TCL_SCRIPTS)
    get_filename_component(name "${script}" NAME)
    configure_file("${script}" "${CMAKE_BINARY_DIR}/tcl/${name}" COPYONLY)
  endforeach()
endif()
