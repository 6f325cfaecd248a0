// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/format/format_quantizer.h"

namespace quantscope::format {

/// Reads what FormatQuantizer stored.
class FormatDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit FormatDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    double scaleAt(Index row, Index column) const {
        return m_scales[static_cast<std::size_t>(m_layout.blockOf(row, column))];
    }

    std::shared_ptr<const EncodedTensor> m_tensor;
    FormatSettings m_settings;
    BlockLayout m_layout;
    CodePacking m_packing;
    std::span<const std::uint8_t> m_codes;
    std::vector<double> m_scales;
};

}  // namespace quantscope::format
