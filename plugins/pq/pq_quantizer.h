// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/pq/pq_settings.h"

namespace quantscope::pq {

/// Trains the codebooks on a sample of the rows that lies in memory, then encodes the tensor block
/// by block.
class PqQuantizer final : public Quantizer {
public:
    explicit PqQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    /// Rotated rows have no columns of their own.
    bool hasGrid() const override { return !m_settings.isRotated(); }
    std::string refuseGrid(Index cols) const override;
    Index channelsPerCode(Index cols) const override {
        return (cols + m_settings.slices - 1) / m_settings.slices;
    }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    PqSettings m_settings;
};

}  // namespace quantscope::pq
