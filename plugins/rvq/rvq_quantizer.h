// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/rvq/rvq_settings.h"

namespace quantscope::rvq {

/// Trains the codebooks of all stages on a sample of the vectors that lies in memory, then encodes
/// the tensor block by block.
class RvqQuantizer final : public Quantizer {
public:
    explicit RvqQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    bool hasGrid() const override { return true; }
    Index channelsPerCode(Index cols) const override {
        return m_settings.layout(1, cols).dim / m_settings.groups();
    }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    RvqSettings m_settings;
};

}  // namespace quantscope::rvq
