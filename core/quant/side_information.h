// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Second-order sensitivity of a layer's output to its weights: H of the layer loss tr(E H E^T),
/// where E = W - Q (rows x cols) and H is cols x cols, symmetric, positive semidefinite; up to a
/// factor H = (1/n) sum x x^T over inputs x. Either the full matrix or its diagonal alone.
///
/// While an experiment is planned there is only a description: size, source and whether the full
/// matrix is stored, without values.
struct Hessian {
    Index size = 0;                ///< Number of input channels.
    std::vector<double> diagonal;  ///< size values; empty in a description.
    std::vector<double> full;    ///< size x size, row-major; empty when only the diagonal is known.
    std::string source;          ///< Where it came from: "stories260k-calibration.h5:/hessian/...".
    bool describesFull = false;  ///< Of a description: the full matrix is stored.

    bool hasValues() const { return !diagonal.empty(); }
    /// Whether the full matrix is known, or will be once the values are read.
    bool isFull() const { return describesFull || !full.empty(); }
};

/// Codebooks that were made before: what the codes of a tensor may start from, or use as they are.
/// While an experiment is planned there is only a description: names and shapes, without values.
struct GivenCodebooks {
    struct Book {
        std::string name;  ///< "stage 1"
        Index count = 0;   ///< Codewords.
        Index dim = 0;
        std::vector<float> codewords;  ///< count x dim, row-major; empty in a description.
    };

    std::vector<Book> books;  ///< In the order of the codes of a vector.
    std::string source;       ///< Where they came from: "codes.h5:/layer/codebooks".

    bool hasValues() const { return !books.empty() && !books.front().codewords.empty(); }
};

/// What is known of a tensor besides its values. All optional. Quantizer::preflight may get
/// descriptions; quantize always gets values.
struct SideInformation {
    std::shared_ptr<const Hessian> hessian;
    std::shared_ptr<const GivenCodebooks> codebooks = {};
};

}  // namespace quantscope
