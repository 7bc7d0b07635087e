# find_package(sinter): the compiler as a CMake tool.
#
#   find_package(sinter REQUIRED)
#   sinter_add_model(gpt gpt.cpp TARGETS cpu SET layers=6 batch=8)
#
# builds the executable `gpt` from the model description gpt.cpp.
get_filename_component(sinter_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_program(SINTERC sinterc HINTS "${sinter_PREFIX}/bin" NO_DEFAULT_PATH)
if(NOT SINTERC)
  set(sinter_FOUND FALSE)
  set(sinter_NOT_FOUND_MESSAGE "there is no sinterc in ${sinter_PREFIX}/bin")
  return()
endif()

# sinter_add_model(NAME SOURCE [TARGETS cpu...] [MARCH NAME] [SET NAME=VALUE...])
function(sinter_add_model NAME SOURCE)
  cmake_parse_arguments(PARSE_ARGV 2 MODEL "" "MARCH" "TARGETS;SET")
  if(MODEL_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sinter_add_model(${NAME}): unknown arguments: ${MODEL_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT MODEL_TARGETS)
    set(MODEL_TARGETS cpu)
  endif()
  list(JOIN MODEL_TARGETS "," targets)
  set(options --target=${targets})
  if(MODEL_MARCH)
    list(APPEND options --march=${MODEL_MARCH})
  endif()
  foreach(setting IN LISTS MODEL_SET)
    list(APPEND options --set ${setting})
  endforeach()
  get_filename_component(source "${SOURCE}" ABSOLUTE)
  set(program "${CMAKE_CURRENT_BINARY_DIR}/${NAME}")
  add_custom_command(OUTPUT "${program}"
    COMMAND "${SINTERC}" "${source}" -o "${program}" ${options}
    DEPENDS "${source}" "${SINTERC}"
    COMMENT "Compiling model ${NAME}" VERBATIM)
  add_custom_target(${NAME} ALL DEPENDS "${program}")
endfunction()
