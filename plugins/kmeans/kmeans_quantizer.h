// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/kmeans/kmeans_settings.h"

namespace quantscope::kmeans {

/// Trains the codebook on a sample of the vectors that lies in memory, then encodes the tensor
/// block by block.
class KmeansQuantizer final : public Quantizer {
public:
    explicit KmeansQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    bool hasGrid() const override { return true; }
    Index channelsPerCode(Index cols) const override { return m_settings.layout(1, cols).dim; }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    KmeansSettings m_settings;
};

}  // namespace quantscope::kmeans
