// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/e8/e8_quantizer.h"

namespace quantscope::e8 {

/// Reads what E8Quantizer stored.
class E8Decoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit E8Decoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    /// E8P, and the book of the residual. The points are scaled by the gains, so none are given.
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    void decodeColumn(Index firstRow, Index column, std::span<float> out) const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    E8Settings m_settings;
    RowVectors m_layout;
    std::span<const std::uint8_t> m_codes;
    std::vector<double> m_gains;
    E8Code m_code;
};

}  // namespace quantscope::e8
