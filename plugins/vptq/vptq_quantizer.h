// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/vptq/vptq_settings.h"

namespace quantscope::vptq {

/// Trains codebooks on the columns, then chooses codes column after column. Holds the tensor in
/// memory while it trains.
class VptqQuantizer final : public Quantizer {
public:
    /// `spec` is resolved. Throws Error when a parameter is impossible.
    explicit VptqQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    /// Codebooks, weighted by the diagonal, with the codes open: for gptq, with its own options.
    bool hasGrid() const override { return true; }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    std::string refusal(Index rows, Index cols, const SideInformation& side) const;
    std::unique_ptr<CodeGrid> trainedGrid(const TensorSource& weights, const SideInformation& side,
                                          const RunContext& context, PhaseSeconds& seconds) const;
    bool carriesErrors(const SideInformation& side) const;

    MethodSpec m_spec;
    VptqSettings m_settings;
};

}  // namespace quantscope::vptq
