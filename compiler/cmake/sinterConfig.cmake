# find_package(sinter): the compiler as a CMake tool, and what programs with compiled models inside link. Works on an
# installation and on the build tree (sinter_ROOT is the one's prefix or the other's folder).
#
#   find_package(sinter REQUIRED)
#   sinter_add_model(gpt gpt.cpp TARGETS cpu SET layers=6 batch=8)      # the executable gpt, of the model gpt.cpp
#
#   sinter_add_model(letters letters.cpp LIBRARY)                       # letters.o and letters.h
#   target_link_libraries(host PRIVATE letters)                         # a program of one's own; any number of models
get_filename_component(sinter_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_program(SINTERC sinterc HINTS "${sinter_PREFIX}/bin" NO_DEFAULT_PATH NO_CACHE)
if(NOT SINTERC)
  set(sinter_FOUND FALSE)
  set(sinter_NOT_FOUND_MESSAGE "there is no sinterc in ${sinter_PREFIX}/bin")
  return()
endif()
set(sinter_RUNTIME "${sinter_PREFIX}/lib/libsinter_runtime.a")

# What a compiled model needs: sinter/host.h and the library behind it. Programs in C have to enable CXX as well, since
# the library is linked as C++ is.
if(NOT TARGET sinter::runtime)
  add_library(sinter::runtime STATIC IMPORTED)
  set_target_properties(sinter::runtime PROPERTIES
    IMPORTED_LOCATION "${sinter_RUNTIME}"
    IMPORTED_LINK_INTERFACE_LANGUAGES CXX
    INTERFACE_INCLUDE_DIRECTORIES "${sinter_PREFIX}/include"
    INTERFACE_LINK_LIBRARIES "-pthread;-l:libz.a;-lm")
endif()

# sinter_add_model(NAME SOURCE [LIBRARY [PREFIX NAME]] [TARGETS cpu...] [MARCH NAME] [SET NAME=VALUE...]
#                  [OPTIONS OPTION...])
# The executable NAME or, with LIBRARY, a library target NAME of the object with its header NAME.h; the header's
# namespace and the object's symbols begin with PREFIX (NAME). OPTIONS are any of sinterc's.
function(sinter_add_model NAME SOURCE)
  cmake_parse_arguments(PARSE_ARGV 2 MODEL "LIBRARY" "MARCH;PREFIX" "TARGETS;SET;OPTIONS")
  if(MODEL_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sinter_add_model(${NAME}): unknown arguments: ${MODEL_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT MODEL_TARGETS)
    set(MODEL_TARGETS cpu)
  endif()
  list(JOIN MODEL_TARGETS "," targets)
  set(options --target=${targets} ${MODEL_OPTIONS})
  if(MODEL_MARCH)
    list(APPEND options --march=${MODEL_MARCH})
  endif()
  foreach(setting IN LISTS MODEL_SET)
    list(APPEND options --set ${setting})
  endforeach()
  get_filename_component(source "${SOURCE}" ABSOLUTE)
  set(stem "${CMAKE_CURRENT_BINARY_DIR}/${NAME}")
  if(NOT MODEL_LIBRARY)
    add_custom_command(OUTPUT "${stem}"
      COMMAND "${SINTERC}" "${source}" -o "${stem}" ${options}
      DEPENDS "${source}" "${SINTERC}" "${sinter_RUNTIME}"
      COMMENT "Compiling model ${NAME}" VERBATIM)
    add_custom_target(${NAME} ALL DEPENDS "${stem}")
    return()
  endif()
  if(NOT MODEL_PREFIX)
    string(MAKE_C_IDENTIFIER "${NAME}" MODEL_PREFIX)
  endif()
  add_custom_command(OUTPUT "${stem}.o" "${stem}.h"
    COMMAND "${SINTERC}" "${source}" --emit=obj,header --prefix ${MODEL_PREFIX} -o "${stem}.o" ${options}
    DEPENDS "${source}" "${SINTERC}"
    COMMENT "Compiling model ${NAME}" VERBATIM)
  add_custom_target(${NAME}_model DEPENDS "${stem}.o" "${stem}.h")
  add_library(${NAME} INTERFACE)
  add_dependencies(${NAME} ${NAME}_model)
  target_link_libraries(${NAME} INTERFACE "${stem}.o" sinter::runtime)
  target_include_directories(${NAME} INTERFACE "${CMAKE_CURRENT_BINARY_DIR}")
  target_compile_features(${NAME} INTERFACE cxx_std_20)
endfunction()
