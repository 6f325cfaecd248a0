// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace quantscope {

/// Signed size and position of rows, columns and elements.
using Index = std::ptrdiff_t;

/// Read-only view of a row-major float matrix: `rows` output channels (or vectors) of `cols` input
/// channels (or dimensions), consecutive rows `stride` floats apart. Owns nothing.
struct MatrixView {
    const float* data = nullptr;
    Index rows = 0;
    Index cols = 0;
    Index stride = 0;

    MatrixView() = default;
    MatrixView(const float* values, Index rowCount, Index colCount)
        : MatrixView(values, rowCount, colCount, colCount) {}
    MatrixView(const float* values, Index rowCount, Index colCount, Index rowStride)
        : data(values), rows(rowCount), cols(colCount), stride(rowStride) {}

    std::span<const float> row(Index r) const {
        assert(r >= 0 && r < rows);
        return {data + r * stride, static_cast<std::size_t>(cols)};
    }
    float operator()(Index r, Index c) const { return data[r * stride + c]; }
    Index size() const { return rows * cols; }
    MatrixView middleRows(Index first, Index count) const {
        assert(first >= 0 && first + count <= rows);
        return {data + first * stride, count, cols, stride};
    }
    MatrixView middleCols(Index first, Index count) const {
        assert(first >= 0 && first + count <= cols);
        return {data + first, rows, count, stride};
    }
};

/// Writable twin of MatrixView.
struct MatrixSpan {
    float* data = nullptr;
    Index rows = 0;
    Index cols = 0;
    Index stride = 0;

    MatrixSpan() = default;
    MatrixSpan(float* values, Index rowCount, Index colCount)
        : MatrixSpan(values, rowCount, colCount, colCount) {}
    MatrixSpan(float* values, Index rowCount, Index colCount, Index rowStride)
        : data(values), rows(rowCount), cols(colCount), stride(rowStride) {}

    operator MatrixView() const { return {data, rows, cols, stride}; }
    std::span<float> row(Index r) const {
        assert(r >= 0 && r < rows);
        return {data + r * stride, static_cast<std::size_t>(cols)};
    }
    float& operator()(Index r, Index c) const { return data[r * stride + c]; }
    Index size() const { return rows * cols; }
    MatrixSpan middleRows(Index first, Index count) const {
        assert(first >= 0 && first + count <= rows);
        return {data + first * stride, count, cols, stride};
    }
    MatrixSpan middleCols(Index first, Index count) const {
        assert(first >= 0 && first + count <= cols);
        return {data + first, rows, count, stride};
    }
};

/// A row-major matrix that owns its values. For storage inside a module; borders take the views.
class Matrix {
public:
    Matrix() = default;
    Matrix(Index rows, Index cols)
        : m_values(static_cast<std::size_t>(rows * cols)), m_rows(rows), m_cols(cols) {}

    Index rows() const { return m_rows; }
    Index cols() const { return m_cols; }
    float* data() { return m_values.data(); }
    const float* data() const { return m_values.data(); }
    float& operator()(Index r, Index c) {
        return m_values[static_cast<std::size_t>(r * m_cols + c)];
    }
    float operator()(Index r, Index c) const {
        return m_values[static_cast<std::size_t>(r * m_cols + c)];
    }
    MatrixView view() const { return {m_values.data(), m_rows, m_cols}; }
    MatrixSpan span() { return {m_values.data(), m_rows, m_cols}; }

private:
    std::vector<float> m_values;
    Index m_rows = 0;
    Index m_cols = 0;
};

}  // namespace quantscope
