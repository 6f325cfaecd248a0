// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "core/base/matrix_view.h"

namespace quantscope {

/// A matrix whose rows are read when they are needed: a folded tensor of a file, or one in memory.
/// `read` may be called from several threads at once.
class TensorSource {
public:
    virtual ~TensorSource() = default;

    virtual Index rows() const = 0;
    virtual Index cols() const = 0;
    Index size() const { return rows() * cols(); }

    /// Fills `out` (out.cols == cols()) with rows firstRow .. firstRow + out.rows - 1 as float32.
    /// Throws Error when the values cannot be read, Cancelled when `stop` was requested.
    virtual void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const = 0;

    /// All rows as a view when they already lie in memory, else a view without data. Lets methods
    /// that need the whole matrix avoid a copy.
    virtual MatrixView inMemory() const { return {}; }
};

/// A source over values that somebody else keeps alive.
class ViewSource final : public TensorSource {
public:
    explicit ViewSource(MatrixView values) : m_values(values) {}

    Index rows() const override { return m_values.rows; }
    Index cols() const override { return m_values.cols; }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override;
    MatrixView inMemory() const override { return m_values; }

private:
    MatrixView m_values;
};

/// Columns of another source, in any order and selection; column j is `columns[j]` of the base.
class ColumnSource final : public TensorSource {
public:
    ColumnSource(const TensorSource& base, std::vector<Index> columns);

    Index rows() const override { return m_base.rows(); }
    Index cols() const override { return static_cast<Index>(m_columns.size()); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override;

private:
    const TensorSource& m_base;
    std::vector<Index> m_columns;
};

/// Reads all rows.
Matrix readAll(const TensorSource& source, const std::stop_token& stop);

/// How many rows to read at once so that a block of a matrix with `cols` columns stays near 1 MiB;
/// at least 1. Depends on `cols` alone, so blocks are the same at any thread count.
Index blockRows(Index cols);

}  // namespace quantscope
