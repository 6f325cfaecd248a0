// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/quant/method.h"
#include "plugins/gptq/gptq_settings.h"

namespace quantscope::gptq {

/// Lets the base method fit its grid and chooses the codes with error feedback.
class GptqQuantizer final : public Quantizer {
public:
    /// `spec` is resolved. Throws Error when the combination of parameters makes no sense, or the
    /// base method has no grid.
    GptqQuantizer(const MethodSpec& spec, const MethodRegistry& registry);

    Preflight preflight(Index rows, Index cols, const SideInformation& side) const override;
    EncodedTensor quantize(const TensorSource& weights, const SideInformation& side,
                           const RunContext& context, PhaseSeconds& seconds) const override;

private:
    std::string refusal(Index cols, const SideInformation& side) const;

    GptqSettings m_settings;
    std::unique_ptr<Quantizer> m_base;
};

}  // namespace quantscope::gptq
