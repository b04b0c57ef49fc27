# Builds libheif, which comes as a hundred C++ files that each read the same headers, in a third of the time where it is not
# optimised: sixteen files at once, headers read once, no notes for a debugger. CMake reads this before any project's own
# file (.cargo/config.toml names it as a toolchain), so what is not libheif is left alone.

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
