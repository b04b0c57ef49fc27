# Builds the C and C++ that comes with crates quickly where it is not optimised, and changes nothing elsewhere. CMake reads
# this before any project's own file (.cargo/config.toml names it as a toolchain), once for each language and trial.

# libheif is a hundred C++ files that each read the same headers: sixteen of them at once, the headers read once, and no notes
# for a debugger take a third of the time.
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.19 AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND
     EXISTS "${CMAKE_SOURCE_DIR}/libheif/plugins")
  set(CMAKE_CXX_FLAGS_DEBUG "" CACHE STRING "")
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
  set(folder "${CMAKE_SOURCE_DIR}/libheif")
  # these define the same names as each other
  file(GLOB alone ${folder}/plugins/*.cc ${folder}/image-items/tiled.cc ${folder}/codecs/*_enc.cc ${folder}/codecs/*_dec.cc)
  cmake_language(DEFER CALL set_source_files_properties ${alone} TARGET_DIRECTORY heif PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON)
  cmake_language(DEFER CALL target_precompile_headers heif PRIVATE
    <algorithm> <deque> <iostream> <map> <memory> <mutex> <set> <sstream> <string> <vector>
    "\"api_structs.h\"" "\"context.h\"" "\"file.h\"")
endif()

# Of libjpeg-turbo one library is used, which has all of its code: its programs and the second library are not built. What
# is no assembly is optimised a little: the tests read many photographs.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND EXISTS "${CMAKE_SOURCE_DIR}/src/turbojpeg.h" AND NOT COMMAND _install)
  set(CMAKE_C_FLAGS_DEBUG "-O1" CACHE STRING "")
  macro(add_executable name)
    _add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
  endmacro()
  macro(add_library name)
    _add_library(${name} ${ARGN})
    if(NOT "${name}" STREQUAL "turbojpeg-static")
      set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endmacro()
  function(install)
    if("${ARGV1}" STREQUAL "turbojpeg-static")
      _install(TARGETS turbojpeg-static ARCHIVE DESTINATION lib)
    endif()
  endfunction()
endif()
