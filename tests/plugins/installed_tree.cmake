# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the build, moves the tree elsewhere, builds plugins/example against it as a stranger
# would, and quantizes with the result. Run by CTest:
#   cmake -DBUILD_DIR=... -DWORK_DIR=... -DCXX_COMPILER=... -P installed_tree.cmake

# run(<command> [<argument>...]): fails the test when the command does; its output is in `output`.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE errors)
    if(NOT code EQUAL 0)
        list(JOIN ARGN " " line)
        message(FATAL_ERROR "${line}\nended with ${code}:\n${text}${errors}")
    endif()
    set(output "${text}" PARENT_SCOPE)
endfunction()

function(expect condition_text)
    if(NOT (${ARGN}))
        message(FATAL_ERROR "${condition_text}\n${output}")
    endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
set(prefix "${WORK_DIR}/moved tree")
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/installed)
file(RENAME ${WORK_DIR}/installed ${prefix})

# The example, copied out of the installed tree: nothing of the source tree is within its reach.
file(COPY "${prefix}/share/doc/quantscope-dev/examples/example" DESTINATION ${WORK_DIR})
set(example_build ${WORK_DIR}/example-build)
run(${CMAKE_COMMAND} -S ${WORK_DIR}/example -B ${example_build} -G Ninja
    -DCMAKE_CXX_COMPILER=${CXX_COMPILER} "-DCMAKE_PREFIX_PATH=${prefix}")
run(${CMAKE_COMMAND} --build ${example_build})

file(GLOB_RECURSE sources "${prefix}/share/quantscope/*.cpp" "${prefix}/share/quantscope/CMakeLists.txt")
expect("Sources stand among the data of the installed tree: ${sources}" NOT sources)

set(cli "${prefix}/bin/quantscope-cli")
run(${cli} methods --json)
expect("Before its plugin is installed, there must be no method 'sign'."
       NOT output MATCHES "\"id\": *\"sign\"")
expect("The plugins of the installed tree are not found." output MATCHES "\"id\": *\"scalar\"")

run(${CMAKE_COMMAND} -E env QUANTSCOPE_PLUGIN_PATH=${example_build} ${cli} methods sign --json)
expect("QUANTSCOPE_PLUGIN_PATH does not lead to the plugin." output MATCHES "\"id\": *\"sign\"")

run(${CMAKE_COMMAND} --install ${example_build} --prefix ${prefix})
run(${cli} quantize "${prefix}/share/quantscope/datasets/stories260k.h5" --json
    --tensor model.layers.0.self_attn.q_proj.weight --method sign:bits=1)
# The best scale for signs is the mean magnitude: NMSE = 1 - mean(|w|)^2 / mean(w^2), about
# 1 - 2/pi = 0.36 for a Gaussian; trained weights stay within a tenth of it.
string(JSON nmse GET "${output}" 0 nmse)
expect("The NMSE of the example is ${nmse}." nmse GREATER 0.3 AND nmse LESS 0.46)
