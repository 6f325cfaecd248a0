# SPDX-License-Identifier: GPL-3.0-or-later
# Declares plugins, in this project and, from the installed package, outside it.

# Raise it when a class that plugins implement or call changes its layout or meaning.
set(QUANTSCOPE_API_VERSION 4)

# What must agree for objects to pass between a plugin and the program.
string(REGEX MATCH "^[0-9]+" quantscope_compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
string(TOLOWER "${CMAKE_CXX_COMPILER_ID}" quantscope_compiler_name)
math(EXPR quantscope_pointer_bits "8 * ${CMAKE_SIZEOF_VOID_P}")
include(CheckCXXSymbolExists)
check_cxx_symbol_exists(_LIBCPP_VERSION version QUANTSCOPE_HAS_LIBCXX)
set(quantscope_standard_library "libstdc++")
if(QUANTSCOPE_HAS_LIBCXX)
    set(quantscope_standard_library "libc++")
endif()
string(JOIN "-" QUANTSCOPE_BUILD_TAG ${quantscope_compiler_name} ${quantscope_compiler_major}
    ${quantscope_standard_library} ${quantscope_pointer_bits}bit)
if(QUANTSCOPE_SANITIZE)
    string(APPEND QUANTSCOPE_BUILD_TAG "-${QUANTSCOPE_SANITIZE}")
endif()

# Where the programs look for plugins, seen from the folder above the one they are in.
set(QUANTSCOPE_PLUGIN_SUBDIR lib/quantscope/plugins)

# quantscope_add_plugin(<id> SOURCES ...)
#
# Builds the plugin library quantscope-<id> from the sources, which hold <id>_plugin.h with the
# QObject. <id>.json.in beside them gives id, name, version and help; the API version and the build
# tag are filled in, so that the loader can judge the library without executing it. Installing puts
# the library where the programs find it, if the prefix is theirs.
function(quantscope_add_plugin id)
    cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
    set(target quantscope-plugin-${id})
    add_library(${target} MODULE ${ARG_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME quantscope-${id} PREFIX "" AUTOMOC ON)
    target_compile_definitions(${target} PRIVATE QT_NO_EMIT)
    target_link_libraries(${target} PRIVATE Quantscope::sdk)
    configure_file(${CMAKE_CURRENT_SOURCE_DIR}/${id}.json.in
                   ${CMAKE_CURRENT_BINARY_DIR}/${id}.json @ONLY)
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
    install(TARGETS ${target} LIBRARY DESTINATION ${QUANTSCOPE_PLUGIN_SUBDIR}
        COMPONENT runtime)
endfunction()
