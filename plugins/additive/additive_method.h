// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::additive {

/// The method "additive": additive quantization.
class AdditiveMethod final : public Method {
public:
    std::string id() const override { return "additive"; }
    std::string name() const override { return "Additive quantization"; }
    std::string version() const override { return "2"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::additive
