// SPDX-License-Identifier: GPL-3.0-or-later
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "faiss_peer.h"
#include "roofline.h"

using namespace quantscope::bench;

namespace {

// OpenBLAS 0.3.21 does not know the newer AMD processors and takes its AVX2 kernels for them, which
// reach half of what the AVX-512 ones do: comparing with those would flatter us. It reads the
// choice when it is loaded, so the program starts again with the right one.
void chooseSgemmKernels(char** argv) {
    const std::string wanted = "SkylakeX";
    const char* const asked = std::getenv("OPENBLAS_CORETYPE");
    if (asked != nullptr && asked == wanted) return;
    if (!__builtin_cpu_supports("avx512f") || sgemmKernels() != "Haswell") return;
    setenv("OPENBLAS_CORETYPE", wanted.c_str(), 1);
    execv("/proc/self/exe", argv);
}

}  // namespace

int main(int argc, char** argv) {
    chooseSgemmKernels(argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::AddCustomContext("OpenBLAS kernels", sgemmKernels());
    benchmark::AddCustomContext("Peer", faissVersion());
    benchmark::AddCustomContext("FMA peak, GFLOP/s", std::to_string(multiplyAddRate()));
    benchmark::AddCustomContext("sgemm, GFLOP/s", std::to_string(sgemmRate()));
    benchmark::AddCustomContext("Copy, GB/s", std::to_string(copyRate()));
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
