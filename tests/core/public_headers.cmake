# SPDX-License-Identifier: GPL-3.0-or-later
# Every header of core and of the plugin SDK must compile by itself, in whatever order it is
# included: each gets a source file of its own that includes nothing else.
if(QUANTSCOPE_SANITIZE)
    return()
endif()
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/core/*.h ${PROJECT_SOURCE_DIR}/plugins/sdk/*.h)
set(sources "")
foreach(header ${headers})
    string(REPLACE "/" "_" name ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"@header@\"\n" @ONLY)
    list(APPEND sources ${source})
endforeach()
add_library(public-headers OBJECT ${sources})
target_link_libraries(public-headers PRIVATE quantscope-sdk Eigen3::Eigen hwy::hwy TBB::tbb
                                             quantscope-flags)
target_include_directories(public-headers SYSTEM PRIVATE ${HDF5_C_INCLUDE_DIRS})
target_compile_options(public-headers PRIVATE -O0)
