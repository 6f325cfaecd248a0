// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/parallel.h"
#include "core/quant/quantized_tensor.h"
#include "core/tensor/tensor_source.h"

namespace quantscope {

/// The decoded values of a quantized tensor, which outlives it, as a source of rows.
class DecodedSource final : public TensorSource {
public:
    explicit DecodedSource(const QuantizedTensor& tensor) : m_tensor(tensor) {}

    Index rows() const override { return m_tensor.rows(); }
    Index cols() const override { return m_tensor.cols(); }
    void read(Index firstRow, MatrixSpan out, const std::stop_token& stop) const override {
        throwIfStopped(stop);
        m_tensor.decode(firstRow, out);
    }

private:
    const QuantizedTensor& m_tensor;
};

}  // namespace quantscope
