// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// Lengths of a tensor's axes, outermost (slowest varying in the file) first.
using Shape = std::vector<Index>;

/// Number of elements; 1 for a scalar (no axes). The caller checked that it does not overflow.
Index elementCount(const Shape& shape);

/// "64x172"; "scalar" for no axes.
std::string formatShape(const Shape& shape);

/// How an n-dimensional tensor becomes a matrix of output channels (rows) by input channels
/// (columns): the axes named here make the rows, in this order; the others make the columns, in the
/// order of the file. Examples: PyTorch linear (out, in) {0}; Keras dense (in, out) {1}; Keras
/// convolution (h, w, in, out) {3}; token activations (batch, token, channel) {0, 1}.
struct FoldRule {
    std::vector<int> rowAxes = {0};

    bool operator==(const FoldRule&) const = default;

    /// "rows=0", "rows=0,1"; "rows=" (a vector becomes one row) has no row axis.
    std::string toText() const;
    /// Reads toText's form; throws Error on anything else.
    static FoldRule parse(std::string_view text);

    /// Throws Error if an axis is named twice or does not exist in a tensor of this rank.
    void check(const Shape& shape) const;
    Index rows(const Shape& shape) const;
    Index cols(const Shape& shape) const;
    /// The axes that make the columns, in file order.
    std::vector<int> columnAxes(const Shape& shape) const;
    /// Whether rows of the matrix are consecutive runs of the file (no transposition needed).
    bool keepsFileOrder(const Shape& shape) const;
};

}  // namespace quantscope
