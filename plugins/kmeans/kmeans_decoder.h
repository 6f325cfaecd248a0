// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "core/quant/summed_codes.h"

namespace quantscope::kmeans {

/// Looks codes up in the codebook.
class KmeansDecoder final : public Decoder {
public:
    /// Throws Error when the sections do not fit the shape and the parameters.
    explicit KmeansDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;
    std::optional<CodeShape> codeShape() const override { return m_codes.shape(); }
    void codes(Index firstRow, std::span<std::uint32_t> out) const override {
        m_codes.codes(firstRow, out);
    }

private:
    std::shared_ptr<const EncodedTensor> m_tensor;
    SummedCodes m_codes;
};

}  // namespace quantscope::kmeans
