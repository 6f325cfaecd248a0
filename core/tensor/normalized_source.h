// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/tensor/tensor_source.h"

namespace quantscope {

/// Scales every row of `values` to unit Euclidean length; rows of zeros stay zero.
void normalizeRows(MatrixSpan values);

/// The rows of another source, each scaled to unit Euclidean length. Angular embedding files are
/// quantized like this, because only directions count there.
class NormalizedSource final : public TensorSource {
public:
    explicit NormalizedSource(std::unique_ptr<const TensorSource> base);

    Index rows() const override { return m_base->rows(); }
    Index cols() const override { return m_base->cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override;

private:
    std::unique_ptr<const TensorSource> m_base;
};

}  // namespace quantscope
