# find_package(menjie): the targets menjie::menjie (shared) and menjie::static.
get_filename_component(_menjie_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET menjie::menjie)
  add_library(menjie::menjie SHARED IMPORTED)
  set_target_properties(menjie::menjie PROPERTIES
    IMPORTED_LOCATION "${_menjie_prefix}/lib/libmenjie.so.1"
    IMPORTED_SONAME "libmenjie.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_menjie_prefix}/include")
  add_library(menjie::static STATIC IMPORTED)
  set_target_properties(menjie::static PROPERTIES
    IMPORTED_LOCATION "${_menjie_prefix}/lib/libmenjie.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_menjie_prefix}/include"
    INTERFACE_COMPILE_DEFINITIONS MENJIE_STATIC
    INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl")
endif()
unset(_menjie_prefix)
