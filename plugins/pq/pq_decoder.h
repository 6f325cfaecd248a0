// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/pq/pq_settings.h"

namespace quantscope::pq {

/// Puts rows together from the codewords of their slices.
class PqDecoder final : public Decoder {
public:
    /// Throws Error when the sections do not fit the shape and the parameters.
    explicit PqDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;
    std::optional<CodeShape> codeShape() const override;
    void codes(Index firstRow, std::span<std::uint32_t> out) const override;

private:
    const Matrix& codebook(Index slice) const;
    void decodeSlices(Index firstRow, MatrixSpan out) const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    PqSettings m_settings;
    SliceLayout m_layout;
    std::vector<int> m_bits;  // of each codebook
    CodeWidths m_widths;
    std::span<const std::uint8_t> m_codes;
    std::vector<Matrix> m_codebooks;  // one for each slice, or a shared one; codewords x width
    Matrix m_rotation;                // cols x sliced columns, or empty
    double m_scale = 1.0;             // of codewords, a power of two
};

}  // namespace quantscope::pq
