// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QString>
#include <stop_token>
#include <vector>

#include "app/models/plot_data.h"
#include "core/base/matrix_view.h"
#include "core/quant/quantized_tensor.h"

namespace quantscope {

/// What a method makes of values, small enough for its form: its levels on a number line, or its
/// code points in a plane.
struct CodePicture {
    enum class Kind { None, Levels, Points };

    Kind kind = Kind::None;
    LevelsData levels;            ///< Kind::Levels: the values' distribution and the levels.
    std::vector<QPointF> points;  ///< Kind::Points: codewords, or decoded values.
    std::vector<QPointF> values;  ///< What they stand for: some of the vectors.
    QString caption;              ///< What is drawn, how many, and of how many.
};

/// The picture of what `tensor` makes of `rows`. Levels where every weight has some to choose from.
/// Else the first codebook in the plane of its codewords' two main axes (in its two components with
/// the most variance, where vectors are longer than 256), with vectors of the first rows. Else, for
/// methods without a list of codewords, decoded values of neighbouring weights in pairs. `levels`:
/// what the levels plot shows of them. Throws Cancelled.
CodePicture buildCodePicture(MatrixView rows, const QuantizedTensor& tensor,
                             const LevelsData& levels, const std::stop_token& stop);

}  // namespace quantscope
