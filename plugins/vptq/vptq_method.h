// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::vptq {

/// The method "vptq": vectors along columns, rounded column after column with error feedback.
class VptqMethod final : public Method {
public:
    std::string id() const override { return "vptq"; }
    std::string name() const override { return "Vectors along columns (VPTQ)"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::vptq
