// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/method.h"

namespace quantscope {

/// The immutable result of a quantizer: what is stored, and the decoder that reads it.
class QuantizedTensor {
public:
    /// Throws Error when the encoded tensor is damaged or its method is not available.
    QuantizedTensor(EncodedTensor encoded, const MethodRegistry& registry);

    Index rows() const { return m_encoded->rows; }
    Index cols() const { return m_encoded->cols; }
    const EncodedTensor& encoded() const { return *m_encoded; }
    RateLedger rate() const { return m_encoded->rate(); }

    void decode(Index firstRow, MatrixSpan out) const { m_decoder->decode(firstRow, out); }
    std::vector<Codebook> codebooks() const { return m_decoder->codebooks(); }
    std::vector<float> levels(Index row, Index column) const {
        return m_decoder->levels(row, column);
    }
    std::optional<CodeShape> codeShape() const { return m_decoder->codeShape(); }
    void codes(Index firstRow, std::span<std::uint32_t> out) const {
        m_decoder->codes(firstRow, out);
    }
    Index stages() const { return m_decoder->stages(); }
    void decodeStages(Index count, Index firstRow, MatrixSpan out) const {
        m_decoder->decodeStages(count, firstRow, out);
    }

private:
    std::shared_ptr<const EncodedTensor> m_encoded;
    std::unique_ptr<Decoder> m_decoder;
};

}  // namespace quantscope
