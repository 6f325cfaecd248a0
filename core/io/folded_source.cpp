// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/folded_source.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/io/scatter.h"

namespace quantscope {

namespace {

constexpr Index bandFloats = Index{8} << 20;

}  // namespace

FoldedSource::FoldedSource(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                           const FoldRule& fold)
    : m_reader(std::move(file), access, chunkCacheBytes(access, fold.rowAxes)),
      m_geometry(access.shape, fold),
      m_bandRows(std::clamp<Index>(bandFloats / std::max<Index>(1, cols()), 1, rows())) {}

void FoldedSource::read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    assert(firstRow >= 0 && firstRow + out.rows <= rows() && out.cols == cols());
    throwIfStopped(stop);
    if (m_geometry.keepsFileOrder()) {
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
            m_band = Matrix(std::min(m_bandRows, rows() - bandFirst), cols());
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
    const Index rowStep = std::max<Index>(1, most / std::max<Index>(1, cols()));
    const Index colStep = std::min(cols(), most);
    for (Index row = 0; row < out.rows; row += rowStep) {
        const MatrixSpan rows = out.middleRows(row, std::min(rowStep, out.rows - row));
        for (Index col = 0; col < cols(); col += colStep) {
            throwIfStopped(stop);
            readPart(firstRow + row, col, rows.middleCols(col, std::min(colStep, cols() - col)));
        }
    }
}

void FoldedSource::readPart(Index firstRow, Index firstCol, MatrixSpan out) const {
    const auto read = [&](const GridBox& box, Index offset, const std::vector<Index>& strides) {
        if (isDense(box.count, strides)) return m_reader.read(box, out.data + offset);
        std::vector<float> values(static_cast<std::size_t>(elementCount(box.count)));
        m_reader.read(box, values.data());
        scatter(values.data(), box.count, strides, out.data + offset);
    };
    m_geometry.forEachBoxOf(firstRow, out.rows, firstCol, out.cols, out.stride, read);
}

}  // namespace quantscope
