// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/rvq/rvq_settings.h"

namespace quantscope::rvq {

/// Sums the codewords of all stages.
class RvqDecoder final : public Decoder {
public:
    /// Throws Error when the sections do not fit the shape and the parameters.
    explicit RvqDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    void decodeRow(std::span<const std::uint32_t> codes, std::span<float> row) const;
    std::vector<std::vector<std::uint64_t>> countCodes() const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    RvqSettings m_settings;
    RowVectors m_layout;
    std::span<const std::uint8_t> m_codes;
    std::vector<Matrix> m_codebooks;  // one for each stage; codewords x dim
    std::vector<double> m_residualEnergies;
};

}  // namespace quantscope::rvq
