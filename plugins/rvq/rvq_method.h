// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::rvq {

/// The method "rvq": residual vector quantization.
class RvqMethod final : public Method {
public:
    std::string id() const override { return "rvq"; }
    std::string name() const override { return "Residual vector quantization"; }
    std::string version() const override { return "2"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::rvq
