// SPDX-License-Identifier: GPL-3.0-or-later
#include "faiss_peer.h"

// Stands in where CMake found no Faiss.
namespace quantscope::bench {

std::string faissVersion() {
    return "none: Faiss was not found when the benchmarks were configured";
}

FaissKMeans faissKMeans(MatrixView /*x*/, Index /*count*/, int /*iterations*/) {
    return {};
}

FaissPq faissPq(MatrixView /*x*/, Index /*slices*/, int /*bits*/, Index /*trainedRows*/) {
    return {};
}

}  // namespace quantscope::bench
