// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::gptq {

/// The method "gptq": rounding with error feedback on the grid of another method.
class GptqMethod final : public Method {
public:
    std::string id() const override { return "gptq"; }
    std::string name() const override { return "Error feedback (GPTQ)"; }
    std::string version() const override { return "2"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    /// Reads what the base method's decoder reads: quantizing gives tensors of the base method.
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::gptq
