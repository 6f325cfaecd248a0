// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/folded_source.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/io/scatter.h"

namespace quantscope {

namespace {

constexpr Index bandFloats = Index{8} << 20;

/// Lengths of the named axes, in that order.
std::vector<Index> lengthsOf(const Shape& shape, const std::vector<int>& axes) {
    std::vector<Index> lengths;
    for (const int axis : axes)
        lengths.push_back(shape[static_cast<std::size_t>(axis)]);
    return lengths;
}

/// By file axis: how far one step along it moves in the row-major grid of `axes`; 0 for other axes.
std::vector<Index> stepsOf(const Shape& shape, const std::vector<int>& axes) {
    std::vector<Index> steps(shape.size(), 0);
    Index step = 1;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
        steps[static_cast<std::size_t>(*axis)] = step;
        step *= shape[static_cast<std::size_t>(*axis)];
    }
    return steps;
}

Index positionOf(const std::vector<Index>& start, const std::vector<Index>& steps) {
    Index position = 0;
    for (std::size_t axis = 0; axis < start.size(); ++axis)
        position += start[axis] * steps[axis];
    return position;
}

}  // namespace

FoldedSource::FoldedSource(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                           const FoldRule& fold)
    : m_reader(std::move(file), access, chunkCacheBytes(access, fold.rowAxes)),
      m_rows(fold.rows(access.shape)),
      m_cols(fold.cols(access.shape)),
      m_keepsFileOrder(fold.keepsFileOrder(access.shape)),
      m_rowAxes(fold.rowAxes),
      m_columnAxes(fold.columnAxes(access.shape)),
      m_rowLengths(lengthsOf(access.shape, m_rowAxes)),
      m_columnLengths(lengthsOf(access.shape, m_columnAxes)),
      m_rowSteps(stepsOf(access.shape, m_rowAxes)),
      m_columnSteps(stepsOf(access.shape, m_columnAxes)),
      m_bandRows(std::clamp<Index>(bandFloats / std::max<Index>(1, m_cols), 1, m_rows)) {}

void FoldedSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    assert(firstRow >= 0 && firstRow + out.rows <= m_rows && out.cols == m_cols);
    throwIfStopped(stop);
    if (m_keepsFileOrder) {
        readRows(firstRow, out, stop);
    } else {
        readFromBands(firstRow, out, stop);
    }
}

void FoldedSource::readFromBands(Index firstRow, MatrixSpan out,
                                 const std::stop_token& stop) const {
    const std::lock_guard lock(m_bandMutex);
    for (Index done = 0; done < out.rows;) {
        const Index row = firstRow + done;
        const Index bandFirst = row / m_bandRows * m_bandRows;
        if (bandFirst != m_bandFirst) {
            m_bandFirst = -1;
            m_band = Matrix(std::min(m_bandRows, m_rows - bandFirst), m_cols);
            readRows(bandFirst, m_band.span(), stop);
            m_bandFirst = bandFirst;
        }
        const Index count = std::min(out.rows - done, bandFirst + m_band.rows() - row);
        for (Index i = 0; i < count; ++i) {
            std::ranges::copy(m_band.view().row(row - bandFirst + i), out.row(done + i).begin());
        }
        done += count;
    }
}

void FoldedSource::readRows(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    constexpr Index most = DatasetReader::maximumBoxElements;
    const Index rowStep = std::max<Index>(1, most / std::max<Index>(1, m_cols));
    const Index colStep = std::min(m_cols, most);
    for (Index row = 0; row < out.rows; row += rowStep) {
        const MatrixSpan rows = out.middleRows(row, std::min(rowStep, out.rows - row));
        for (Index col = 0; col < m_cols; col += colStep) {
            throwIfStopped(stop);
            readPart(firstRow + row, col, rows.middleCols(col, std::min(colStep, m_cols - col)));
        }
    }
}

void FoldedSource::readPart(Index firstRow, Index firstCol, MatrixSpan out) const {
    GridBox box;
    box.start.resize(m_reader.access().shape.size());
    box.count.resize(m_reader.access().shape.size());
    const auto place = [&box](const std::vector<int>& axes, const GridBox& part) {
        for (std::size_t i = 0; i < axes.size(); ++i) {
            box.start[static_cast<std::size_t>(axes[i])] = part.start[i];
            box.count[static_cast<std::size_t>(axes[i])] = part.count[i];
        }
    };
    forEachBox(m_rowLengths, firstRow, firstRow + out.rows, [&](const GridBox& rowPart) {
        place(m_rowAxes, rowPart);
        forEachBox(m_columnLengths, firstCol, firstCol + out.cols, [&](const GridBox& columnPart) {
            place(m_columnAxes, columnPart);
            const Index row = positionOf(box.start, m_rowSteps) - firstRow;
            const Index col = positionOf(box.start, m_columnSteps) - firstCol;
            readBox(box, out.data + row * out.stride + col, out.stride);
        });
    });
}

void FoldedSource::readBox(const GridBox& box, float* out, Index outStride) const {
    std::vector<Index> strides(box.count.size());
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
        strides[axis] = m_rowSteps[axis] * outStride + m_columnSteps[axis];
    }
    if (isDense(box.count, strides)) return m_reader.read(box, out);
    std::vector<float> values(static_cast<std::size_t>(elementCount(box.count)));
    m_reader.read(box, values.data());
    scatter(values.data(), box.count, strides, out);
}

}  // namespace quantscope
