// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/kquant/superblock.h"

namespace quantscope::kquant {

/// Reads what KquantQuantizer stored.
class KquantDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit KquantDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    PartFit fitOf(Index part) const;
    float value(std::uint32_t code, const PartFit& fit) const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    Layout m_layout;
    Index m_superblocks = 0;
    std::span<const std::uint8_t> m_codes;
    std::vector<std::uint32_t> m_scales;
    std::vector<std::uint32_t> m_minima;
    std::vector<std::uint32_t> m_floats;
    double m_factor = 1.0;
};

}  // namespace quantscope::kquant
