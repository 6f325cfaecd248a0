// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "core/quant/row_vectors.h"
#include "plugins/pvq/pulse_index.h"
#include "plugins/pvq/pvq_settings.h"

namespace quantscope::pvq {

/// Reads what PvqQuantizer stored.
class PvqDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit PvqDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    /// None: the directions are too many to be counted.
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    Words indexOf(Index vector) const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    PvqSettings m_settings;
    RowVectors m_layout;
    PulseIndex m_index;
    std::span<const std::uint8_t> m_codes;
    std::vector<std::uint32_t> m_gains;  ///< Codes, by vector.
    Matrix m_levels;                     ///< 1 x 2^gainBits
};

}  // namespace quantscope::pvq
