// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/method.h"

namespace quantscope::pvq {

/// The method "pvq": pyramid vector quantization.
class PvqMethod final : public Method {
public:
    std::string id() const override { return "pvq"; }
    std::string name() const override { return "Pyramid vector quantization"; }
    std::string version() const override { return "1"; }
    std::string help() const override;
    std::vector<ParameterSpec> parameters() const override;
    std::unique_ptr<Quantizer> quantizer(const MethodSpec& spec,
                                         const MethodRegistry& registry) const override;
    std::unique_ptr<Decoder> decoder(std::shared_ptr<const EncodedTensor> tensor,
                                     const MethodRegistry& registry) const override;
};

}  // namespace quantscope::pvq
