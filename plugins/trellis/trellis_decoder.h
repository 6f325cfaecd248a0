// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/trellis/block_schedule.h"
#include "plugins/trellis/trellis_code.h"

namespace quantscope::trellis {

/// Weights of one block from the one at `at` on, without scale.
void decodeRun(const TrellisSettings& settings, const TrellisCode& code,
               const BlockSchedule& schedule, const BitRing& bits, int at, std::span<float> out);

/// Reads what TrellisQuantizer stored.
class TrellisDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit TrellisDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    /// The bits of the steps: one codebook for each number of bits that a step takes.
    std::vector<Codebook> codebooks() const override;
    /// The values that the bits of the weight's step choose among, given the bits before them.
    std::vector<float> levels(Index row, Index column) const override;

private:
    /// Where the code of a weight is.
    struct Place {
        Index block = 0;
        int at = 0;  ///< In the block.
    };

    Place placeOf(Index row, Index column) const;
    BitRing ring(Index block) const;
    void decodeRun(Place place, std::span<float> out) const;
    void decodeRow(Index row, std::span<float> out) const;
    void decodeColumn(Index firstRow, Index column, std::span<float> out) const;
    double gainOf(Index row) const { return m_gains[m_settings.gains.unitOf(row)]; }

    std::shared_ptr<const EncodedTensor> m_tensor;
    TrellisSettings m_settings;
    BlockLayout m_layout;
    TrellisCode m_code;
    std::vector<double> m_gains;
};

}  // namespace quantscope::trellis
