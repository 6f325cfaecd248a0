// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "core/quant/summed_codes.h"
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
    std::optional<CodeShape> codeShape() const override { return m_codes.shape(); }
    void codes(Index firstRow, std::span<std::uint32_t> out) const override {
        m_codes.codes(firstRow, out);
    }
    Index stages() const override { return m_settings.stages(); }
    void decodeStages(Index count, Index firstRow, MatrixSpan out) const override {
        m_codes.decode(firstRow, out, count);
    }

private:
    std::shared_ptr<const EncodedTensor> m_tensor;
    RvqSettings m_settings;
    SummedCodes m_codes;
    std::vector<double> m_residualEnergies;
};

}  // namespace quantscope::rvq
