// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/quantizer.h"
#include "plugins/pvq/pulse_index.h"
#include "plugins/pvq/pvq_settings.h"

namespace quantscope::pvq {

// Names of the sections of an encoded tensor.
inline constexpr const char* codesSection = "codes";  ///< An index per vector.
inline constexpr const char* gainsSection = "gains";  ///< gainBits bits per vector.
inline constexpr const char* levelsSection = "codebook/gains";

/// Quantizes vectors of consecutive weights of a row: direction and gain.
class PvqQuantizer final : public Quantizer {
public:
    /// `spec` is resolved.
    explicit PvqQuantizer(MethodSpec spec);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;

private:
    MethodSpec m_spec;
    PvqSettings m_settings;
    PulseIndex m_index;
};

}  // namespace quantscope::pvq
