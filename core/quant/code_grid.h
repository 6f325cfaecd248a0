// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/quant/encoded_tensor.h"
#include "core/quant/grid_fit.h"

namespace quantscope {

/// The codes of some rows of a tensor while they are chosen. Matrices are transposed here: row i of
/// `weights` and `rounded` is input channel column + i, and holds one value for each of the rows,
/// so that loops over rows run along memory. Used by one thread at a time.
class GridRows {
public:
    virtual ~GridRows() = default;

    /// Chooses the codes of the channels `column` .. column + columnsPerCode() - 1 whose values are
    /// nearest to `weights`, and writes the values to `rounded`. `column` is a multiple of
    /// columnsPerCode(). Columns may come in any order and again; the last choice counts. Where the
    /// search is not exact, what was chosen before stays if it is nearer than what is found anew.
    virtual void round(Index column, MatrixView weights, MatrixSpan rounded) = 0;

    /// As round(), for codes of several channels, with distances in the metric F F^T: what counts
    /// is the least |(w - q) F|. `factor` is F, channels of the code x channels of the code. False,
    /// with the choice made by plain distance, where a grid does not search that way.
    virtual bool roundInMetric(Index column, MatrixView weights, MatrixView /*factor*/,
                               MatrixSpan rounded) {
        round(column, weights, rounded);
        return false;
    }

    /// Fits the scales of the unit that begins at `column` anew to `weights`, which holds all its
    /// channels; called before any of them is rounded. Only when refitColumns() is above 0.
    virtual void refit(Index column, MatrixView weights) = 0;

    /// Goes on from the codes that were committed for these rows before, with the grid as it is
    /// now, and writes the values of all channels: row j of `values` is input channel j. Columns
    /// count as rounded then. False, with nothing done, where a grid cannot.
    virtual bool resume(MatrixSpan /*values*/) { return false; }

    /// Puts back what was chosen before the last choice, which was for the code at `column`, in
    /// the rows where `rows` is not 0. Called only for codes of several channels of a row that
    /// were rounded before; grids without such codes need not offer it.
    virtual void takeBack(Index /*column*/, std::span<const std::uint8_t> /*rows*/) {}

    /// Hands the codes over to the grid; every column must have been rounded.
    virtual void commit() = 0;
};

/// The grid or codebook that a quantizer has fitted to a tensor, with the codes still open: for
/// methods that choose codes themselves, such as GPTQ, which makes up in later columns for the
/// rounding errors of earlier ones. What comes out is an encoded tensor of the quantizer's own
/// method, read by its own decoder.
class CodeGrid {
public:
    virtual ~CodeGrid() = default;

    /// How many consecutive input channels one code stands for: the dimension of vectors along
    /// rows, otherwise 1. The last code of a row may stand for fewer.
    virtual Index columnsPerCode() const = 0;

    /// Consecutive input channels of a row that share a scale of their own, so that fitting it can
    /// wait until they are reached; the last unit of a row may be shorter. 0 for grids that are
    /// fixed once the tensor is known. A multiple of columnsPerCode().
    virtual Index refitColumns() const = 0;

    /// What the first row and the number of rows of rows() have to be a multiple of: 8, as the
    /// codes of 8 rows fill whole bytes whatever their width, or the length of blocks along columns
    /// where that is longer. A multiple of 8.
    virtual Index rowGranule() const { return 8; }

    /// Begins rows firstRow .. firstRow + count - 1. `firstRow` is a multiple of rowGranule(), and
    /// so is `count` unless these are the last rows. Different rows may be worked on at the same
    /// time. Rows may be begun again after they were committed; the last commit counts.
    virtual std::unique_ptr<GridRows> rows(Index firstRow, Index count) = 0;

    /// Access to the values behind the committed codes; null for grids whose values are not linear
    /// in anything that is stored.
    virtual std::unique_ptr<GridFit> fit() { return nullptr; }

    /// All that is stored, when every row was committed; to be called once. The method of the
    /// encoded tensor is that of the quantizer.
    virtual EncodedTensor finish() = 0;
};

}  // namespace quantscope
