# SPDX-License-Identifier: GPL-3.0-or-later
# How every target of the project is built. Included once from the top-level CMakeLists.txt.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# The build tree has the layout of an installed tree, so that programs find plugins and data
# relative to themselves in both.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(QUANTSCOPE_DATA_SUBDIR share/quantscope)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/${QUANTSCOPE_DATA_SUBDIR})
foreach(folder datasets resources/manual resources/schema)
    get_filename_component(name ${folder} NAME)
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder}
         ${PROJECT_BINARY_DIR}/${QUANTSCOPE_DATA_SUBDIR}/${name} SYMBOLIC)
endforeach()

# Flags for our own code only; third-party headers come in as system headers.
add_library(quantscope-flags INTERFACE)
target_compile_options(quantscope-flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
    # g++ 12 reports overlaps in plain string concatenation that do not exist (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(QUANTSCOPE_SANITIZE)
    target_compile_options(quantscope-flags INTERFACE
        -fsanitize=${QUANTSCOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
        # The sanitizers' own code makes g++ see uninitialized values where there are none (GCC bug
        # 105562); the other presets keep the warning.
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(quantscope-flags INTERFACE -fsanitize=${QUANTSCOPE_SANITIZE})
endif()

# quantscope_optimize_under_sanitizers(SOURCE...): sources of the core in whose inner loops the tests
# spend their time. Without unrolling, their registers are arrays in memory, and every access to one
# is checked: some ten times slower.
function(quantscope_optimize_under_sanitizers)
    if(QUANTSCOPE_SANITIZE)
        set_source_files_properties(${ARGN} TARGET_DIRECTORY quantscope-core
                                    PROPERTIES COMPILE_OPTIONS -O2)
    endif()
endfunction()

# Qt and oneTBB both use the word `emit`; the project writes Q_EMIT.
function(quantscope_use_qt target)
    set_target_properties(${target} PROPERTIES AUTOMOC ON)
    target_compile_definitions(${target} PRIVATE QT_NO_EMIT QT_NO_CAST_TO_ASCII)
endfunction()

include(QuantscopePlugin)

# The programs with the plugins that they load: what `./dev run` builds.
add_custom_target(quantscope-plugins)
add_custom_target(quantscope-programs)
add_dependencies(quantscope-programs quantscope-plugins)

# quantscope_add_own_plugin(<id> SOURCES ...)
# A plugin of this project: lies beside the program, and its classes without the QObject shell are
# also an object library, quantscope-method-<id>, for tests that need no plugin loader.
function(quantscope_add_own_plugin id)
    cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
    add_library(quantscope-method-${id} OBJECT ${ARG_SOURCES})
    target_link_libraries(quantscope-method-${id} PUBLIC quantscope-core PRIVATE quantscope-flags)
    quantscope_add_plugin(${id} SOURCES ${id}_plugin.cpp ${id}_plugin.h)
    set(target quantscope-plugin-${id})
    target_link_libraries(${target} PRIVATE quantscope-method-${id} quantscope-flags)
    set_target_properties(${target} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${QUANTSCOPE_PLUGIN_SUBDIR}
        INSTALL_RPATH "$ORIGIN/..")
    add_dependencies(quantscope-plugins ${target})
endfunction()

# quantscope_add_test(<name> LABEL core|plugins|models|gui|cli [ONE_LOCALE] SOURCES ...
#                     [LIBRARIES ...])
# One Qt Test executable, registered with CTest. Tests run without a display, and those of core,
# plugins and cli a second time, as <name>_comma, in a locale with a decimal comma (see
# tests/CMakeLists.txt), unless they say ONE_LOCALE.
function(quantscope_add_test name)
    cmake_parse_arguments(ARG "ONE_LOCALE" "LABEL" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    quantscope_use_qt(${name})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE quantscope-core Qt6::Test ${ARG_LIBRARIES}
                                          quantscope-flags)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name} PRIVATE
        QUANTSCOPE_DATASETS_DIR="${PROJECT_SOURCE_DIR}/datasets"
        QUANTSCOPE_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data"
        QUANTSCOPE_BUILD_DIR="${PROJECT_BINARY_DIR}")
    set(timeout 300)
    if(QUANTSCOPE_SANITIZE)
        set(timeout 900)
    endif()
    set(environment "QT_QPA_PLATFORM=offscreen;QT_LOGGING_RULES=qt.qpa.*=false")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES
        LABELS ${ARG_LABEL} TIMEOUT ${timeout} ENVIRONMENT "${environment}")
    if(QUANTSCOPE_COMMA_LOCALE AND NOT ARG_ONE_LOCALE AND ARG_LABEL MATCHES "^(core|plugins|cli)$")
        add_test(NAME ${name}_comma COMMAND ${name})
        set_tests_properties(${name}_comma PROPERTIES
            LABELS "${ARG_LABEL};locale" TIMEOUT ${timeout}
            ENVIRONMENT "${environment};LC_ALL=;${QUANTSCOPE_COMMA_LOCALE}")
    endif()
endfunction()
