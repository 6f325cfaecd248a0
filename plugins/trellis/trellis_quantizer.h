// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/trellis/trellis_settings.h"

namespace quantscope::trellis {

/// Quantizes blocks of 256 weights as paths through a trellis. Reads the tensor in blocks of rows,
/// twice (along columns of at least 256 rows), and keeps only codes and scales.
class TrellisQuantizer final : public Quantizer {
public:
    static constexpr const char* codesSection = "codes";  ///< The blocks' bits, block by block.

    /// `spec` is resolved. Throws Error when the combination of parameters makes no sense.
    explicit TrellisQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;
    /// Along columns, where blocks stand alone.
    bool hasGrid() const override { return m_settings.along == Along::Columns; }
    std::unique_ptr<CodeGrid> fitGrid(const TensorSource& weights, const SideInformation& side,
                                      const RunContext& context,
                                      PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    TrellisSettings m_settings;
};

}  // namespace quantscope::trellis
