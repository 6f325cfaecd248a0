// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/gains.h"

namespace quantscope::trellis {

/// How the values of a state follow from its number.
enum class CodeKind {
    OneMad,       ///< One multiply-add, sum of the four bytes.
    ThreeInst,    ///< One multiply-add, sum of two binary16 numbers.
    Hybrid,       ///< A hash that looks up one of 512 trained entries and flips a sign.
    RandomTable,  ///< Normal numbers of a fixed random stream.
};

/// Which weights follow each other in a block.
enum class Along {
    Rows,     ///< The tensor row by row; blocks do not care where rows end.
    Columns,  ///< Weights of one column (input channel), whose blocks stand alone.
};

/// The parameters of the trellis quantizer, typed.
struct TrellisSettings {
    /// Of a block of 256 weights: a whole number of bytes.
    int blockBits = 512;
    int stateBits = 12;
    CodeKind code = CodeKind::ThreeInst;
    int valuesPerStep = 1;
    Along along = Along::Rows;
    GainSettings gains;

    /// Throws Error when a parameter is missing or the combination makes no sense.
    static TrellisSettings from(const ParameterValues& values);

    double bits() const;
    /// Every step must leave at least two bits of the state before it.
    int mostBitsPerStep() const { return std::min(8, stateBits - 2); }
    /// The root of the mean square that weights are brought to before they are coded: below that of
    /// the code's values, because the path can be chosen. The best values for N(0,1), found by
    /// scanning.
    double inputScale() const;
};

/// The schema of the method "trellis".
std::vector<ParameterSpec> trellisParameters();

}  // namespace quantscope::trellis
