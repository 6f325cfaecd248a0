// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/quant/quantizer.h"
#include "plugins/scalar/level_grid.h"
#include "plugins/scalar/unit_layout.h"

namespace quantscope::scalar {

/// Reads what ScalarQuantizer stored.
class ScalarDecoder final : public Decoder {
public:
    /// Throws Error when sections are missing or do not fit the shape and the parameters.
    explicit ScalarDecoder(std::shared_ptr<const EncodedTensor> tensor);

    void decode(Index firstRow, MatrixSpan out) const override;
    std::vector<Codebook> codebooks() const override;
    std::vector<float> levels(Index row, Index column) const override;

private:
    void loadZeroPoints();
    void loadTable();
    // Codes of up to 8 bits are unpacked to bytes.
    template <typename Code>
    void decodeAs(Index firstRow, MatrixSpan out) const;
    template <typename Code>
    void unpack(Index first, std::span<Code> codes) const;
    template <typename Code>
    void decodeRun(Index unit, std::span<const Code> codes, float* out) const;
    UniformGrid gridOf(Index unit) const;

    std::shared_ptr<const EncodedTensor> m_tensor;
    ScalarSettings m_settings;
    UnitLayout m_layout;
    std::span<const std::uint8_t> m_codes;
    std::vector<double> m_scales;
    std::vector<double> m_zeroPoints;  ///< Empty where the scheme has none.
    std::vector<float> m_table;        ///< Empty for uniform grids.
};

}  // namespace quantscope::scalar
