// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/folded_source.h"

#include <algorithm>
#include <cassert>

#include "core/base/parallel.h"
#include "core/io/scatter.h"

namespace quantscope {

namespace {

constexpr Index bandFloats = Index{4} << 20;
constexpr Index mostElements = DatasetReader::maximumBoxElements;

}  // namespace

FoldedSource::FoldedSource(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                           const FoldRule& fold)
    : m_reader(std::move(file), access, chunkCacheBytes(access, fold.rowAxes)),
      m_geometry(access.shape, fold),
      m_bandRows(std::max<Index>(1, bandFloats / std::max<Index>(1, cols()))) {}

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
        const Band& band = bandWith(row, stop);
        const Index count = std::min(out.rows - done, band.first + band.values.rows() - row);
        for (Index i = 0; i < count; ++i) {
            std::ranges::copy(band.values.view().row(row - band.first + i),
                              out.row(done + i).begin());
        }
        done += count;
    }
}

/// The band that holds `row`, read in place of the one used longest ago unless it is there.
const FoldedSource::Band& FoldedSource::bandWith(Index row, const std::stop_token& stop) const {
    const Index first = row / m_bandRows * m_bandRows;
    if (m_bands[0].first != first) std::swap(m_bands[0], m_bands[1]);
    Band& band = m_bands[0];
    if (band.first == first) return band;
    band.first = -1;
    band.values = Matrix(std::min(m_bandRows, rows() - first), cols());
    readBand(first, band.values.span(), stop);
    band.first = first;
    return band;
}

void FoldedSource::readRows(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    const Index rowStep = std::max<Index>(1, mostElements / std::max<Index>(1, cols()));
    for (Index row = 0; row < out.rows; row += rowStep) {
        readBand(firstRow + row, out.middleRows(row, std::min(rowStep, out.rows - row)), stop);
    }
}

/// All of the rows at once, some columns at a time.
void FoldedSource::readBand(Index firstRow, MatrixSpan out, const std::stop_token& stop) const {
    const Index colStep = std::max<Index>(1, mostElements / out.rows);
    for (Index col = 0; col < cols(); col += colStep) {
        throwIfStopped(stop);
        readPart(firstRow, col, out.middleCols(col, std::min(colStep, cols() - col)));
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
