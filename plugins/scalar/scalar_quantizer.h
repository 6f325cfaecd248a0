// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/scalar/scalar_settings.h"

namespace quantscope::scalar {

/// Quantizes weights one by one on a uniform grid or a trained table of levels. Reads the tensor in
/// blocks and keeps only codes and scales.
class ScalarQuantizer final : public Quantizer {
public:
    /// `spec` is resolved. Throws Error when the combination of parameters makes no sense.
    explicit ScalarQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    /// Codes that are a view of wider ones follow from those alone.
    bool hasGrid() const override { return m_settings.nestedBits == 0; }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    ScalarSettings m_settings;
};

}  // namespace quantscope::scalar
