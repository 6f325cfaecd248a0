// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <mutex>

#include "core/io/dataset_reader.h"
#include "core/io/fold_geometry.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// A dataset seen as the matrix that a folding rule makes of it. Holds nothing but HDF5's chunk
/// cache; where rows are not consecutive in the file, also two bands of at most 16 MiB of folded
/// rows, because reading a few columns of a file costs nearly as much as reading many. Two, because
/// threads that read neighbouring blocks may be on either side of a border.
class FoldedSource final : public TensorSource {
public:
    /// `fold` has been checked against the shape.
    FoldedSource(std::shared_ptr<const OpenedFile> file, const DatasetAccess& access,
                 const FoldRule& fold);

    Index rows() const override { return m_geometry.rows(); }
    Index cols() const override { return m_geometry.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override;

private:
    struct Band {
        Index first = -1;
        Matrix values;
    };
    void readRows(Index firstRow, MatrixSpan out, const std::stop_token& stop) const;
    void readBand(Index firstRow, MatrixSpan out, const std::stop_token& stop) const;
    void readPart(Index firstRow, Index firstCol, MatrixSpan out) const;
    void readFromBands(Index firstRow, MatrixSpan out, const std::stop_token& stop) const;
    const Band& bandWith(Index row, const std::stop_token& stop) const;

    DatasetReader m_reader;
    FoldGeometry m_geometry;
    Index m_bandRows = 1;
    mutable std::mutex m_bandMutex;
    mutable std::array<Band, 2> m_bands;  ///< The one used last comes first.
};

}  // namespace quantscope
