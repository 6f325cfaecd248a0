// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/matrix_view.h"

namespace quantscope::bench {

/// The same work done by Faiss on one thread, where CMake found it. Debian's Faiss 1.7.3 is several
/// times slower than newer releases: its figures are no goal, but they are measured in the same
/// process on the same values.

/// "Faiss 1.7.3", or that there is none.
std::string faissVersion();

struct FaissKMeans {
    double trainSeconds = 0.0;   ///< Of this processor, for all iterations.
    double assignSeconds = 0.0;  ///< For one assignment of all rows.
    double objective = 0.0;      ///< Mean squared distance after training.
};
FaissKMeans faissKMeans(MatrixView x, Index count, int iterations);

struct FaissPq {
    double trainSeconds = 0.0;
    double encodeSeconds = 0.0;  ///< By its faster way.
    double relativeError = 0.0;  ///< Squared error over energy, all rows.
};
/// Trains on the first `trainedRows` rows, encodes all.
FaissPq faissPq(MatrixView x, Index slices, int bits, Index trainedRows);

}  // namespace quantscope::bench
