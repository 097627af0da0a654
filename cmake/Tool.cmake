# The command line tool.
file(GLOB OPENSSPI_CLI_SOURCES CONFIGURE_DEPENDS cli/*.cpp)
if(OPENSSPI_CLI_SOURCES)
  add_executable(sspi ${OPENSSPI_CLI_SOURCES})
  target_link_libraries(sspi PRIVATE opensspi opensspi_options)
  set_target_properties(sspi PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endif()

# What `./dev build` builds.
add_custom_target(product DEPENDS opensspi)
foreach(part IN ITEMS twapi_crypto sspi)
  if(TARGET ${part})
    add_dependencies(product ${part})
  endif()
endforeach()
