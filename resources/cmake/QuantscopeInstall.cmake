# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed, and what goes into the Debian packages. Included once from the top-level
# CMakeLists.txt, after all targets. The tree finds its own parts relative to the programs, so it
# works wherever it is put:
#
#   bin                       the programs
#   lib/quantscope            libraries that the programs and plugins share
#   lib/quantscope/plugins    plugins
#   share/quantscope          datasets, manual, schema
#   include, lib/cmake        what find_package(Quantscope) needs to build plugins elsewhere
#
# The component `runtime` is the package quantscope, the component `development` is quantscope-dev.

include(CMakePackageConfigHelpers)

set(programs)
foreach(target quantscope quantscope-cli)
    if(TARGET ${target})
        list(APPEND programs ${target})
    endif()
endforeach()
if(programs)
    add_dependencies(quantscope-programs ${programs})
    set_target_properties(${programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/quantscope")
    install(TARGETS ${programs} RUNTIME DESTINATION bin COMPONENT runtime)
endif()

install(TARGETS quantscope-core quantscope-sdk EXPORT QuantscopeTargets
    LIBRARY DESTINATION lib/quantscope COMPONENT runtime NAMELINK_COMPONENT development)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/datasets ${PROJECT_SOURCE_DIR}/resources/manual
                  ${PROJECT_SOURCE_DIR}/resources/schema
    DESTINATION ${QUANTSCOPE_DATA_SUBDIR} COMPONENT runtime
    PATTERN CMakeLists.txt EXCLUDE
    PATTERN "*.cpp" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/resources/packaging/org.quantscope.Quantscope.desktop
    DESTINATION share/applications COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/resources/packaging/org.quantscope.Quantscope.metainfo.xml
    DESTINATION share/metainfo COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/resources/icons/quantscope.svg
    DESTINATION share/icons/hicolor/scalable/apps RENAME org.quantscope.Quantscope.svg COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
    DESTINATION share/doc/quantscope COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/resources/packaging/copyright
    DESTINATION share/doc/quantscope COMPONENT runtime)

# Headers for plugins: the SDK's, and those of core that need no library which the package does not
# pass on (HDF5, oneTBB, Highway, Eigen), neither themselves nor through another header.
file(GLOB_RECURSE public_headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/core/*.h)
set(private_pattern "<(hdf5\\.h|H5[A-Za-z]*\\.h|tbb/|oneapi/|hwy/|Eigen/|xxhash\\.h)")
set(found_private ON)
while(found_private)
    set(found_private OFF)
    foreach(header ${public_headers})
        file(STRINGS ${PROJECT_SOURCE_DIR}/${header} private_includes
             REGEX "^#include (${private_pattern})")
        if(private_includes)
            list(REMOVE_ITEM public_headers ${header})
            string(REPLACE "." "\\." name ${header})
            string(APPEND private_pattern "|\"${name}\"")
            set(found_private ON)
        endif()
    endforeach()
endwhile()
list(APPEND public_headers plugins/sdk/method_plugin.h plugins/sdk/plugin_loader.h)
foreach(header ${public_headers})
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION include/quantscope/${folder}
        COMPONENT development)
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/generated/plugins/sdk/build_tag.h
    DESTINATION include/quantscope/plugins/sdk COMPONENT development)

set(package_dir lib/cmake/Quantscope)
configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/resources/cmake/QuantscopeConfig.cmake.in
    ${PROJECT_BINARY_DIR}/generated/QuantscopeConfig.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/generated/QuantscopeConfigVersion.cmake
    # Plugins depend on the layout of classes, which may change with every minor version before 1.0.
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/QuantscopeConfig.cmake
              ${PROJECT_BINARY_DIR}/generated/QuantscopeConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/resources/cmake/QuantscopePlugin.cmake
    DESTINATION ${package_dir} COMPONENT development)
install(EXPORT QuantscopeTargets NAMESPACE Quantscope:: DESTINATION ${package_dir}
    COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/example
    DESTINATION share/doc/quantscope-dev/examples COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/resources/packaging/copyright
    DESTINATION share/doc/quantscope-dev COMPONENT development)

# Debian packages: see `./dev package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME quantscope)
set(CPACK_PACKAGE_VENDOR Quantscope)
set(CPACK_PACKAGE_CONTACT "The Quantscope developers <quantscope@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "workbench for quantization of weights and embeddings")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME quantscope)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "qt6-wayland, fonts-dejavu-core")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
"Opens weights or embeddings from HDF5 files, runs scalar, product, residual
and mixed-precision quantizers on them, and shows the trade-off between error
and bits per weight. Everything that the window does can also be had from the
command line tool quantscope-cli.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME quantscope-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "quantscope (= ${PROJECT_VERSION}), qt6-base-dev, nlohmann-json3-dev, cmake")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"Headers, CMake package and an example for building quantizer plugins for
Quantscope.")
include(CPack)
